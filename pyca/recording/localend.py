"""The end that a person here has given a recording."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pyca.event import Event


@dataclass(frozen=True)
class LocalEnd:
    """Holds until the core itself names another end than `core`, which was the core's when it was given.

    Of a recording that the core was not known to have scheduled, that one is known to `slack` seconds only.
    """

    end: int
    core: int
    slack: int = 0

    def holds(self, event: Event) -> bool:
        """Whether it is still what counts, the event being what the core says now."""
        return abs(event.end - self.core) <= self.slack

    def over(self, event: Event) -> LocalEnd | None:
        """What remains of it, the event being what the core says now."""
        return LocalEnd(self.end, event.end) if self.holds(event) else None

    def of(self, event: Event, next_start: float) -> Event:
        """The event with this end. What was added gives way to the next event, which may be newer than the wish."""
        end = self.end if self.end <= self.core else max(self.core, min(self.end, next_start))
        return replace(event, end=int(end))


def read_local_end(stored: Any) -> LocalEnd | None:
    """As the journal keeps it."""
    return None if stored is None else LocalEnd(int(stored['end']), int(stored['core']), int(stored.get('slack', 0)))
