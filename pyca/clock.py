"""The two clocks of the machine, as an object that tests can move."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Wall clock to decide what is due; monotonic clock to measure waits."""

    def now(self) -> float:
        """Seconds since the epoch, UTC; may step either way."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary moment; never steps."""


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


EARLIEST = 1_704_067_200
"""2024-01-01: no machine that runs this program lives before it."""

TOLERANCE = 60.0
"""Seconds that a clock may be set back by its daily correction without becoming suspicious."""


def plausible(now: float, newest: float | None) -> bool:
    """Whether the wall clock can be right: not before this program, not before the newest time that the agent wrote."""
    return now >= EARLIEST and (newest is None or now >= newest - TOLERANCE)
