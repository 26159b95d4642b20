"""The accounts: what the recordings' folders say, kept true in the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pyca.clock import Clock
from pyca.errors import StorageError
from pyca.event import Event, Outcome
from pyca.recording.atomic import read_json
from pyca.recording.delivery import offer
from pyca.recording.journal import Journal, Phase, load
from pyca.recording.store import Store
from pyca.states import EventStatus, Fault, RecordingState, ServiceType
from pyca.stop import Bell
from pyca.storage.faults import Faults
from pyca.storage.memory import Memory
from pyca.storage.recorded import Recordings, Said

logger = logging.getLogger(__name__)

REPORTS = {
    Phase.RECORDING: RecordingState.CAPTURING,
    Phase.FAILING: RecordingState.CAPTURE_ERROR,
    Phase.INTERRUPTED: RecordingState.CAPTURE_FINISHED,
    Phase.FINISHED: RecordingState.CAPTURE_FINISHED,
    Phase.FAILED: RecordingState.CAPTURE_ERROR,
}
"""What the core is told when a recording enters a phase."""

STATUS = {
    Phase.RECORDING: EventStatus.RECORDING,
    Phase.FAILING: EventStatus.RECORDING,
    Phase.INTERRUPTED: EventStatus.PARTIAL_RECORDING,
    Phase.FINISHED: EventStatus.FINISHED_RECORDING,
    Phase.FAILED: EventStatus.FAILED_RECORDING,
}

UNSETTLED = frozenset(phase.value for phase in Phase if not phase.over)
"""The phases in the database that only the journal can end."""
ENDED = frozenset({'delivered', 'deleted', 'missed'})
"""The phases of which an upload has nothing more to say."""
LOST = 3600.0
"""Seconds after an event's end from which nobody is believed to write its journal any more."""
NEWS = 86_400.0
"""Seconds after an event's end in which the core is told how its recording ended."""


@dataclass(frozen=True)
class Books:
    """Where the accounts are written; `written` is called after each entry, `errands` at each turn."""

    recordings: Recordings
    faults: Faults
    memory: Memory
    written: Callable[[], None] = lambda: None
    errands: Callable[[], None] = lambda: None


Note = Callable[[], None]


class Accounts:
    """Takes what the capture service tells it and writes it to the database, however long that takes.

    The database is only an index over the folders: what could not be written is written later, what was lost is
    written again. Telling never waits and never fails.
    """

    name = 'accounts'
    busy = False

    def __init__(self, store: Store, books: Books, clock: Clock, *, backup_mode: bool, bell: Bell) -> None:
        """`bell` is rung when there is something to write."""
        self._store = store
        self._recordings = books.recordings
        self._faults = books.faults
        self._memory = books.memory
        self._written = books.written
        self._errands = books.errands
        self._clock = clock
        self._backup_mode = backup_mode
        self._lock = threading.Lock()
        self._notes: dict[object, Note] = {}
        self._known_faults: dict[Fault, str] = {}
        self._compared = self._cleaned = False
        self._bell = bell

    def recording(self, journal: Journal) -> None:
        """Note the state of a recording; only the newest counts."""
        self._take((journal.event.uid, journal.event.start), lambda: self._mirror(journal))

    def missed(self, event: Event, cause: str) -> None:
        """Note that an event is over and was not recorded at all."""
        self._take((event.uid, event.start), lambda: self._miss(event, cause))

    def fault(self, fault: Fault, text: str) -> None:
        """Note a fault of the capture service, or with an empty text its cure."""
        if self._known_faults.get(fault, '') == text:
            return
        self._known_faults[fault] = text
        if text:
            logger.error('%s', text)
        self._take(fault, lambda: self._write_fault(fault, text))

    def compare(self) -> None:
        """Have the whole folder compared with the database at the next step: it is another database than before."""
        self._compared = False
        self._bell.ring()

    def step(self) -> float:
        if not self._cleaned:
            self._faults.clear(ServiceType.CAPTURE)  # what an earlier run could not take back
            self._cleaned = True
        self._errands()
        self.fault(Fault.DISK_FULL, self._store.full())
        while self._write_one():
            self._written()
        if not self._compared:
            self._compare()
            self._compared = True
        return 60.0

    def close(self) -> None:
        """A last try; what stays unwritten is in the folders."""
        try:
            self.step()
        except StorageError as error:
            logger.warning('The database does not have everything yet: %s', error)

    def _take(self, key: object, note: Note) -> None:
        with self._lock:
            self._notes.pop(key, None)
            self._notes[key] = note
        self._bell.ring()

    def _write_one(self) -> bool:
        """Write a note. It goes to the end of the queue first: one that cannot be written must not stop the others."""
        with self._lock:
            if not self._notes:
                return False
            key = next(iter(self._notes))
            note = self._notes[key] = self._notes.pop(key)
        note()
        with self._lock:
            if self._notes.get(key) is note:
                del self._notes[key]
        return True

    def _write_fault(self, fault: Fault, text: str) -> None:
        if text:
            self._faults.raise_(ServiceType.CAPTURE, fault, text, self._clock.now())
        else:
            self._faults.clear(ServiceType.CAPTURE, fault)

    def _mirror(self, journal: Journal) -> None:
        said = self._said(journal)
        if said is not None:
            self._recordings.mirror(journal.event, said, self._report(journal))

    def _said(self, journal: Journal) -> Said | None:
        """The journal's word in the terms of the database; None for a recording that was called off."""
        status, phase, outcome, cause = STATUS.get(journal.phase), journal.phase.value, None, journal.cause
        if status is None:
            return None
        held = self._held(journal) if journal.phase is Phase.FINISHED else ''
        if journal.phase.over and _accepted(journal.folder):
            status, phase = EventStatus.FINISHED_UPLOADING, 'delivered'
            outcome = Outcome.DELIVERED_WITH_GAPS if journal.gaps else Outcome.DELIVERED
        elif held:
            status, phase, outcome, cause = EventStatus.PAUSED_AFTER_RECORDING, 'held', Outcome.HELD, held
        elif journal.phase is Phase.FAILED:
            outcome = Outcome.FAILED
        flaws, gaps, resumed = journal.flaws, journal.gaps, bool(journal.resumed)
        return Said(status, phase, tuple(offer(journal)), outcome, cause, flaws, gaps, resumed)

    def _held(self, journal: Journal) -> str:
        """Why nobody may upload it unasked; empty for the usual case."""
        if journal.held or self._backup_mode:
            return journal.held or 'backup mode'
        archived = self._memory.get('archived')
        if isinstance(archived, dict) and journal.event.uid in archived:
            row = self._recordings.get(journal.event.uid, journal.event.start)
            if row is None or row.status in (EventStatus.RECORDING, EventStatus.PARTIAL_RECORDING):
                return 'somebody else has archived the event in the core'
        return ''

    def _report(self, journal: Journal) -> RecordingState | None:
        """What the core has to be told of it.

        None when it knows (two phases may mean the same to it), or when that is no news any more.
        """
        old = journal.phase.over and journal.event.end < self._clock.now() - NEWS
        if self._backup_mode or journal.event.unscheduled or old:
            return None
        report = REPORTS[journal.phase]
        before = self._recordings.get(journal.event.uid, journal.event.start)
        told = {phase.value: state for phase, state in REPORTS.items()}.get(before.phase) if before else None
        return None if told is report else report

    def _miss(self, event: Event, cause: str) -> None:
        if self._recordings.get(event.uid, event.start) is not None:
            return
        logger.error('%s: missed: %s', event.uid, cause)
        report = None if self._backup_mode else RecordingState.CAPTURE_ERROR
        said = Said(EventStatus.FAILED_RECORDING, 'missed', outcome=Outcome.MISSED, cause=cause)
        self._recordings.mirror(event, said, report)

    def _compare(self) -> None:
        """Write again what the database does not know: it was restored, lost, or not there for a while."""
        entries = self._recordings.entries()
        for name in self._store.names():
            entry = entries.get(name)
            if entry is None or entry.phase in UNSETTLED:
                journal = load(self._store.root / name)
                if journal is not None:
                    self._mirror(journal)
            elif entry.phase not in ENDED and _accepted(self._store.root / name):
                self._recordings.uploaded(entry.uid, entry.start, self._clock.now())
        if not self._store.usable():
            self._settle()

    def _settle(self) -> None:
        """State how recordings ended whose journals nobody will write any more."""
        for row in self._recordings.all(EventStatus.RECORDING, EventStatus.PARTIAL_RECORDING):
            folder = self._store.root / row.name
            if row.ours and row.event.end < self._clock.now() - LOST and load(folder) is None:
                cause = f'the journal of this recording is gone or damaged; what there is of it lies in {folder}'
                logger.error('%s: failed: %s', row.event.uid, cause)
                said = Said(EventStatus.FAILED_RECORDING, 'failed', row.tracks, Outcome.FAILED, cause)
                self._recordings.mirror(row.event, said)


def _accepted(folder: Path) -> bool:
    """Whether the core has it already, by what the upload left beside the journal."""
    upload = read_json(folder / 'upload.json')
    return isinstance(upload, dict) and bool(upload.get('accepted'))
