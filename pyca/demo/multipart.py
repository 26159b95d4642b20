"""Reads multipart/form-data part by part, in stream order, without keeping files in memory (contract 7.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

CHUNK = 512 * 1024
PARAMETER = re.compile(rb';\s*([\w*-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\r\n]*))')


class MalformedMultipart(Exception):
    """The body is not, or not as a whole, what its content type says."""


def boundary(content_type: str) -> bytes:
    """The boundary of a multipart/form-data content type."""
    found = re.search(r'boundary="?([^";,]+)"?', content_type)
    if not content_type.lower().startswith('multipart/form-data') or not found:
        raise MalformedMultipart('no multipart/form-data with a boundary')
    return found.group(1).strip().encode('latin-1')


class Part:
    """One part; it must be read before the next one is asked for (what is left is skipped)."""

    def __init__(self, head: bytes, chunks: Iterator[bytes]) -> None:
        self.name = ''
        self.filename: str | None = None
        """Only a `filename` makes a part a file; `filename*` alone does not."""
        self.chunks = chunks
        for line in head.split(b'\r\n'):
            if line.lower().startswith(b'content-disposition:'):
                for key, quoted, bare in PARAMETER.findall(line):
                    self._parameter(key.lower(), quoted or bare.strip())

    def _parameter(self, key: bytes, value: bytes) -> None:
        text = re.sub(rb'\\(["\\])', rb'\1', value).decode('utf-8', 'replace')
        if key == b'name':
            self.name = text
        elif key == b'filename':
            self.filename = text

    def text(self) -> str:
        return b''.join(self.chunks).decode('utf-8', 'replace')


class Parts:
    """The parts of a body, as they come. `read(n)` gives up to n bytes, nothing at the end."""

    def __init__(self, read: Callable[[int], bytes], mark: bytes) -> None:
        self._read = read
        self._delimiter = b'\r\n--' + mark
        self._buffer = bytearray(b'\r\n')

    def __iter__(self) -> Iterator[Part]:
        for _ in self._until(self._delimiter):
            pass
        while not self._is_last():
            head = b''.join(self._until(b'\r\n\r\n'))
            part = Part(head, self._until(self._delimiter))
            yield part
            for _ in part.chunks:
                pass

    def _is_last(self) -> bool:
        while len(self._buffer) < 2:
            self._fill()
        end, self._buffer = bytes(self._buffer[:2]), self._buffer[2:]
        if end not in (b'--', b'\r\n'):
            raise MalformedMultipart('neither a part nor the end')
        if end == b'\r\n':
            self._buffer = bytearray(b'\r\n') + self._buffer
        return end == b'--'

    def _until(self, mark: bytes) -> Iterator[bytes]:
        """The bytes before the mark; the mark itself is consumed."""
        keep = len(mark) - 1
        while True:
            at = self._buffer.find(mark)
            if at >= 0:
                found = bytes(self._buffer[:at])
                del self._buffer[: at + len(mark)]
                if found:
                    yield found
                return
            if len(self._buffer) > keep:
                ready = bytes(self._buffer[:-keep])
                del self._buffer[:-keep]
                yield ready
            self._fill()

    def _fill(self) -> None:
        chunk = self._read(CHUNK)
        if not chunk:
            raise MalformedMultipart('the body ends too early')
        self._buffer += chunk
