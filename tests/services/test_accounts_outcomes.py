"""The accounts over real folders and a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyca.accounts import Accounts, Ledgers
from pyca.errors import StorageError
from pyca.event import Event, Outcome
from pyca.recording.atomic import write_json
from pyca.recording.journal import Journal, Phase, Segment
from pyca.recording.store import Store
from pyca.recording.verdict import End
from pyca.states import EventStatus, Fault, RecordingState
from pyca.stop import Bell
from pyca.storage.counts import Counts
from pyca.storage.database import Database
from pyca.storage.edits import Edit, Edits
from pyca.storage.faults import Faults
from pyca.storage.memory import Memory
from pyca.storage.recorded import Recorded, Recordings, Said
from pyca.storage.reports import Reports
from tests.storage.clocks import HandClock

EVENT = Event('a', 1_700_000_000, 1_700_003_600, 'Lecture')


class Office:
    """One agent's accounts; `begin_again` is a restart."""

    def __init__(self, root: Path, **more: Any) -> None:
        root.mkdir(exist_ok=True)
        self.clock = HandClock(EVENT.end + 10.0)
        self.store = Store(root / 'recordings')
        self.store.prepare()
        self.url = f'sqlite:///{root}/pyca.db'
        self.options = {'backup_mode': False, **more}
        self.database = Database(self.url, self.clock)
        self.begin_again()

    def begin_again(self) -> None:
        self.recordings = Recordings(self.database)
        ledgers = Ledgers(self.recordings, Faults(self.database), Memory(self.database), Counts(self.database))
        self.accounts = Accounts(self.store, ledgers, self.clock, bell=Bell(), **self.options)

    def lose_the_database(self) -> None:
        self.database.close()
        for suffix in ('', '-wal', '-shm'):
            Path(self.url.removeprefix('sqlite:///') + suffix).unlink(missing_ok=True)
        self.database = Database(self.url, self.clock)
        self.begin_again()

    def journal(self, phase: Phase, event: Event = EVENT, **more: Any) -> Journal:
        """A journal on the disk, with one whole segment if it is over."""
        folder = self.store.make(event)
        (folder / 'x.dat').write_bytes(b'x')
        segment = Segment(0, event.start, event.end, ['x.dat'], float(event.start), float(event.end), 0, end=End.GOOD)
        journal = Journal(folder, event, ('presenter/source',), phase, [segment] if phase.over else [], **more)
        journal.save()
        return journal

    def tell(self, phase: Phase, **more: Any) -> None:
        """What the capture service does at a change."""
        self.accounts.recording(self.journal(phase, **more))
        self.accounts.step()

    def deliver(self, left_out: str = '') -> None:
        """What the ingest service does."""
        assert self.recordings.claim(self.clock.now()) is not None
        self.recordings.uploading('a', EVENT.start, self.clock.now())
        write_json(self.store.folder(EVENT) / 'upload.json', {'accepted': self.clock.now(), 'left_out': left_out})
        self.recordings.uploaded('a', EVENT.start, self.clock.now(), left_out=left_out)

    def release(self) -> None:
        """What a person does."""
        Edits(self.database).change('a', Edit(status=EventStatus.FINISHED_RECORDING))

    def row(self, uid: str = 'a') -> Recorded:
        row = self.recordings.get(uid)
        assert row is not None
        return row

    def reports(self) -> list[RecordingState]:
        return [report.state for report in Reports(self.database).pending()]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.database.close()


def test_the_core_hears_of_each_phase_once(office: Office) -> None:
    for phase in (Phase.RECORDING, Phase.FAILING, Phase.RECORDING, Phase.FINISHED):
        office.tell(phase)
        office.tell(phase)
    assert office.reports() == [
        RecordingState.CAPTURING,
        RecordingState.CAPTURE_ERROR,
        RecordingState.CAPTURING,
        RecordingState.CAPTURE_FINISHED,
    ]


def test_an_interrupted_recording_is_not_finished_before_it_is_over(office: Office) -> None:
    """Nothing records although the event goes on: until then that is an error."""
    for phase in (Phase.RECORDING, Phase.INTERRUPTED):
        office.tell(phase)
    assert (office.row().status, office.recordings.claim(office.clock.now())) == (EventStatus.PARTIAL_RECORDING, None)

    office.tell(Phase.FINISHED)

    assert office.row().status is EventStatus.FINISHED_RECORDING
    assert office.reports() == [
        RecordingState.CAPTURING,
        RecordingState.CAPTURE_ERROR,
        RecordingState.CAPTURE_FINISHED,
    ]


def test_what_a_crash_left_waits_for_a_person_and_is_an_error_to_the_core(office: Office) -> None:
    office.tell(Phase.RECORDING)

    office.tell(Phase.FAILED, cause='SIGSEGV', held='every run failed; what it wrote is kept, a person decides')

    row = office.row()
    assert (row.status, row.outcome) == (EventStatus.PAUSED_AFTER_RECORDING, Outcome.HELD)
    assert 'a person decides' in row.cause
    assert len(row.tracks) == 1
    assert office.recordings.claim(office.clock.now()) is None
    assert office.reports() == [RecordingState.CAPTURING, RecordingState.CAPTURE_ERROR]
    office.release()
    assert office.recordings.claim(office.clock.now()) is not None


def test_a_cause_is_known_while_the_recorder_fails_and_forgotten_when_it_records(office: Office) -> None:
    office.tell(Phase.FAILING, cause='no device')
    assert office.row().cause == 'no device'
    office.tell(Phase.RECORDING)
    assert office.row().cause == ''


@pytest.mark.parametrize(
    ('office_of', 'held'), [({}, 'cancelled in the core'), ({'backup_mode': True}, '')], ids=['cancelled', 'backup']
)
def test_what_a_person_released_is_never_held_again(tmp_path: Path, office_of: dict[str, bool], held: str) -> None:
    office = Office(tmp_path, **office_of)
    office.tell(Phase.FINISHED, held=held)
    assert (office.row().status, office.row().outcome) == (EventStatus.PAUSED_AFTER_RECORDING, Outcome.HELD)

    office.release()
    office.begin_again()
    office.accounts.step()
    assert office.row().status is EventStatus.FINISHED_RECORDING

    office.deliver()
    before = office.reports()
    office.begin_again()
    office.accounts.step()
    assert (office.row().status, office.row().outcome) == (EventStatus.FINISHED_UPLOADING, Outcome.DELIVERED)
    assert office.reports() == before
    office.database.close()


def test_a_failed_recording_that_a_person_wants_uploaded_is(office: Office) -> None:
    office.tell(Phase.FAILED, cause='exit code 1')
    assert (office.row().outcome, office.row().cause) == (Outcome.FAILED, 'exit code 1')

    office.release()
    office.begin_again()
    office.accounts.step()

    assert office.recordings.claim(office.clock.now()) is not None


def test_a_delivered_recording_that_a_person_deleted_stays_away(office: Office) -> None:
    office.tell(Phase.FINISHED)
    office.deliver()
    Edits(office.database).delete('a')
    before = office.reports()

    for _ in range(2):
        office.begin_again()
        office.accounts.step()

    assert office.recordings.all() == []
    assert office.reports() == before


def test_starting_again_writes_nothing_about_what_is_known(office: Office) -> None:
    office.tell(Phase.FINISHED)
    office.deliver()
    before = office.database.change()

    office.begin_again()
    office.accounts.step()

    assert office.database.change() == before


def test_a_lost_database_is_written_again_without_old_news(office: Office) -> None:
    delivered, waiting = EVENT, Event('b', EVENT.start - 90_000, EVENT.end - 90_000)
    office.tell(Phase.FINISHED)
    office.deliver()
    office.journal(Phase.FINISHED, waiting)

    office.lose_the_database()
    office.accounts.step()

    assert office.row(delivered.uid).status is EventStatus.FINISHED_UPLOADING
    assert office.row(waiting.uid).status is EventStatus.FINISHED_RECORDING
    # nobody knows whether the core heard the last word about the new one; what came before is not said again
    assert office.reports() == [RecordingState.UPLOAD_FINISHED]


def test_what_was_missing_is_said_with_the_delivery(office: Office) -> None:
    journal = office.journal(Phase.FINISHED)
    journal.segments[0].started = EVENT.start + 300.0
    office.accounts.recording(journal)
    office.accounts.step()

    office.deliver()

    assert (office.row().outcome, office.row().cause) == (Outcome.DELIVERED_WITH_GAPS, 'begins 300 s late')


def test_a_recording_whose_journal_is_gone_is_failed_in_the_end(office: Office) -> None:
    office.recordings.mirror(EVENT, Said(EventStatus.RECORDING, 'recording'))
    office.clock.time += 2 * 86_400

    office.begin_again()
    office.accounts.step()

    assert (office.row().status, office.row().outcome) == (EventStatus.FAILED_RECORDING, Outcome.FAILED)
    assert 'journal' in office.row().cause


def test_nothing_is_said_about_journals_while_their_disk_is_not_there(office: Office) -> None:
    office.recordings.mirror(EVENT, Said(EventStatus.RECORDING, 'recording'))
    office.clock.time += 2 * 86_400
    office.store.marker.unlink()

    office.begin_again()
    office.accounts.step()

    assert office.row().status is EventStatus.RECORDING


def test_one_note_that_cannot_be_written_does_not_stop_the_others(office: Office) -> None:
    unwritable = Event('x', 2**70, 2**70 + 60)
    office.accounts.missed(unwritable, 'was off')
    office.accounts.recording(office.journal(Phase.FINISHED))
    for _ in range(2):
        with pytest.raises((StorageError, OverflowError)):
            office.accounts.step()
    assert office.row().status is EventStatus.FINISHED_RECORDING


def test_a_fault_is_taken_back_when_it_is_cured(office: Office) -> None:
    office.accounts.fault(Fault.PROGRAM_MISSING, 'program not found: x')
    office.accounts.step()
    assert [row.fault for row in Faults(office.database).all()] == [Fault.PROGRAM_MISSING]
    office.accounts.fault(Fault.PROGRAM_MISSING, '')
    office.accounts.step()
    assert Faults(office.database).all() == []


def test_a_backup_agent_queues_no_states(tmp_path: Path) -> None:
    """Trap 16."""
    office = Office(tmp_path, backup_mode=True)
    for phase in (Phase.RECORDING, Phase.FINISHED):
        office.tell(phase)
    office.accounts.missed(Event('b', 1, 2), 'was off')
    office.accounts.step()
    assert office.reports() == []
    office.database.close()
