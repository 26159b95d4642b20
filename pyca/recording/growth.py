"""Noticing that a recording stands still."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

STALLED_AFTER = 120.0
"""Seconds without a byte more, for a file that did grow."""


class Growth:
    """The sizes of the files of one run of the recorder, over time.

    Only a file that was seen growing beyond its first bytes can stand still: some commands write at their end.
    """

    def __init__(self, limit: float = STALLED_AFTER) -> None:
        self._limit = limit
        self._first: dict[Path, int] = {}
        self._last: dict[Path, tuple[int, float]] = {}

    def stalled(self, sizes: Mapping[Path, int | None], now: float) -> list[Path]:
        """The files that stand still, given all sizes (None: not there) at `now` of the monotonic clock."""
        return [file for file, size in sizes.items() if self._stands_still(file, size or 0, now)]

    def _stands_still(self, file: Path, size: int, now: float) -> bool:
        before, since = self._last.get(file, (0, now))
        if size < before or not size:  # begun anew
            self._first.pop(file, None)
        if size:
            self._first.setdefault(file, size)
        if size != before:
            since = now
        self._last[file] = (size, since)
        grew = size > self._first.get(file, size)
        return grew and now - since >= self._limit
