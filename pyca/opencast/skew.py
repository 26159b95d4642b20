"""How far the core's clock is ahead of ours, by the dates of its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pyca.opencast.times import http_date

LONGEST = 5.0
"""Seconds that an answer may take to say anything about a clock."""
STEP = 2.0
"""Seconds by which the offset must have changed to be news; a date has whole seconds only."""


class Skew:
    """Tells whenever the clocks of core and agent differ otherwise than before."""

    def __init__(self, told: Callable[[float], None]) -> None:
        """`told` hears the offset in whole seconds."""
        self._told = told
        self._last: float | None = None

    def heard(self, headers: Mapping[str, str], asked: float, answered: float) -> None:
        """An answer came; both times are those of our wall clock. One from a cache says nothing."""
        date = http_date(headers.get('date', ''))
        if date is None or 'age' in headers or not 0 <= answered - asked <= LONGEST:
            return
        offset = date + 0.5 - (asked + answered) / 2
        if self._last is None or abs(offset - self._last) >= STEP:
            self._last = offset
            self._told(float(round(offset)) if abs(offset) >= STEP else 0.0)
