"""The accounts: what the recordings' folders say, kept true in the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pyca.clock import Clock
from pyca.errors import StorageError
from pyca.event import Event, Outcome, Track
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


class Recordings(Protocol):
    """What the accounts ask of the database about recordings."""

    def get(self, uid: str, start: int | None = None) -> Recorded | None: ...

    def all(self, *statuses: EventStatus) -> list[Recorded]: ...

    def mirror(
        self,
        event: Event,
        status: EventStatus,
        tracks: Sequence[Track],
        *,
        phase: str,
        report: RecordingState | None = None,
    ) -> bool: ...

    def set_outcome(
        self,
        event: Event,
        outcome: Outcome,
        cause: str,
        status: EventStatus,
        report: RecordingState | None = None,
    ) -> None: ...

    def hold(self, uid: str, start: int, cause: str) -> None: ...

    def uploaded(self, uid: str, start: int, at: float, cause: str = '') -> None: ...


class Faults(Protocol):
    """Where the agent's faults are kept."""

    def raise_(self, service: ServiceType, fault: Fault, text: str, at: float) -> bool: ...

    def clear(self, service: ServiceType, fault: Fault | None = None) -> bool: ...


class Memory(Protocol):
    """Small values that survive a restart."""

    def get(self, key: str) -> Any | None: ...


@dataclass(frozen=True)
class Books:
    """Where the accounts are written; `written` is called after each entry."""

    recordings: Recordings
    faults: Faults
    memory: Memory
    written: Callable[[], None] = lambda: None


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
        if status is EventStatus.PAUSED_AFTER_RECORDING:
            self._recordings.hold(event.uid, event.start, held)
        elif status is EventStatus.FAILED_RECORDING:
            self._recordings.set_outcome(event, Outcome.FAILED, journal.cause, status)

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
        over = {phase.value for phase in Phase if phase.over}
        settled = {row.name for row in self._recordings.all() if row.ours and row.phase in over}
        for name in self._store.names():
            journal = None if name in settled else load(self._store.root / name)
            if journal is not None:
                self._mirror(journal)
                self._mirror_upload(journal)

    def _mirror_upload(self, journal: Journal) -> None:
        upload = read_json(journal.folder / 'upload.json')
        accepted = upload.get('accepted') if isinstance(upload, dict) else None
        if accepted:
            self._recordings.uploaded(journal.event.uid, journal.event.start, float(accepted))
