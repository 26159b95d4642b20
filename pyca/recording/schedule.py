"""The schedule beside the recordings, as the services see it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pyca.clock import Clock
from pyca.errors import RecordingsUnusable
from pyca.event import Event
from pyca.recording.plan import Plan, read_plan, stamp, write_plan


class ScheduleFile:
    """The writer's side."""

    def __init__(self, path: Path, clock: Clock, written: Callable[[], None] = lambda: None) -> None:
        """`written` is called after each writing."""
        self._path = path
        self._clock = clock
        self._written = written

    def write_schedule(self, events: Sequence[Event], synced: float, gone: Mapping[str, str] | None = None) -> None:
        """Replace the schedule; `gone` says by uid why events were dropped. Raises RecordingsUnusable."""
        plan = Plan(tuple(sorted(events, key=lambda event: event.start)), synced, self._clock.now(), gone or {})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_plan(self._path, plan)
        except OSError as error:
            raise RecordingsUnusable(f'{self._path} cannot be written: {error.strerror}') from error
        self._written()

    @property
    def there(self) -> bool:
        """Whether there is a file; one that was damaged has been set aside by whoever read it."""
        return stamp(self._path) is not None

    def read_schedule(self) -> tuple[list[Event], float] | None:
        """The events, when the core was heard; None if there is no file that can be read."""
        plan = read_plan(self._path)
        return (list(plan.events), plan.synced or 0.0) if plan is not None else None


class Schedule:
    """The reader's side. A file that is gone or damaged changes nothing of what is known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self.events: Mapping[tuple[str, int], Event] = {}
        """By uid with start. Replaced as a whole, so that other threads may look at it."""
        self.gone: Mapping[str, str] = {}
        """By uid: why an event that is not there any more was dropped."""
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
