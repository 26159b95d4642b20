"""Preview pictures without a camera."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path


def picture(path: Path, written: float, colour: tuple[int, int, int], size: tuple[int, int] = (320, 180)) -> None:
    """A PNG that fades from black to a colour, as if written at that time."""
    width, height = size
    rows = b''.join(
        b'\0' + bytes(channel * (x + y) // (width + height) for x in range(width) for channel in colour)
        for y in range(height)
    )
    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    chunks = (_chunk(b'IHDR', header), _chunk(b'IDAT', zlib.compress(rows)), _chunk(b'IEND', b''))
    path.write_bytes(b'\x89PNG\r\n\x1a\n' + b''.join(chunks))
    os.utime(path, (written, written))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack('>I', len(content)) + name + content + struct.pack('>I', zlib.crc32(name + content))
