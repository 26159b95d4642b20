"""A body of known length, made of texts with files between them, read from disk while it is sent."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from pyca.errors import PycaError


class Stretch:
    """A file as long as it is when it is opened; what is written to it afterwards is not sent."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file = path.open('rb', buffering=0)
        self.name = str(path)
        self.size = os.fstat(self._file.fileno()).st_size

    def begin(self) -> None:
        self._file.seek(0)

    def read(self, size: int) -> bytes:
        """Raises OSError, also where the file ends too early."""
        block = self._file.read(size)
        if not block:
            raise OSError(f'{self.name} became shorter while it was sent')
        return block

    def broken(self) -> OSError | None:
        size = os.fstat(self._file.fileno()).st_size
        if size == self.size:
            return None
        return OSError(f'{self.name} was written to while it was sent: {self.size} bytes, now {size}')

    def close(self) -> None:
        self._file.close()


class Body:
    """Its pieces one after the other. As a context it closes its files.

    `path`: where the one file of a plain form may be opened by another reader. `before_end` is called before the last
    piece is given away, without which nobody has the whole body; what it raises ends the request. `paused`: whoever
    reads it was told to come back later.
    """

    content_type = ''
    path: Path | None = None
    before_end: Callable[[], None] | None = None
    paused = False

    def __init__(self, pieces: Sequence[bytes | Stretch]) -> None:
        self._pieces = pieces
        self._error: OSError | PycaError | None = None
        self.length = sum(_length(piece) for piece in pieces)
        self.rewind()

    def __enter__(self) -> Body:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for piece in self._pieces:
            if isinstance(piece, Stretch):
                piece.close()

    def rewind(self) -> None:
        """Begin again from the first byte."""
        self._number, self._at = -1, 0
        self._left = 0

    def broken(self) -> OSError | PycaError | None:
        """Why it could not be read to its end, if it could not."""
        found = (piece.broken() for piece in self._pieces if isinstance(piece, Stretch))
        return self._error or next((error for error in found if error), None)

    def read(self, size: int) -> bytes | None:
        """The next bytes, at most `size`; empty at the end, None when something is wrong."""
        try:
            while not self._left and self._number + 1 < len(self._pieces):
                self._next()
            return self._block(min(size, self._left)) if self._left else b''
        except (OSError, PycaError) as error:
            self._error = error
            return None

    def _next(self) -> None:
        if self._number + 2 == len(self._pieces) and self.before_end is not None:
            self.before_end()
        self._number += 1
        piece = self._pieces[self._number]
        self._at, self._left = 0, _length(piece)
        if isinstance(piece, Stretch):
            piece.begin()

    def _block(self, size: int) -> bytes:
        piece = self._pieces[self._number]
        block = piece.read(size) if isinstance(piece, Stretch) else piece[self._at : self._at + size]
        self._at += len(block)
        self._left -= len(block)
        return block


def _length(piece: bytes | Stretch) -> int:
    return piece.size if isinstance(piece, Stretch) else len(piece)
