"""How soon a recorder that ended too early is started again."""

from __future__ import annotations

from pyca.clock import Clock

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before the next start after each failure in a row."""
CONTENDED = 0.5
"""Seconds before the next start while the event before may still hold the device."""
PROVEN = 5.0
"""Seconds that a recorder must have run after a failure before it counts as recording again."""
STEADY = 60.0
"""Seconds that a recorder must have run before the pauses begin at the shortest again."""


class Patience:
    """Counts failures in a row, measures the pauses between starts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next = 0.0
        self.failures = 0

    def failed(self, *, contended: bool) -> None:
        """A start is due after the next pause, or soon while another recorder may hold the device."""
        pause = CONTENDED if contended else PAUSES[min(self.failures, len(PAUSES) - 1)]
        self.failures += 1
        self._next = self._clock.monotonic() + pause

    def at_once(self, *, counted: bool) -> None:
        """A start is due now: nothing is known to have gone wrong with the recorder. It may count all the same."""
        self.failures += counted
        self._next = 0.0

    def proven(self, ran: float) -> bool:
        """Whether a recorder that has run so many seconds counts as recording."""
        proven = not self.failures or ran >= PROVEN
        if ran >= STEADY:
            self.failures = 0
        return proven

    def left(self) -> float:
        """Seconds until the next start; 0 or less: it is due."""
        return self._next - self._clock.monotonic()
