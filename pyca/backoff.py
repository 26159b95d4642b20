"""The wait that doubles with each failure in a row."""

from __future__ import annotations


def doubled(failures: int, first: float, longest: float) -> float:
    """Seconds to wait after this many failures in a row (1 or more): `first`, then twice that, `longest` at most."""
    return min(longest, first * 2.0 ** min(max(failures, 1) - 1, 30))


class Backoff:
    """`first`, twice that, four times that, `longest` at most; seconds."""

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def failed(self) -> float:
        """The wait after one more failure."""
        self._failures += 1
        return doubled(self._failures, self._first, self._longest)

    def succeeded(self) -> None:
        """Begin with the shortest wait again."""
        self._failures = 0
