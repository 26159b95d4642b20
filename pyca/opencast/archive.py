"""A zip of stored files, laid out before a byte of it is sent."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from pyca.opencast.body import Stretch

_MOST = 0xFFFFFFFF
"""What 32 bits hold; the value itself means that the number stands in the zip64 field."""
_MANY = 0xFFFF
_PLAIN, _LONG = 20, 45
"""Versions of the format that a reader has to know: stored files; zip64."""
_UTF8 = 0x800
_REGULAR = 0o100644 << 16
_UNIX = 3 << 8


@dataclass(frozen=True)
class Member:
    """One file of the zip. Its CRC-32 stands before its content, so it must be known beforehand."""

    name: str
    content: bytes | Stretch
    crc: int

    @classmethod
    def of(cls, name: str, content: bytes) -> Member:
        return cls(name, content, zlib.crc32(content))

    @property
    def size(self) -> int:
        return self.content.size if isinstance(self.content, Stretch) else len(self.content)


def archive(members: Sequence[Member], now: float) -> list[bytes | Stretch]:
    """The pieces of the zip; the last one is its directory, without which it is none."""
    stamp = _stamp(now)
    pieces: list[bytes | Stretch] = []
    directory, offset = b'', 0
    for member in members:
        head = _local(member, stamp)
        directory += _central(member, stamp, offset)
        pieces += [head, member.content]
        offset += len(head) + member.size
    return [*pieces, directory + _end(len(members), len(directory), offset)]


def _local(member: Member, stamp: int) -> bytes:
    name, size = member.name.encode(), member.size
    extra = struct.pack('<HHQQ', 1, 16, size, size) if size >= _MOST else b''
    shown = _MOST if extra else size
    needed = _LONG if extra else _PLAIN
    fields = (b'PK\x03\x04', needed, _UTF8, 0, stamp, member.crc, shown, shown, len(name), len(extra))
    return struct.pack('<4sHHHIIIIHH', *fields) + name + extra


def _central(member: Member, stamp: int, offset: int) -> bytes:
    name, size = member.name.encode(), member.size
    large, far = size >= _MOST, offset >= _MOST
    numbers = ([size, size] if large else []) + ([offset] if far else [])
    extra = struct.pack(f'<HH{len(numbers)}Q', 1, 8 * len(numbers), *numbers) if numbers else b''
    shown = _MOST if large else size
    needed = _LONG if numbers else _PLAIN
    fields = (b'PK\x01\x02', _UNIX | needed, needed, _UTF8, 0, stamp, member.crc, shown, shown)
    rest = (len(name), len(extra), 0, 0, 0, _REGULAR, _MOST if far else offset)
    return struct.pack('<4sHHHHIIIIHHHHHII', *fields, *rest) + name + extra


def _end(count: int, size: int, offset: int) -> bytes:
    end = struct.pack(
        '<4sHHHHIIH', b'PK\x05\x06', 0, 0, min(count, _MANY), min(count, _MANY), size, min(offset, _MOST), 0
    )
    if offset < _MOST and count < _MANY:
        return end
    record = struct.pack('<4sQHHIIQQQQ', b'PK\x06\x06', 44, _LONG, _LONG, 0, 0, count, count, size, offset)
    return record + struct.pack('<4sIQI', b'PK\x06\x07', 0, offset + size, 1) + end


def _stamp(now: float) -> int:
    """Date with time as MS-DOS wrote them, in UTC."""
    at = time.gmtime(max(now, 315_532_800.0))
    day = (at.tm_year - 1980) << 9 | at.tm_mon << 5 | at.tm_mday
    return day << 16 | at.tm_hour << 11 | at.tm_min << 5 | at.tm_sec // 2
