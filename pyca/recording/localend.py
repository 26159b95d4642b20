"""The end that a person here has given a recording."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pyca.event import Event


@dataclass(frozen=True)
class LocalEnd:
    """Holds until the core itself names another end than `core`, which was the core's when it was given."""

    end: int
    core: int

    def holds(self, event: Event) -> bool:
        """Whether it is still what counts, the event being what the core says now."""
        return event.end == self.core

    def of(self, event: Event, next_start: float) -> Event:
        """The event with this end. What was added gives way to the next event, which may be newer than the wish."""
        end = self.end if self.end <= self.core else max(self.core, min(self.end, next_start))
        return replace(event, end=int(end))


def read_local_end(stored: Any) -> LocalEnd | None:
    """As the journal keeps it."""
    return None if stored is None else LocalEnd(int(stored['end']), int(stored['core']))
