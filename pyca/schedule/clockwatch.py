"""Whether the wall clock can be believed."""

from __future__ import annotations

from pyca.clock import Clock, plausible

STRIDE = 600.0
"""Seconds between two notes of the newest time."""

PATIENCE = 86_400.0
"""Seconds after which a clock that stays behind the newest time is believed: that one was the wrong one."""


class ClockWatch:
    """The machine's clock against the newest time that the agent ever wrote.

    A machine without a battery clock begins somewhere in the past. `newest` is what has to be stored; it is ahead of
    the stored value by a stride now and then, so that a card is not worn out by it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._doubted: float | None = None
        self.newest: float | None = None

    def restore(self, newest: object) -> None:
        if isinstance(newest, (int, float)):
            self.newest = max(float(newest), self.newest or 0.0)

    def now(self) -> float | None:
        """The wall clock, or None while it cannot be right."""
        now = self._clock.now()
        if plausible(now, self.newest) or self._outlived(now):
            self._doubted = None
            if self.newest is None or now >= self.newest + STRIDE:
                self.newest = now
            return now
        return None

    def _outlived(self, now: float) -> bool:
        """Whether the doubt is a day old, so that the stored time must have come from a clock that ran ahead."""
        if not plausible(now, None):
            return False
        if self._doubted is None:
            self._doubted = self._clock.monotonic()
        if self._clock.monotonic() - self._doubted < PATIENCE:
            return False
        self.newest = now
        return True
