"""The accounts: what the recordings' folders say, kept true in the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from pyca.accounts_books import Books
from pyca.clock import Clock
from pyca.errors import StorageError
from pyca.event import Event, Outcome
from pyca.recording.atomic import read_json
from pyca.recording.delivery import offer
from pyca.recording.journal import Journal, Phase, load
from pyca.recording.store import Store
from pyca.states import EventStatus, Fault, RecordingState, ServiceType
from pyca.stop import Bell
from pyca.storage.recorded import Recorded

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


SETTLED = (
    EventStatus.FINISHED_RECORDING,
    EventStatus.UPLOADING,
    EventStatus.FAILED_UPLOADING,
    EventStatus.FINISHED_UPLOADING,
    EventStatus.PAUSED_AFTER_RECORDING,
)
"""Where a recording stands of which the journal has nothing more to say: uploads and people move it on."""
CONCLUDED = (EventStatus.FAILED_RECORDING, EventStatus.PAUSED_AFTER_RECORDING)
"""A recording that stands there has an outcome, too."""


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
        with self._lock:
            if not self._notes:
                return False
            key, note = next(iter(self._notes.items()))
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
        status = STATUS.get(journal.phase)
        if status is None:
            return
        event = journal.event
        held = self._held(journal)
        if status is EventStatus.FINISHED_RECORDING and held:
            status = EventStatus.PAUSED_AFTER_RECORDING
        self._recordings.mirror(
            event,
            status,
            offer(journal),
            phase=journal.phase.value,
            report=self._report(journal),
        )
        self._conclude(journal, held)

    def _conclude(self, journal: Journal, held: str) -> None:
        """State the outcome, unless somebody has moved the row on: a person, or an upload."""
        event = journal.event
        row = self._recordings.get(event.uid, event.start)
        if row is None:
            return
        if row.status is EventStatus.PAUSED_AFTER_RECORDING and held and row.outcome is None:
            self._recordings.hold(event.uid, event.start, held)
        elif row.status is EventStatus.FAILED_RECORDING and journal.phase is Phase.FAILED:
            self._recordings.set_outcome(event, Outcome.FAILED, journal.cause, row.status)

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
        """What the core has to be told of it, None when it knows: two phases may mean the same to it."""
        if self._backup_mode:
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
        self._recordings.set_outcome(event, Outcome.MISSED, cause, EventStatus.FAILED_RECORDING, report)

    def _compare(self) -> None:
        """Write again what the database does not know: it was restored, lost, or not there for a while."""
        rows = {row.name: row for row in self._recordings.all() if row.ours}
        for name in self._store.names():
            row = rows.get(name)
            if row is None or not _settled(row):
                journal = load(self._store.root / name)
                if journal is None:
                    continue
                self._mirror(journal)
                row = self._recordings.get(journal.event.uid, journal.event.start)
            if row is not None and row.status is not EventStatus.FINISHED_UPLOADING:
                self._mirror_upload(row.event, name)

    def _mirror_upload(self, event: Event, name: str) -> None:
        upload = read_json(self._store.root / name / 'upload.json')
        accepted = upload.get('accepted') if isinstance(upload, dict) else None
        if accepted:
            self._recordings.uploaded(event.uid, event.start, float(accepted))


def _settled(row: Recorded) -> bool:
    """Whether the database has all that the journal says; a crash may have come between status and outcome."""
    concluded = row.outcome is not None or row.status not in CONCLUDED
    return concluded and (row.status in SETTLED or row.phase == Phase.FAILED.value)
