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
