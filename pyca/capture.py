"""The capture service: starts what is due, watches it, ends it."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from pyca.clock import Clock
from pyca.errors import RecordingsUnusable
from pyca.event import Event
from pyca.recording.account import Account
from pyca.recording.journal import Journal, Phase, load
from pyca.recording.overlap import may_start, rivals
from pyca.recording.recording import Recording
from pyca.recording.schedule import Schedule
from pyca.recording.store import Store
from pyca.recording.traces import is_over, unfinished
from pyca.settings import Capture as Options
from pyca.states import Fault

logger = logging.getLogger(__name__)

LEAD = 5.0
"""Seconds before an event at which its keeper is started."""
RECENT = 2 * 86400
"""Seconds; a recording that began before that has ended, whatever its journal says."""
END_LIMIT = 270.0
"""Seconds that all recorders together may take to end when the agent stops."""

Key = tuple[str, int]


class Capture:
    """One turn looks at the schedule and at every recording that is not settled.

    Between "due" and "recorder started" it asks neither core nor database: the schedule is a file.
    """

    name = 'capture'

    def __init__(
        self,
        settings: Options,
        store: Store,
        account: Account,
        clock: Clock,
        *,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`pause`: how `close()` waits."""
        self._settings = settings
        self._store = store
        self._account = account
        self._clock = clock
        self._pause = pause
        self._schedule = Schedule(store)
        self._recordings: dict[Key, Recording] = {}
        self._told: dict[Key, int] = {}
        self._since = clock.now()
        self._handled: dict[Key, float] = {}  # from when on: a clock that ran ahead may be put right again
        self._obstacles: dict[Key, str] = {}
        self._looked_back, self._closing = 0.0, False

    @property
    def busy(self) -> bool:
        """Whether a recorder runs."""
        return any(recording.running for recording in list(self._recordings.values()))

    @property
    def quiet(self) -> bool:
        """Whether nothing records and nothing begins within five minutes."""
        now = self._clock.now()
        soon = any(event.start - 300 < now < event.end for event in self._schedule.events.values())
        return not self.busy and not soon

    def step(self) -> float:
        self._look_back(RECENT)
        if self._schedule.refresh():
            self._handled = {key: since for key, since in self._handled.items() if key in self._schedule.events}
        self._follow()
        wait = self._start()
        for recording in list(self._recordings.values()):
            wait = min(wait, self._tick(recording))
        self._tell()
        if self.quiet:
            self._look_back(math.inf)
        return wait

    def close(self) -> None:
        """End what is still running; it goes on when the agent is back before the event's end.

        With `survive_stop` recorders are left to their keepers, until the next agent takes them over.
        """
        self._closing = True
        surviving = self._settings.survive_stop
        ending = [recording for recording in self._recordings.values() if not (surviving and recording.running)]
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
            if _key(journal.event) not in self._recordings:
                self._add(journal).take_over()
        self._looked_back = seconds

    def _add(self, journal: Journal) -> Recording:
        key = _key(journal.event)
        self._recordings[key] = Recording(journal, self._settings, self._clock, lambda: self._contended(key))
        return self._recordings[key]

    def _contended(self, key: Key) -> bool:
        """Whether another event's recorder is past its end and still at work."""
        now = self._clock.now()
        return any(
            other != key and now < recording.event.end + 10 for other, recording in list(self._recordings.items())
        )

    def _follow(self) -> None:
        """Do with the recordings under way what the calendar has become."""
        if not self._schedule.known:
            return
        for key, recording in self._recordings.items():
            if recording.settled:
                continue
            event = self._schedule.find(recording.event)
            now = self._clock.now()
            if event is None:
                if now < recording.event.end:
                    recording.end('cancelled in the core', held='cancelled in the core')
            elif _key(event) == key or event.start <= now:
                recording.follow(event)
                if _key(event) != key:
                    self._handled[_key(event)] = 0.0  # the same event with another start
            else:
                recording.end('moved to another time in the core', held='moved to another time in the core')

    def _start(self) -> float:
        """Start the keepers of what is due; returns the seconds until the next one is."""
        now = self._clock.now()
        wait = 60.0
        for event in sorted(self._schedule.events.values(), key=lambda event: (event.start, event.uid)):
            if event.start - LEAD > now:
                return min(wait, event.start - LEAD - now)
            if _key(event) in self._recordings or self._handled.get(_key(event), now + 1) <= now:
                continue
            if not self._care_for(event, now):
                wait = 0.5
        return wait

    def _care_for(self, event: Event, now: float) -> bool:
        """Begin it, or miss it; tells whether that is done. One event's trouble must not be the others'."""
        try:
            return self._miss(event) if event.end <= now else self._may_start(event, now) and self._begin(event)
        except OSError as error:
            if self._obstacles.get(_key(event)) != str(error):
                logger.error('%s: %s', event.uid, error)
            self._obstacles[_key(event)] = str(error)
            return False

    def _miss(self, event: Event) -> bool:
        """The event is over and nothing is known of it: say so, once."""
        cause = 'the agent was not running' if event.end <= self._since else 'the agent learned of it too late'
        if load(self._store.folder(event)) is None and not is_over(self._store, event):
            self._account.missed(event, self._obstacles.pop(_key(event), cause))
        self._handled[_key(event)] = event.end
        return True

    def _may_start(self, event: Event, now: float) -> bool:
        having = rivals(event, self._recordings.values(), now)
        if may_start(self._settings.overlap, event, having, now):
            return True
        if _key(event) not in self._obstacles:
            self._obstacles[_key(event)] = f'the event {having[0].event.uid} had the device'
            logger.warning('%s: waits for the device, which %s has', event.uid, having[0].event.uid)
        return False

    def _begin(self, event: Event) -> bool:
        """Start the keeper, or go on with what is there; tells whether the event is taken care of."""
        folder = self._store.folder(event)
        journal = load(folder)
        if journal is not None and not journal.phase.over:
            self._add(journal).take_over()
            return True
        if is_over(self._store, event):
            if journal is not None and event.end > journal.event.end:
                logger.warning('%s: was made longer after its recording had ended; the rest is lost', event.uid)
            self._handled[_key(event)] = 0.0
            return True
        try:
            folder = self._store.make(event)
            hidden = self._store.hidden(event, self._clock.now())
            self._add(Journal(folder, event, self._settings.flavors, held=hidden)).begin()
        except (OSError, RecordingsUnusable) as error:
            self._recordings.pop(_key(event), None)
            self._obstacles[_key(event)] = str(error)
            self._account.fault(Fault.FOLDER_UNUSABLE, self._store.trouble() or str(error))
            return False
        self._account.fault(Fault.FOLDER_UNUSABLE, self._store.trouble())
        return True

    def _tell(self) -> None:
        """Tell the account what changed, forget what is long over."""
        for key, recording in list(self._recordings.items()):
            if self._told.get(key) != recording.changes:
                self._told[key] = recording.changes
                self._account.recording(recording.journal.copy())
                self._account.fault(Fault.PROGRAM_MISSING, recording.fault)
            if not recording.settled:
                continue
            called_off = recording.journal.phase is Phase.CANCELLED
            if called_off:
                recording.journal.discard()
            if called_off or (recording.saved and recording.event.end + 60 < self._clock.now()):
                self._told.pop(key, None)
                del self._recordings[key]


def _key(event: Event) -> Key:
    return event.uid, event.start
