"""How far ahead the core is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass

DAY = 86_400


@dataclass(frozen=True)
class Window:
    """One question for the calendar.

    `cutoff` is absolute, in milliseconds; None asks for everything. The core's ETag knows nothing of the cutoff
    (contract 6.1), so `etag` is good for this very cutoff only: with another one, a 304 would hide events.
    """

    cutoff: int | None = None
    etag: str | None = None

    def at(self, now: float, lookahead: int) -> Window:
        """The question to ask now, `lookahead` days ahead (0 = everything): the same one for as long as it will do."""
        if not lookahead:
            return self if self.cutoff is None else Window()
        nearest = now + lookahead * DAY
        farthest = math.ceil((nearest + DAY) / DAY) * DAY
        if self.cutoff is not None and nearest <= self.cutoff / 1000 <= farthest:
            return self
        return Window(cutoff=farthest * 1000)

    def covers(self, start: int) -> bool:
        """Whether an event with this start belongs into the answer."""
        return self.cutoff is None or start * 1000 < self.cutoff
