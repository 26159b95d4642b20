"""The events whose time it is by the calendar."""

from __future__ import annotations

from collections.abc import Iterable

from pyca.event import Event
from pyca.recording.journal import ON_TIME
from pyca.states import EventStatus
from pyca.storage.edits import Edits
from pyca.storage.listing import Planned
from pyca.ui.overview.sources import Sources

_NOT_OVER = (EventStatus.UPCOMING, EventStatus.RECORDING, EventStatus.PARTIAL_RECORDING)
"""What is said of a recording that goes on, or should: its recorder may fail, its agent may have been stopped."""


def is_over(sources: Sources, event: Planned, now: float) -> bool:
    """Whether it was ended before its time, by whomever, although the calendar has it still.

    What somebody has deleted since was ended before.
    """
    if event.start > now:
        return False
    meant = Event(event.uid, event.start, event.end)
    row = sources.recordings.of(meant)
    return Edits(sources.database).has_deleted(meant) if row is None else row.status not in _NOT_OVER


def due(events: Iterable[Planned], now: float) -> list[Planned]:
    """Those of which there should be a recording by now."""
    return [event for event in events if event.start + ON_TIME <= now]
