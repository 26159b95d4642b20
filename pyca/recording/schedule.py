"""The schedule beside the recordings, as the services see it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from pyca.clock import Clock
from pyca.errors import RecordingsUnusable
from pyca.event import Event
from pyca.recording.plan import Plan, Stamp, read_plan, stamp, write_plan


class Place(Protocol):
    """Where the schedule is: the store."""

    @property
    def schedule_path(self) -> Path: ...

    @property
    def other_schedule(self) -> Path | None:
        """The place for it while the recordings folder cannot be used."""

    def trouble(self) -> str:
        """Empty, or why the recordings folder cannot be used."""


def paths(place: Place) -> list[Path]:
    """Both places."""
    return [path for path in (place.schedule_path, place.other_schedule) if path is not None]


def newest(place: Place) -> Plan | None:
    """What was written last. A disk that was away may come back with a schedule of last week."""
    plans = [plan for path in paths(place) if (plan := read_plan(path)) is not None]
    return max(plans, key=lambda plan: plan.written, default=None)


class ScheduleFile:
    """The writer's side."""

    def __init__(self, place: Place, clock: Clock, written: Callable[[], None] = lambda: None) -> None:
        """`written` is called after each writing."""
        self._place = place
        self._clock = clock
        self._written = written

    @property
    def _path(self) -> Path:
        """Elsewhere while the recordings folder cannot be used: capture knows of no other schedule."""
        other = self._place.other_schedule
        return other if other is not None and self._place.trouble() else self._place.schedule_path

    def write_schedule(self, events: Sequence[Event], synced: float, gone: Mapping[str, str] | None = None) -> None:
        """Replace the schedule; `gone` says by uid why events were dropped. Raises RecordingsUnusable."""
        plan = Plan(tuple(sorted(events, key=lambda event: event.start)), synced, self._clock.now(), gone or {})
        path, other = self._path, self._place.other_schedule
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_plan(path, plan)
            if other is not None and other != path:
                other.unlink(missing_ok=True)
        except OSError as error:
            raise RecordingsUnusable(f'{path} cannot be written: {error.strerror}') from error
        self._written()

    @property
    def there(self) -> bool:
        """Whether there is a file; one that was damaged has been set aside by whoever read it."""
        return stamp(self._path) is not None

    def read_schedule(self) -> tuple[list[Event], float] | None:
        """The events, when the core was heard; None if there is no file that can be read."""
        plan = newest(self._place)
        return (list(plan.events), plan.synced or 0.0) if plan is not None else None


class Schedule:
    """The reader's side. A file that is gone or damaged changes nothing of what is known."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._seen: list[Stamp] = []
        self.events: Mapping[tuple[str, int], Event] = {}
        """By uid with start. Replaced as a whole, so that other threads may look at it."""
        self.gone: Mapping[str, str] = {}
        """By uid: why an event that is not there any more was dropped."""
        self.known = False
        """Whether a schedule was ever read: without one nothing can be called cancelled."""

    def refresh(self) -> bool:
        """Read the file if it is another one than before; whether there is a new schedule."""
        marks = [mark for path in paths(self._place) if (mark := stamp(path)) is not None]
        if not marks or marks == self._seen:
            return False
        self._seen = marks
        plan = newest(self._place)
        if plan is None:
            return False
        self.events = {(event.uid, event.start): event for event in plan.events}
        self.gone = plan.gone
        self.known = True
        return True

    def find(self, uid: str, start: int) -> Event | None:
        """The entry of this event: the one with the same start, else the earliest of the same uid."""
        same = self.events.get((uid, start))
        if same is not None:
            return same
        others = [other for other in self.events.values() if other.uid == uid]
        return min(others, key=lambda other: other.start, default=None)

    def next_start(self, uid: str, after: float) -> float:
        """When the next event of another uid begins; infinity if there is none."""
        return min(
            (event.start for event in self.events.values() if event.uid != uid and event.start >= after),
            default=math.inf,
        )
