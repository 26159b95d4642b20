"""The body of a form with a file, read from disk while it is sent."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO


class Multipart:
    """A `multipart/form-data` body of known length: the fields in order, the file last (contract 7.3, trap 25).

    Only the file part has a filename: the core takes every part that has one for the file. The file is sent as long
    as it was at the beginning. `path`: where `file` may be opened by another reader.
    """

    def __init__(
        self,
        fields: Sequence[tuple[str, str]],
        name: str = '',
        file: BinaryIO | None = None,
        path: Path | None = None,
    ) -> None:
        boundary = f'pyca-{secrets.token_hex(16)}'
        head = ''.join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in fields
        )
        if file is not None:
            head += (
                f'--{boundary}\r\nContent-Disposition: form-data; name="BODY1"; filename="{name}"\r\n'
                'Content-Type: application/octet-stream\r\n\r\n'
            )
        self.content_type = f'multipart/form-data; boundary={boundary}'
        self.fields, self.name, self.path = fields, name, path
        self._error: OSError | None = None
        self._head = head.encode('utf-8', 'replace')
        self._tail = f'{"" if file is None else chr(13) + chr(10)}--{boundary}--\r\n'.encode()
        self._file = file
        self._start = 0 if file is None else file.tell()
        self._size = 0 if file is None else os.fstat(file.fileno()).st_size - self._start
        self.length = len(self._head) + self._size + len(self._tail)
        self.rewind()

    def rewind(self) -> None:
        """Begin again from the first byte."""
        self._before, self._left, self._after = self._head, self._size, self._tail
        if self._file is not None:
            self._file.seek(self._start)

    def broken(self) -> OSError | None:
        """Why the file could not be read to where it ended at the beginning, if it could not."""
        if self._error is None and self._file is not None:
            size = os.fstat(self._file.fileno()).st_size - self._start
            if size != self._size:
                return OSError(f'{self._file.name} was written to while it was sent: {self._size} bytes, now {size}')
        return self._error

    def read(self, size: int) -> bytes | None:
        """The next bytes, at most `size`; empty at the end, None when the file fails."""
        if self._before:
            block, self._before = self._before[:size], self._before[size:]
            return block
        if self._left and self._file is not None:
            return self._from_file(self._file, min(size, self._left))
        block, self._after = self._after[:size], self._after[size:]
        return block

    def _from_file(self, file: BinaryIO, size: int) -> bytes | None:
        try:
            block = file.read(size)
            if not block:
                raise OSError(f'{file.name} became shorter while it was sent')
        except OSError as error:
            self._error = error
            return None
        self._left -= len(block)
        return block
