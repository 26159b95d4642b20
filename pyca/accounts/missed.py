"""The events that are over without having been recorded."""

from __future__ import annotations

import logging
from collections.abc import Collection

from pyca.accounts.said import NEWS
from pyca.clock import EARLIEST, Clock
from pyca.event import Event, Outcome
from pyca.recording.beginning import first_start, load_first_start, save_first_start
from pyca.recording.missed import Missed
from pyca.recording.plan import Stamp, stamp
from pyca.recording.schedule import newest, paths
from pyca.recording.store import Store
from pyca.recording.traces import earlier
from pyca.states import EventStatus, Moment, RecordingState
from pyca.storage.memory import Memory
from pyca.storage.outcomes import FIRST_START
from pyca.storage.recorded import Recordings, Said

logger = logging.getLogger(__name__)

OFF = 'the agent was not running'
UNKNOWN = 'nothing was recorded of it; the log of that time may say why'


class Misses:
    """States what was missed, once, with its cause; events that ended before the agent's first start do not count."""

    def __init__(self, store: Store, recordings: Recordings, memory: Memory, clock: Clock, backup_mode: bool) -> None:
        self._store = store
        self._recordings = recordings
        self._memory = memory
        self._clock = clock
        self._report = None if backup_mode else Moment.MISSED.told
        self._missed = Missed(store)
        self._since = clock.now()
        self._first: float | None = None
        self._seen: list[Stamp] = []
        self._unkept: list[tuple[Event, str]] = []  # what the folder has not taken yet

    def begin(self) -> None:
        """Find out when the agent was started for the first time, and keep that in both places."""
        kept, remembered = load_first_start(self._store.root), self._memory.get(FIRST_START)
        known = [moment for moment in (kept, remembered) if isinstance(moment, (int, float))]
        self._first = first_start(min(known, default=None), self._clock.now())
        if remembered != self._first:
            self._memory.put(FIRST_START, self._first)
        if kept != self._first and not self._store.trouble():
            try:
                save_first_start(self._store.root, self._first)
            except OSError as error:
                logger.debug('The first start is remembered in the database alone: %s', error)

    def state(self, event: Event, cause: str) -> None:
        """State that an event was missed. Raises StorageError; what is written by then is not lost."""
        if not self._counts(event) or self._recordings.of(event) is not None:
            return
        if self._note(event, cause):
            logger.error('%s (%s): missed: %s', event.uid, event.title, cause)
        else:
            cause = self._missed.cause(event) or cause  # of then: the database was lost since
        self._write(event, cause, self._report)

    def look(self) -> None:
        """State what left the schedule while nobody was there to record it, whenever that is another one."""
        self._keep_what_is_left()
        marks = [mark for path in paths(self._store) if (mark := stamp(path)) is not None]
        if not marks or marks == self._seen:
            return
        entries = self._recordings.entries()
        plan = newest(self._store)
        for event in plan.over if plan is not None else ():
            if event.end <= self._clock.now() and event.name not in entries and not self._recorded(event):
                self.state(event, OFF if event.end <= self._since else UNKNOWN)
        self._seen = marks

    def look_again(self) -> None:
        """The database is another one: what was stated may be gone."""
        self._seen = []

    def recall(self, entries: Collection[str]) -> None:
        """State again what the database has forgotten."""
        self._missed.prune(self._clock.now())
        for name in self._missed.names():
            miss = self._missed.read(name) if name not in entries else None
            if miss is not None and not self._recorded(miss.event):
                news = miss.event.end >= self._clock.now() - NEWS
                self._write(miss.event, miss.cause, self._report if news else None)

    def recorded(self, event: Event) -> None:
        """It was recorded after all: a clock that ran ahead has been put right."""
        self._unkept = [(other, cause) for other, cause in self._unkept if other.name != event.name]
        self._missed.forget(event)

    def _counts(self, event: Event) -> bool:
        if self._first is None or self._first < EARLIEST:  # perhaps the clock was wrong then
            self.begin()
        return self._first is not None and event.end > self._first

    def _recorded(self, event: Event) -> bool:
        return earlier(self._store, event) is not None

    def _note(self, event: Event, cause: str) -> bool:
        """Keep it beside the recordings; tells whether it was news. A folder that is in trouble keeps it later."""
        try:
            return self._missed.note(event, cause)
        except OSError as error:
            logger.debug('%s: that it was missed is kept in the database alone for now: %s', event.uid, error)
            self._unkept.append((event, cause))
            return True

    def _keep_what_is_left(self) -> None:
        """A database that gets lost would else take the cause with it."""
        while self._unkept:
            try:
                self._missed.note(*self._unkept[0])
            except OSError:
                return
            self._unkept.pop(0)

    def _write(self, event: Event, cause: str, report: RecordingState | None) -> None:
        said = Said(EventStatus.FAILED_RECORDING, 'missed', outcome=Outcome.MISSED, cause=cause)
        self._recordings.mirror(event, said, report)
