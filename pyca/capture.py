"""The capture service: starts what is due, watches it, ends it."""

from __future__ import annotations

import logging
import math
from dataclasses import replace

from pyca.clock import Clock
from pyca.errors import RecordingsUnusable
from pyca.event import Event
from pyca.recording import resuming
from pyca.recording.account import CapturePorts
from pyca.recording.following import follow, is_ending, obey, wanted
from pyca.recording.fresh import fresh
from pyca.recording.handled import Handled, Key, key
from pyca.recording.impromptu import Impromptu
from pyca.recording.journal import Journal, Phase
from pyca.recording.overlap import Device
from pyca.recording.recording import Recording
from pyca.recording.schedule import Schedule
from pyca.recording.store import Store
from pyca.recording.traces import earlier, unfinished
from pyca.settings import Capture as Options
from pyca.states import Fault

logger = logging.getLogger(__name__)

LEAD = 5.0
"""Seconds before an event at which its keeper is started."""
RECENT = 2 * 86400
"""Seconds; a recording that began before that has ended, whatever its journal says."""
END_LIMIT = 270.0
"""Seconds that all recorders together may take to end when the agent stops."""


class Capture:
    """One turn looks at the schedule and at every recording that is not settled.

    Between "due" and "recorder started" it asks neither core nor database: the schedule is a file.
    """

    name = 'capture'

    def __init__(self, settings: Options, store: Store, ports: CapturePorts, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._account = ports.account
        self._desk = ports.desk
        self._selected = ports.selected
        self._pause = ports.pause
        self._clock = clock
        self._schedule = Schedule(store)
        self._recordings: dict[Key, Recording] = {}
        self._told: dict[Key, int] = {}
        self._since = clock.now()
        self._handled = Handled()
        self._device = Device(settings.overlap, self._recordings, clock)
        self._obstacles: dict[Key, str] = {}
        self._impromptu = Impromptu(store, settings, self._device, self._record, self._obstacles)
        self._looked_back, self._closing = 0.0, False
        self._looked, self._ahead = clock.now(), self._schedule.events  # when the last turn ended, what it knew

    @property
    def busy(self) -> bool:
        """Whether a recorder runs."""
        return any(recording.running for recording in list(self._recordings.values()))

    @property
    def quiet(self) -> bool:
        """Whether nothing records and nothing begins within five minutes."""
        return not self.busy and not self._schedule.imminent(self._clock.now())

    def step(self) -> float:
        self._look_back(RECENT)
        if self._schedule.refresh():
            self._handled.keep(self._schedule.events)
        self._obey()
        self._follow()
        wait = self._start()
        for recording in list(self._recordings.values()):
            wait = min(wait, self._tick(recording))
        self._tell()
        if self.quiet:
            self._look_back(math.inf)
        self._looked, self._ahead = self._clock.now(), self._schedule.events
        return wait

    def close(self) -> None:
        """End what is still running; it goes on when the agent is back before the event's end.

        With `survive_stop` recorders are left to their keepers, until the next agent takes them over.
        """
        self._closing = True
        ending = [each for each in self._recordings.values() if not (self._settings.survive_stop and each.running)]
        for recording in ending:
            recording.end('the agent was stopped', to_go_on=True)
        deadline = self._clock.monotonic() + END_LIMIT
        while not all(recording.settled for recording in ending):
            if self._clock.monotonic() > deadline:
                self.force()
            self._pause(min((self._tick(recording) for recording in self._recordings.values()), default=0.0))
        self._tell()

    def _tick(self, recording: Recording) -> float:
        """One recording's trouble with its files must not be the others'."""
        try:
            return min(0.2, recording.tick()) if self._closing else recording.tick()
        except OSError as error:
            logger.error('%s: %s', recording.event.uid, error)
            return 1.0

    def force(self) -> None:
        """End all recorders without any patience."""
        for recording in list(self._recordings.values()):
            recording.force()

    def _look_back(self, seconds: float) -> None:
        """Go on, once, with what an earlier agent began within so many seconds and left unfinished."""
        if seconds <= self._looked_back:
            return
        for journal in unfinished(self._store, self._clock.now() - seconds):
            if key(journal.event) not in self._recordings and not resuming.close_sealed(journal):
                self._add(journal).take_over()
        self._looked_back = seconds

    def _add(self, journal: Journal) -> Recording:
        own = key(journal.event)
        self._told.pop(own, None)
        self._recordings[own] = Recording(journal, self._settings, self._clock, lambda: self._device.contended(own))
        return self._recordings[own]

    def _obey(self) -> None:
        """Do what people want."""
        for order in self._desk.take():
            answer = obey(order, self._recordings.values(), self._schedule, self._clock.now(), self._impromptu)
            logger.info('%s: a person wants "%s": %s', order.uid, order.kind.value, answer.text)
            self._desk.answer(order, answer)

    def _follow(self) -> None:
        """Do with the recordings under way what the calendar has become."""
        if not self._schedule.known:
            return
        for recording in self._recordings.values():
            event = None if recording.settled else follow(recording, self._schedule, self._clock.now())
            if event is not None:
                self._handled.note(event)

    def _start(self) -> float:
        """Start the keepers of what is due; returns the seconds until the next one is."""
        now = self._clock.now()
        wait = 60.0
        for event in sorted(self._schedule.events.values(), key=lambda event: (event.start, event.uid)):
            if event.start - LEAD > now:
                return min(wait, event.start - LEAD - now)
            if not self._handled.has(event, now) and not self._care_for(event, now):
                wait = 0.5
        return wait

    def _care_for(self, event: Event, now: float) -> bool:
        """Begin it, or miss it; tells whether that is done. One event's trouble must not be the others'."""
        try:
            return self._miss(event) if event.end <= now else self._begin(event, now)
        except OSError as error:
            if self._obstacles.get(key(event)) != str(error):
                logger.error('%s: %s', event.uid, error)
            self._obstacles[key(event)] = str(error)
            return False

    def _miss(self, event: Event) -> bool:
        """The event is over and nothing is known of it: say so, once."""
        cause = 'the agent was not running' if event.end <= self._since else 'the agent learned of it too late'
        if key(event) in self._ahead and event.start > self._looked:
            cause = 'the agent or its machine stood still, or the clock jumped over it'
        if earlier(self._store, event) is None:
            cause = self._obstacles.pop(key(event), '') or self._device.obstacle(event) or cause
            self._account.missed(event, cause)
        self._handled.note(event, since=event.end)
        return True

    def _begin(self, event: Event, now: float) -> bool:
        """Start the keeper, or go on with what is there; tells whether the event is taken care of."""
        journal = earlier(self._store, event)
        if journal is None or is_ending(self._recordings.get(key(journal.event)), self._store.folder(event)):
            journal = fresh(self._store.folder(event), event, self._settings, self._selected(event))
            return self._device.take(event, now) and self._record(journal)
        if not journal.phase.over:
            if key(journal.event) not in self._recordings:
                self._add(journal).take_over()
            return False  # whether it is this event's is known when it has been followed
        if resuming.goes_on(journal, wanted(journal, event, self._schedule), now):
            return self._device.is_free(event, now) and self._go_on(journal, event, now)
        self._handled.note(event)
        return True

    def _go_on(self, journal: Journal, event: Event, now: float) -> bool:
        """Record what is left of an event whose recording was over."""
        more = wanted(journal, event, self._schedule)
        if resuming.take_up(journal, more):
            logger.info('%s: its recording goes on, since the core wants more of it', journal.event.uid)
            self._add(journal).take_over()
            return True
        # Of a rest that was deleted the title is not kept, and the rest of a rest is called so once.
        event = replace(event, end=more.end)
        return self._record(resuming.rest(journal, event, self._settings, now))

    def _record(self, journal: Journal) -> bool:
        """Start the keeper of something new; tells whether that could be done."""
        try:
            journal.folder = self._store.make(journal.event)
            journal.held = journal.held or self._store.hidden(journal.event, self._clock.now())
            self._add(journal).begin()
        except (OSError, RecordingsUnusable) as error:
            self._recordings.pop(key(journal.event), None)
            self._obstacles[key(journal.event)] = str(error)
            self._account.fault(Fault.FOLDER_UNUSABLE, self._store.trouble() or str(error))
            return False
        self._account.fault(Fault.FOLDER_UNUSABLE, self._store.trouble())
        self._account.fault(Fault.INPUTS, journal.remark and f'{journal.event.uid}: {journal.remark}')
        self._handled.note(journal.event)
        return True

    def _tell(self) -> None:
        """Tell the account what changed, forget what is long over."""
        for own, recording in list(self._recordings.items()):
            if self._told.get(own) != recording.changes:
                self._told[own] = recording.changes
                self._account.recording(recording.journal.copy())
                self._account.fault(Fault.PROGRAM_MISSING, recording.fault)
            if not recording.settled:
                continue
            called_off = recording.journal.phase is Phase.CANCELLED
            if called_off:
                recording.journal.discard()
                self._handled.forget(recording.event)
            if called_off or (recording.saved and recording.event.end + 60 < self._clock.now()):
                self._told.pop(own, None)
                del self._recordings[own]
