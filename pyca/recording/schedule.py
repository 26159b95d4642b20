"""The schedule beside the recordings, as the services see it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
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


KEEP_OVER = 30 * 86_400.0
"""Seconds for which an event that is over is remembered, so that an agent that was off says what it missed."""


class ScheduleFile:
    """The writer's side.

    Events that leave the schedule after they have begun stay in the file as over: whether they were recorded is still
    to be stated, perhaps by an agent that is not running at the moment.
    """

    def __init__(self, place: Place, clock: Clock, written: Callable[[], None] = lambda: None) -> None:
        """`written` is called after each writing."""
        self._place = place
        self._clock = clock
        self._written = written
        self._plan: Plan | None = None

    def write_schedule(self, events: Sequence[Event], synced: float, gone: Mapping[str, str] | None = None) -> None:
        """Replace the schedule; `gone` says by uid why events were dropped. Raises RecordingsUnusable."""
        before, now = self._before(), self._clock.now()
        ordered = tuple(sorted(events, key=lambda event: event.start))
        self._write(Plan(ordered, synced, now, gone or {}, _over(before, ordered, now), before.archived))

    def write_archived(self, archived: Mapping[str, float]) -> None:
        """Keep which events somebody else has archived; raises RecordingsUnusable."""
        before = self._before()
        if dict(before.archived) != dict(archived):
            self._write(replace(before, archived=dict(archived), written=self._clock.now()))

    @property
    def there(self) -> bool:
        """Whether there is a file; one that was damaged has been set aside by whoever read it."""
        return stamp(self._path) is not None

    def read_schedule(self) -> tuple[list[Event], float] | None:
        """The events, when the core was heard; None if there is no file that can be read."""
        self._plan = newest(self._place)
        return (list(self._plan.events), self._plan.synced or 0.0) if self._plan is not None else None

    def read_archived(self) -> dict[str, float]:
        """Which events somebody else has archived."""
        return dict(self._before().archived)

    @property
    def _path(self) -> Path:
        """Elsewhere while the recordings folder cannot be used: capture knows of no other schedule."""
        other = self._place.other_schedule
        return other if other is not None and self._place.trouble() else self._place.schedule_path

    def _before(self) -> Plan:
        """What was written last, by whoever did."""
        if self._plan is None:
            self._plan = newest(self._place)
        return self._plan or Plan((), None, 0.0)

    def _write(self, plan: Plan) -> None:
        path, other = self._path, self._place.other_schedule
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_plan(path, plan)
            if other is not None and other != path:
                other.unlink(missing_ok=True)
        except OSError as error:
            raise RecordingsUnusable(f'{path} cannot be written: {error.strerror}') from error
        self._plan = plan
        self._written()


def _over(before: Plan, events: Iterable[Event], now: float) -> tuple[Event, ...]:
    """What has begun and is in the schedule no longer; one that was moved while it had not ended is there anew."""
    present = {(event.uid, event.start) for event in events}
    uids = {uid for uid, _ in present}
    begun = (event for event in before.events if event.start <= now)
    left = [replace(event, data={}) for event in begun if event.end <= now or event.uid not in uids]
    known = {(event.uid, event.start): event for event in (*before.over, *left)}
    return tuple(event for key, event in known.items() if key not in present and event.end > now - KEEP_OVER)


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

    def imminent(self, now: float) -> bool:
        """Whether an event lasts, or begins within five minutes."""
        return any(event.start - 300 < now < event.end for event in self.events.values())

    def next_start(self, uid: str, after: float) -> float:
        """When the next event of another uid begins; infinity if there is none."""
        return min(
            (event.start for event in self.events.values() if event.uid != uid and event.start >= after),
            default=math.inf,
        )
