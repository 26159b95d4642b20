"""The accounts: folders are the truth, the database follows, whatever happens to it. All of it is real."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pyca.accounts import Accounts, Ledgers
from pyca.errors import StorageError
from pyca.event import UNSCHEDULED, Event, Outcome
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
from pyca.storage.recorded import Recorded, Recordings
from pyca.storage.reports import Reports
from tests.storage.clocks import HandClock

FLAVOR = 'presenter/source'
START = 1_700_000_000


class Agent:
    """One installation: a recordings folder, a database, the accounts between them."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.path = folder / 'pyca.db'
        self.store = Store(folder / 'recordings')
        self.store.prepare()
        self.database = Database(f'sqlite:///{self.path}', self.clock, timeout=0.05)
        self.recordings = Recordings(self.database)
        self.reports = Reports(self.database)
        self.memory = Memory(self.database)
        self.faults = Faults(self.database)
        self.written = 0
        self.accounts = self.begin()

    def begin(self, *, backup_mode: bool = False) -> Accounts:
        """The accounts of an agent that has just been started."""
        ledgers = Ledgers(self.recordings, self.faults, self.memory, Counts(self.database), self._count)
        self.accounts = Accounts(self.store, ledgers, self.clock, backup_mode=backup_mode, bell=Bell())
        return self.accounts

    def _count(self) -> None:
        self.written += 1

    def journal(self, phase: Phase = Phase.FINISHED, uid: str = 'e1', **more: Any) -> Journal:
        """A recording on the disk."""
        event = Event(uid, START, START + 3600, 'Lecture', {'summary': 'Lecture'})
        folder = self.store.make(event)
        (folder / 'camera.mp4').write_bytes(b'picture and tone')
        over: dict[str, Any] = {'ended': START + 3600.0, 'status': 0, 'end': End.GOOD} if phase.over else {}
        segment = Segment(1, float(START), START + 3600, ['camera.mp4'], started=float(START), **over)
        journal = Journal(folder, event, (FLAVOR,), phase, [segment], **more)
        journal.save()
        return journal

    def tell(self, *journals: Journal) -> None:
        for journal in journals:
            self.accounts.recording(journal.copy())
        self.accounts.step()

    def row(self, uid: str = 'e1') -> Recorded:
        row = self.recordings.get(uid)
        assert row is not None
        return row

    def states(self) -> list[RecordingState]:
        """What waits to be told to the core."""
        return [report.state for report in self.reports.pending()]

    def upload(self, journal: Journal) -> None:
        """What the ingest service does with it, the core being willing."""
        claimed = self.recordings.claim(self.clock.now())
        assert claimed is not None
        self.recordings.uploading('e1', START, self.clock.now())
        write_json(journal.folder / 'upload.json', {'version': 1, 'accepted': self.clock.now()})
        self.recordings.uploaded('e1', START, self.clock.now())

    def tell_core(self) -> None:
        """The agentstate service has told the core all there was."""
        for report in self.reports.pending():
            self.reports.sent(report.id)

    def copy(self) -> Path:
        """A backup of the database as it is."""
        target = self.path.with_suffix('.backup')
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        return target

    def restore(self, copy: Path) -> None:
        """Put a backup in the place of the database, as an administrator does while the agent runs."""
        shutil.copy(copy, copy.with_suffix('.new'))
        copy.with_suffix('.new').replace(self.path)


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    agent = Agent(tmp_path)
    yield agent
    agent.database.close()


@pytest.mark.parametrize(
    ('phase', 'status', 'report'),
    [
        (Phase.RECORDING, EventStatus.RECORDING, RecordingState.CAPTURING),
        (Phase.FAILING, EventStatus.RECORDING, RecordingState.CAPTURE_ERROR),
        (Phase.INTERRUPTED, EventStatus.PARTIAL_RECORDING, RecordingState.CAPTURE_ERROR),
        (Phase.FINISHED, EventStatus.FINISHED_RECORDING, RecordingState.CAPTURE_FINISHED),
        (Phase.FAILED, EventStatus.FAILED_RECORDING, RecordingState.CAPTURE_ERROR),
    ],
)
def test_a_journal_reaches_the_database_and_the_queue_for_the_core(
    agent: Agent, phase: Phase, status: EventStatus, report: RecordingState
) -> None:
    agent.tell(agent.journal(phase))

    assert agent.row().status is status
    assert agent.states() == [report]
    assert agent.written == 1


@pytest.mark.parametrize('phase', [Phase.WAITING, Phase.CANCELLED])
def test_what_never_began_is_not_in_the_database(agent: Agent, phase: Phase) -> None:
    agent.tell(agent.journal(phase))

    assert agent.recordings.all() == []
    assert agent.states() == []


def test_a_state_is_queued_once_however_often_it_is_told(agent: Agent) -> None:
    journal = agent.journal(Phase.RECORDING)
    for _ in range(3):
        agent.tell(journal)
    for _ in range(3):
        agent.tell(replace(journal, phase=Phase.INTERRUPTED), replace(journal, phase=Phase.FINISHED))

    assert agent.states() == [RecordingState.CAPTURING, RecordingState.CAPTURE_FINISHED]


def test_what_cannot_be_written_while_the_database_is_locked_is_written_later(agent: Agent) -> None:
    agent.accounts.step()
    with closing(sqlite3.connect(agent.path)) as other:
        other.execute('BEGIN IMMEDIATE')
        with pytest.raises(StorageError):
            agent.tell(agent.journal(uid='e1'), agent.journal(uid='e2'))
        assert agent.recordings.all() == []

    agent.accounts.step()

    assert {row.event.uid for row in agent.recordings.all()} == {'e1', 'e2'}


def test_telling_neither_waits_nor_fails_without_a_database(agent: Agent) -> None:
    shutil.rmtree(agent.store.root)
    agent.path.mkdir()

    agent.accounts.recording(Journal(agent.store.root / 'gone', Event('e1', START, START + 60), (FLAVOR,)))
    agent.accounts.missed(Event('e2', START, START + 60), 'the agent was not running')
    agent.accounts.fault(Fault.FOLDER_UNUSABLE, 'Nothing can be recorded.')
    agent.accounts.close()

    assert agent.path.is_dir()


def test_a_lost_database_is_written_again_from_the_folders(agent: Agent) -> None:
    agent.tell(agent.journal(uid='e1'), agent.journal(Phase.FAILED, uid='e2', cause='the recorder could not start'))
    for path in agent.path.parent.glob('pyca.db*'):
        path.unlink()

    agent.accounts.compare()
    agent.accounts.step()

    assert (agent.row('e1').status, agent.row('e2').status) == (
        EventStatus.FINISHED_RECORDING,
        EventStatus.FAILED_RECORDING,
    )
    assert agent.row('e2').cause == 'the recorder could not start'
    assert [track.flavor for track in agent.row('e1').tracks] == [FLAVOR]


@pytest.mark.parametrize(
    ('backup_mode', 'status'), [(True, EventStatus.PAUSED_AFTER_RECORDING), (False, EventStatus.FINISHED_RECORDING)]
)
def test_what_was_begun_on_the_spot_is_held_by_a_backup_agent_only(
    agent: Agent, backup_mode: bool, status: EventStatus
) -> None:
    agent.begin(backup_mode=backup_mode)
    journal = agent.journal()
    journal.event = replace(journal.event, data={UNSCHEDULED: True})
    agent.tell(journal)
    assert agent.row('e1').status is status
    assert agent.reports.pending() == []


def test_what_was_recorded_after_a_backup_is_there_when_it_has_been_restored(agent: Agent) -> None:
    journal = agent.journal(Phase.RECORDING, uid='e1')
    agent.tell(journal)
    backup = agent.copy()
    agent.tell(agent.journal(Phase.FINISHED, uid='e1'), agent.journal(uid='e2'))

    agent.restore(backup)
    agent.accounts.compare()
    agent.accounts.step()

    assert agent.row('e1').status is EventStatus.FINISHED_RECORDING
    assert agent.row('e2').status is EventStatus.FINISHED_RECORDING


@pytest.mark.parametrize('moment', ['before the recording', 'while recording', 'before the upload', 'while uploading'])
def test_nothing_is_uploaded_twice_after_a_backup_has_been_restored(agent: Agent, moment: str) -> None:
    agent.accounts.step()
    copies = {'before the recording': agent.copy()}
    copies['before the recording'].rename(agent.path.with_suffix('.before'))
    copies['before the recording'] = agent.path.with_suffix('.before')
    agent.tell(agent.journal(Phase.RECORDING))
    if moment == 'while recording':
        copies[moment] = agent.copy()
    journal = agent.journal(Phase.FINISHED)
    agent.tell(journal)
    if moment == 'before the upload':
        copies[moment] = agent.copy()
    if moment == 'while uploading':
        agent.recordings.claim(agent.clock.now())
        copies[moment] = agent.copy()
        agent.recordings.delay('e1', START, agent.clock.now())
    agent.upload(journal)

    agent.restore(copies[moment])
    agent.accounts.compare()
    agent.accounts.step()

    assert agent.row().status is EventStatus.FINISHED_UPLOADING
    assert agent.row().outcome is Outcome.DELIVERED
    assert agent.recordings.claim(agent.clock.now() + 86400) is None


def test_a_new_start_writes_nothing_when_all_is_written(agent: Agent) -> None:
    journal = agent.journal()
    agent.tell(journal)
    agent.upload(journal)
    agent.tell(agent.journal(Phase.FAILED, uid='e2'), agent.journal(uid='e3', held='cancelled in the core'))
    before = agent.database.change()

    agent.begin().step()

    assert agent.database.change() == before


@pytest.mark.parametrize('delivered', [False, True], ids=['recorded', 'delivered'])
@pytest.mark.parametrize('held', ['', 'cancelled in the core'])
def test_a_recording_that_a_person_deleted_stays_deleted(agent: Agent, delivered: bool, held: str) -> None:
    journal = agent.journal(held=held)
    agent.tell(journal)
    if delivered:
        Edits(agent.database).change('e1', Edit(status=EventStatus.FINISHED_RECORDING))
        agent.upload(journal)
    agent.tell_core()
    Edits(agent.database).delete('e1')

    for _ in range(3):
        agent.begin().step()

    assert agent.recordings.all() == []
    assert agent.states() == []


@pytest.mark.parametrize(('backup_mode', 'held'), [(False, 'cancelled in the core'), (True, '')])
def test_a_held_recording_waits_for_a_person(agent: Agent, backup_mode: bool, held: str) -> None:
    agent.begin(backup_mode=backup_mode)

    agent.tell(agent.journal(held=held))

    assert agent.row().status is EventStatus.PAUSED_AFTER_RECORDING
    assert (agent.row().outcome, agent.row().cause) == (Outcome.HELD, held or 'backup mode')
    assert agent.recordings.claim(agent.clock.now()) is None


@pytest.mark.parametrize(('backup_mode', 'held'), [(False, 'cancelled in the core'), (True, '')])
@pytest.mark.parametrize('delivered', [False, True], ids=['released', 'delivered'])
def test_a_person_who_released_a_held_recording_is_not_overruled_by_a_restart(
    agent: Agent, backup_mode: bool, held: str, delivered: bool
) -> None:
    agent.begin(backup_mode=backup_mode)
    journal = agent.journal(held=held)
    agent.tell(journal)
    Edits(agent.database).change('e1', Edit(status=EventStatus.FINISHED_RECORDING))
    if delivered:
        agent.upload(journal)
    agent.tell_core()
    before = agent.row()

    for _ in range(2):
        agent.begin(backup_mode=backup_mode).step()

    assert agent.row() == before
    assert agent.states() == []


def test_a_person_who_wants_a_failed_recording_is_not_overruled_by_a_restart(agent: Agent) -> None:
    agent.tell(agent.journal(Phase.FAILED, cause='the disk was full'))
    assert (agent.row().outcome, agent.row().cause) == (Outcome.FAILED, 'the disk was full')
    Edits(agent.database).change('e1', Edit(status=EventStatus.FINISHED_RECORDING))

    agent.begin().step()

    assert agent.row().status is EventStatus.FINISHED_RECORDING
    assert agent.recordings.claim(agent.clock.now()) is not None


def test_a_recording_keeps_its_one_row_after_a_person_changed_its_start(agent: Agent) -> None:
    journal = agent.journal()
    agent.tell(journal)
    Edits(agent.database).change('e1', Edit(start=START - 60, status=EventStatus.FINISHED_RECORDING))

    agent.begin().step()

    assert [row.event.start for row in agent.recordings.all()] == [START - 60]


def test_a_recording_of_an_event_that_somebody_else_archived_is_held(agent: Agent) -> None:
    agent.tell(agent.journal(Phase.RECORDING))
    agent.memory.put('archived', {'e1': agent.clock.now()})

    agent.tell(agent.journal(Phase.FINISHED))

    assert agent.row().status is EventStatus.PAUSED_AFTER_RECORDING
    assert 'archived' in agent.row().cause


def test_a_missed_event_is_stated_once_with_its_cause(agent: Agent) -> None:
    event = Event('e1', START, START + 3600, 'Lecture')

    for _ in range(3):
        agent.accounts.missed(event, 'the agent was not running')
        agent.accounts.step()

    assert agent.row().status is EventStatus.FAILED_RECORDING
    assert (agent.row().outcome, agent.row().cause) == (Outcome.MISSED, 'the agent was not running')
    assert agent.states() == [RecordingState.CAPTURE_ERROR]


def test_an_event_that_was_recorded_is_not_called_missed(agent: Agent) -> None:
    journal = agent.journal()
    agent.tell(journal)

    agent.accounts.missed(journal.event, 'the agent was not running')
    agent.accounts.step()

    assert agent.row().outcome is not Outcome.MISSED


def test_a_backup_agent_has_nothing_to_tell_the_core(agent: Agent) -> None:
    agent.begin(backup_mode=True)
    agent.tell(agent.journal(Phase.RECORDING))
    agent.tell(agent.journal(Phase.FINISHED))
    agent.accounts.missed(Event('e2', START, START + 60), 'the agent was not running')
    agent.accounts.step()

    assert agent.states() == []


def test_a_fault_is_stated_while_it_lasts(agent: Agent) -> None:
    agent.accounts.fault(Fault.PROGRAM_MISSING, 'There is no ffmpeg.')
    agent.accounts.step()
    assert [(row.fault, row.text) for row in agent.faults.all()] == [(Fault.PROGRAM_MISSING, 'There is no ffmpeg.')]

    agent.accounts.fault(Fault.PROGRAM_MISSING, '')
    agent.accounts.step()
    assert agent.faults.all() == []


def test_a_fault_of_the_last_run_is_taken_back(agent: Agent) -> None:
    agent.accounts.fault(Fault.PROGRAM_MISSING, 'There is no ffmpeg.')
    agent.accounts.step()

    agent.begin().step()

    assert agent.faults.all() == []
