"""The turn of the schedule service: fetch the calendar, store what changed."""

from __future__ import annotations

import logging

from pyca import settings
from pyca.backoff import Backoff
from pyca.clock import Clock
from pyca.errors import CoreError, LoginFailed, Overloaded, StorageError, Unreachable
from pyca.schedule.changes import described
from pyca.schedule.clockwatch import ClockWatch
from pyca.schedule.complaints import Complaints
from pyca.schedule.known import Known
from pyca.schedule.missing import MissingEvents
from pyca.schedule.ports import Answer, Core, Stores
from pyca.schedule.storage import ScheduleStorage
from pyca.schedule.window import DAY, Window
from pyca.states import Fault

logger = logging.getLogger(__name__)

PROVEN = 'technical'
"""Where the address of the core is remembered, once it has told about a single event."""

FIRST_RETRY = 5.0
"""Seconds after the first failed poll."""

ARCHIVED_FOR = 90 * DAY
"""Seconds for which it is remembered that an event was archived."""

BAD_CLOCK = (
    'The clock of this machine is behind the newest time that the agent has written. The whole calendar is fetched '
    'until it is right. Check the time synchronisation and the battery of the clock.'
)


class Schedule:
    """Keeps what the core means this agent to record.

    Only a whole calendar changes anything. It reaches the file for capture before the core is asked for more and
    before the database is touched, so that neither can hold it up.
    """

    name = 'schedule'
    busy = False

    def __init__(self, agent: settings.Agent, url: str, core: Core, stores: Stores, clock: Clock) -> None:
        self._agent = agent
        self._url = url
        self._core = core
        self._stores = stores
        self._clock = clock
        self._known = Known(agent.series)
        self._missing = MissingEvents(core, agent.name)
        self._storage = ScheduleStorage(stores, url, agent.name, agent.series)
        self._watch = ClockWatch(clock)
        self._complaints = Complaints(
            stores.faults, Fault.CORE_UNREACHABLE, Fault.LOGIN_REFUSED, Fault.CALENDAR, Fault.CLOCK
        )
        self._backoff = Backoff(FIRST_RETRY, agent.update_frequency)
        self._window = Window()
        self._due: float | None = None
        self._unstored: Window | None = None
        self._begun = self._recalled = False
        self._remarked = ''

    def step(self) -> float:
        """Poll if it is time; the seconds until it is time again."""
        if not self._begun:
            self._begun = True
            self._begin()
        started = self._clock.monotonic()
        if self._due is None or started >= self._due:
            wait = self._backoff.failed()
            try:
                wait = self._poll(wait)
            finally:
                self._due = self._clock.monotonic() + wait
        elif self._unstored is not None:
            self._store(self._unstored)
        return max(0.0, self._due - self._clock.monotonic())

    def close(self) -> None:
        """Nothing is held between two turns."""

    def _begin(self) -> None:
        """Take up the schedule of the last run, for which no core is needed."""
        self._storage.restore(self._known)
        self._missing.archived.update(self._storage.archived(self._clock.now() - ARCHIVED_FOR))
        try:
            self._recall()
        except StorageError as error:
            logger.warning('going on without what the database knows: %s', error)
        if self._known.events:
            self._storage.write_file(self._known)

    def _recall(self) -> None:
        """What the database remembers of earlier polls."""
        self._storage.settle(self._known)
        self._watch.restore(self._stores.memory.get('newest'))
        self._missing.proven = self._missing.proven or self._stores.memory.get(PROVEN) == self._url
        oldest = self._clock.now() - ARCHIVED_FOR
        noted = self._storage.note('archived').items()
        self._missing.archived.update(uid for uid, at in noted if isinstance(at, (int, float)) and at >= oldest)
        if self._window == Window():
            self._window = self._storage.window(self._known)
        self._recalled = True

    def _poll(self, retry: float) -> float:
        """One poll; the seconds until the next one, `retry` if the core had no answer."""
        started = self._clock.monotonic()
        now = self._watch.now()
        self._complaints.set(Fault.CLOCK, BAD_CLOCK if now is None else '')
        window = self._window.at(now or 0.0, self._agent.cal_lookahead if now is not None else 0)
        try:
            answer = self._core.calendar(window.cutoff, window.etag)
        except CoreError as error:
            self._complain(error)
            self._complaints.store(self._clock.now())
            return self._asked_to_wait(error, retry)
        self._take(answer, window, now)
        self._backoff.succeeded()
        return max(0.0, started + self._agent.update_frequency - self._clock.monotonic())

    def _take(self, answer: Answer | None, window: Window, now: float | None) -> None:
        """The core has answered; None: nothing has changed."""
        self._complaints.unset(Fault.CORE_UNREACHABLE, Fault.LOGIN_REFUSED)
        self._storage.synced(self._clock.now())
        if answer is not None:
            window = Window(window.cutoff, answer.etag)
            before = self._known.events
            self._known.take(answer.events, answer.lost, now)
            for line in described(before, self._known.events, self._clock.now()):
                logger.info('%s', line)
            self._missing.begin(self._known)
            self._remark(answer)
        if now is not None:
            self._known.forget_over(now)
        self._window = window
        try:
            self._storage.write_file(self._known)
            self._missing.ask(self._known, window, now)
            self._storage.write_file(self._known)
            self._storage.write_archived(self._missing.archived, self._clock.now())
        finally:  # a stop, or a file that cannot be written, loses nothing of a calendar that was read to its end
            self._store(window)

    def _remark(self, answer: Answer) -> None:
        """Say what is odd in the calendar: a fault if an event was left out for it, else a line in the log."""
        odd = ' '.join(f'{remark}.' for remark in answer.bad)
        if answer.lost:
            self._complaints.set(Fault.CALENDAR, f'{odd} What is known of an event that is left out stays as it was.')
            return
        self._complaints.unset(Fault.CALENDAR)
        if odd and odd != self._remarked:
            logger.warning('the calendar is odd: %s', odd)
        self._remarked = odd

    def _store(self, window: Window) -> None:
        """Bring the database up to date: nothing that a recording waits for.

        What it does not take now it is given again at the next turn, the core not being asked again for that.
        """
        self._unstored = window
        if not self._recalled:
            self._recall()
        undecided = bool(self._missing.open(self._known, window))
        self._storage.write_table(self._known, Window(window.cutoff) if undecided else window)
        if self._missing.proven:
            self._stores.memory.put(PROVEN, self._url)
        if self._watch.newest is not None:
            self._stores.memory.put('newest', self._watch.newest)
        noted = self._storage.note('archived')
        now = self._clock.now()
        self._stores.memory.put('archived', {uid: noted.get(uid, now) for uid in sorted(self._missing.archived)})
        self._complaints.store(now)
        self._unstored = None

    def _complain(self, error: CoreError) -> None:
        """One fault says why there is no calendar; an answer of any kind proves that the core is there."""
        if isinstance(error, (Unreachable, Overloaded)):
            self._complaints.set(Fault.CORE_UNREACHABLE, str(error))
            return
        self._complaints.unset(Fault.CORE_UNREACHABLE)
        fault = Fault.LOGIN_REFUSED if isinstance(error, LoginFailed) else Fault.CALENDAR
        self._complaints.set(fault, str(error))

    def _asked_to_wait(self, error: CoreError, retry: float) -> float:
        """`retry`, or longer if the core asked for it, but never longer than between two polls."""
        asked = error.retry_after if isinstance(error, Overloaded) else None
        return max(retry, min(asked or 0.0, self._agent.update_frequency))
