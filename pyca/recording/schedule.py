"""The schedule beside the recordings, as the services see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pyca.clock import Clock
from pyca.errors import RecordingsUnusable
from pyca.event import Event
from pyca.recording.plan import Plan, read_plan, stamp, write_plan

KEEP_OVER = 30 * 86_400.0
"""Seconds for which an event that is over is remembered, so that an agent that was off says what it missed."""


class ScheduleFile:
    """The writer's side.

    Events that leave the schedule after they have begun stay in the file as over: whether they were recorded is still
    to be stated, perhaps by an agent that is not running at the moment.
    """

    def __init__(self, path: Path, clock: Clock, written: Callable[[], None] = lambda: None) -> None:
        """`written` is called after each writing."""
        self._path = path
        self._clock = clock
        self._written = written
        self._plan: Plan | None = None

    def write_schedule(self, events: Sequence[Event], synced: float) -> None:
        """Replace the schedule; raises RecordingsUnusable."""
        before, now = self._before(), self._clock.now()
        ordered = tuple(sorted(events, key=lambda event: event.start))
        self._write(Plan(ordered, synced, now, _over(before, ordered, now), before.archived))

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
        self._plan = read_plan(self._path)
        return (list(self._plan.events), self._plan.synced or 0.0) if self._plan is not None else None

    def read_archived(self) -> dict[str, float]:
        """Which events somebody else has archived."""
        return dict(self._before().archived)

    def _before(self) -> Plan:
        """What was written last, by whoever did."""
        if self._plan is None:
            self._plan = read_plan(self._path)
        return self._plan or Plan((), None, 0.0)

    def _write(self, plan: Plan) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_plan(self._path, plan)
        except OSError as error:
            raise RecordingsUnusable(f'{self._path} cannot be written: {error.strerror}') from error
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

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self.events: Mapping[tuple[str, int], Event] = {}
        """By uid with start. Replaced as a whole, so that other threads may look at it."""
        self.known = False
        """Whether a schedule was ever read: without one nothing can be called cancelled."""

    def refresh(self) -> bool:
        """Read the file if it is another one than before; whether there is a new schedule."""
        mark = stamp(self._path)
        if mark is None or mark == self._seen:
            return False
        self._seen = mark
        plan = read_plan(self._path)
        if plan is None:
            return False
        self.events = {(event.uid, event.start): event for event in plan.events}
        self.known = True
        return True

    def find(self, event: Event) -> Event | None:
        """The entry of this event: the one with the same start, else the earliest of the same uid."""
        same = self.events.get((event.uid, event.start))
        if same is not None:
            return same
        others = [other for other in self.events.values() if other.uid == event.uid]
        return min(others, key=lambda other: other.start, default=None)
