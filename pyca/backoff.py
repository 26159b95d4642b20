"""The wait that doubles with each failure in a row."""

from __future__ import annotations


class Backoff:
    """`first`, twice that, four times that, `longest` at most; seconds."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = min(first, longest)
        self._longest = longest
        self._next = self._first

    def failed(self) -> float:
        """The wait after one more failure."""
        wait = self._next
        self._next = min(2 * wait, self._longest)
        return wait

    def succeeded(self) -> None:
        """Begin with the shortest wait again."""
        self._next = self._first
