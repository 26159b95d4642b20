"""Every event is accounted for, whatever is lost: the database, the time, the agent itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pyca.accounts import Accounts, Ledgers
from pyca.event import Event, Outcome
from pyca.recording.atomic import read_json, write_json
from pyca.recording.beginning import first_start
from pyca.recording.journal import FILE, Phase
from pyca.recording.missed import MISSED
from pyca.recording.schedule import ScheduleFile
from pyca.recording.store import DELIVERED
from pyca.states import EventStatus, RecordingState
from pyca.stop import Bell
from pyca.storage.counts import Counts
from pyca.storage.edits import Edit, Edits, InUse
from pyca.storage.faults import Faults
from pyca.storage.memory import Memory
from pyca.storage.recorded import Entry, Recordings
from tests.services.test_accounts_outcomes import EVENT, Office

HOUR = 3600
DAY = 24 * HOUR


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.database.close()


def event(uid: str, begins_in: int, office: Office) -> Event:
    start = int(office.clock.time) + begins_in
    return Event(uid, start, start + HOUR, f'Lecture {uid}', {'attach': [{'data': 'x' * 1000}]})


def poll(office: Office, *events: Event) -> None:
    """What the schedule service writes."""
    ScheduleFile(office.store, office.clock).write_schedule(events, office.clock.time)


def outcomes(office: Office) -> dict[str, str]:
    return {row.event.uid: row.outcome.value if row.outcome else row.phase for row in office.recordings.all()}


def remove_folder(office: Office) -> None:
    """What `delete_after_upload` does."""
    folder = office.store.folder(EVENT)
    remains = office.store.delivered(EVENT.name)
    remains.parent.mkdir(exist_ok=True)
    write_json(remains, {'recording': read_json(folder / FILE), 'upload': read_json(folder / 'upload.json')})
    shutil.rmtree(folder)


def test_what_ended_before_the_first_start_is_neither_missed_nor_reported(office: Office) -> None:
    office.accounts.step()
    office.clock.time += 10
    for before in (event('old', -2 * HOUR, office), event('just', -HOUR - 20, office)):
        office.accounts.missed(before, 'the agent was not running')
    office.accounts.missed(event('mine', -HOUR - 5, office), 'the agent was not running')

    office.accounts.step()

    assert outcomes(office) == {'mine': 'missed'}
    assert office.reports() == [RecordingState.CAPTURE_ERROR]


def test_the_first_start_is_not_lost_with_the_database(office: Office) -> None:
    office.accounts.step()
    office.clock.time += 5 * DAY
    office.lose_the_database()

    office.accounts.missed(event('while off', -2 * DAY, office), 'the agent was not running')
    office.accounts.missed(event('before', -6 * DAY, office), 'the agent was not running')
    office.accounts.step()

    assert outcomes(office) == {'while off': 'missed'}


def test_the_first_start_is_not_lost_with_the_folder(office: Office) -> None:
    office.accounts.step()
    office.clock.time += 5 * DAY
    shutil.rmtree(office.store.root)
    office.store.root.mkdir()
    office.store.marker.touch()
    office.begin_again()

    office.accounts.missed(event('while off', -2 * DAY, office), 'the agent was not running')
    office.accounts.step()

    assert outcomes(office) == {'while off': 'missed'}


@pytest.mark.parametrize(
    ('known', 'now', 'expected'),
    [
        (None, 2e9, 2e9),
        (1.9e9, 2e9, 1.9e9),
        (2e9, 1.9e9, 1.9e9),  # the clock was ahead at the first start
        (1.9e9, 100.0, 1.9e9),  # it has no battery
        (100.0, 1.9e9, 1.9e9),  # it had none at the first start
    ],
)
def test_a_wrong_clock_does_not_decide_when_the_agent_began(known: float | None, now: float, expected: float) -> None:
    assert first_start(known, now) == expected


def test_what_the_calendar_no_longer_has_when_the_agent_comes_back_was_missed(office: Office) -> None:
    """The core lists an event for an hour after its end; whoever was off for a weekend does not hear of it again."""
    office.accounts.step()
    lectures = [event(name, hours * HOUR, office) for name, hours in (('fri', 2), ('sat', 20), ('mon', 80))]
    poll(office, *lectures)
    office.clock.time += 75 * HOUR
    office.begin_again()

    poll(office, lectures[2])
    for _ in range(3):
        office.accounts.step()

    assert outcomes(office) == {'fri': 'missed', 'sat': 'missed'}
    assert {row.cause for row in office.recordings.all()} == {'the agent was not running'}
    assert office.row('sat').event.title == 'Lecture sat'
    assert office.reports() == [RecordingState.CAPTURE_ERROR] * 2


def test_what_was_dropped_before_it_began_is_no_event(office: Office) -> None:
    office.accounts.step()
    poll(office, event('dropped', HOUR, office), event('moved', 2 * HOUR, office))
    office.clock.time += HOUR - 1
    poll(office, replace(event('moved', 3 * HOUR, office)))
    office.clock.time += DAY
    poll(office)

    office.accounts.step()

    assert outcomes(office) == {'moved': 'missed'}


def test_what_was_recorded_is_not_missed_when_it_leaves_the_calendar(office: Office) -> None:
    office.accounts.step()
    office.clock.time = EVENT.start - 60.0
    poll(office, EVENT)
    office.clock.time = EVENT.end + 2.0 * HOUR
    office.tell(Phase.FINISHED)
    poll(office)

    office.accounts.step()

    assert outcomes(office) == {'a': 'finished'}


@pytest.mark.parametrize('told_anew', [False, True])
def test_a_cause_is_not_lost_with_the_database(office: Office, told_anew: bool) -> None:
    office.accounts.step()
    office.clock.time += 2 * HOUR
    late = event('late', -HOUR - 1, office)
    office.accounts.missed(late, 'the event b had the device')
    office.accounts.step()

    office.lose_the_database()
    if told_anew:  # by an agent that finds nothing of it
        office.accounts.missed(late, 'the agent was not running')
    office.accounts.step()

    assert (office.row('late').outcome, office.row('late').cause) == (Outcome.MISSED, 'the event b had the device')
    assert office.row('late').event.title == 'Lecture late'


def test_old_misses_are_no_news_after_a_loss(office: Office) -> None:
    office.accounts.step()
    office.clock.time += 2 * HOUR
    office.accounts.missed(event('late', -HOUR - 1, office), 'the agent was not running')
    office.accounts.step()

    office.clock.time += 2 * DAY
    office.lose_the_database()
    office.accounts.step()

    assert outcomes(office) == {'late': 'missed'}
    assert office.reports() == []


def test_an_event_that_a_fast_clock_called_missed_is_recorded_after_all(office: Office) -> None:
    office.accounts.step()
    office.accounts.missed(EVENT, 'the agent learned of it too late')
    office.accounts.step()

    office.tell(Phase.RECORDING)
    office.tell(Phase.FINISHED)
    office.lose_the_database()
    office.accounts.step()

    assert outcomes(office) == {'a': 'finished'}


def test_a_delivered_recording_whose_folder_is_deleted_comes_back_as_delivered(office: Office) -> None:
    journal = office.journal(Phase.FINISHED)
    journal.segments[0].started = EVENT.start + 300.0
    journal.save()
    office.accounts.recording(journal)
    office.accounts.step()
    office.deliver()
    remove_folder(office)
    before = office.row()

    office.lose_the_database()
    office.accounts.step()

    after = office.row()
    assert (after.status, after.outcome, after.cause) == (before.status, before.outcome, before.cause)
    assert (after.tracks, after.event.title) == (before.tracks, before.event.title)
    assert office.recordings.claim(office.clock.now() + DAY) is None


def test_a_delivered_recording_whose_folder_is_deleted_stays_delivered_in_a_restored_database(office: Office) -> None:
    office.tell(Phase.FINISHED)
    path = Path(office.url.removeprefix('sqlite:///'))
    office.database.close()
    shutil.copy(path, path.with_suffix('.backup'))
    office.deliver()
    remove_folder(office)

    office.lose_the_database()
    shutil.copy(path.with_suffix('.backup'), path)
    office.begin_again()
    office.accounts.step()

    assert office.row().status is EventStatus.FINISHED_UPLOADING


@pytest.mark.parametrize('loss', ['lost', 'restored'])
def test_what_was_left_out_of_an_upload_is_said_after_a_loss_as_well(office: Office, loss: str) -> None:
    office.tell(Phase.FINISHED)
    path = Path(office.url.removeprefix('sqlite:///'))
    office.database.close()
    shutil.copy(path, path.with_suffix('.backup'))
    left_out = 'not uploaded: part-0.mp4'
    office.deliver(left_out)
    before = office.row()

    office.lose_the_database()
    if loss == 'restored':
        shutil.copy(path.with_suffix('.backup'), path)
        office.begin_again()
    office.accounts.step()

    assert (before.outcome, before.cause) == (Outcome.DELIVERED_WITH_GAPS, left_out)
    assert (office.row().outcome, office.row().cause) == (Outcome.DELIVERED_WITH_GAPS, left_out)


@pytest.mark.parametrize('loss', ['lost', 'restored'])
def test_an_upload_that_a_person_has_to_decide_about_still_waits_after_a_loss(office: Office, loss: str) -> None:
    """Whether the core has it is not known: to send it again unasked may ruin the event there."""
    office.tell(Phase.FINISHED)
    path = Path(office.url.removeprefix('sqlite:///'))
    office.database.close()
    shutil.copy(path, path.with_suffix('.backup'))
    cause = 'the core does not say whether it has it'
    write_json(office.store.folder(EVENT) / 'upload.json', {'version': 1, 'held': True, 'error': cause})
    office.recordings.hold('a', EVENT.start, cause)

    office.lose_the_database()
    if loss == 'restored':
        shutil.copy(path.with_suffix('.backup'), path)
    office.accounts.step()

    assert (office.row().outcome, office.row().cause) == (Outcome.HELD, cause)
    assert office.recordings.claim(office.clock.now() + DAY) is None


def test_an_upload_whose_steps_are_damaged_still_waits_after_a_loss(office: Office) -> None:
    office.tell(Phase.FINISHED)
    (office.store.folder(EVENT) / 'upload.damaged.json').write_text('{"vers')

    office.lose_the_database()
    office.accounts.step()

    assert office.row().outcome is Outcome.HELD
    assert 'damaged' in office.row().cause


def test_another_database_that_comes_during_a_comparison_is_compared_as_well(office: Office) -> None:
    office.journal(Phase.FINISHED)

    class Replaced(Recordings):
        def entries(self) -> dict[str, Entry]:
            office.accounts.compare()  # the heartbeat has found another one
            return super().entries()

    office.accounts = Accounts(
        office.store,
        Ledgers(Replaced(office.database), Faults(office.database), Memory(office.database), Counts(office.database)),
        office.clock,
        backup_mode=False,
        bell=(bell := Bell()),
    )
    office.accounts.step()
    with office.database.write() as connection:
        connection.exec_driver_sql('DELETE FROM recorded_event')
        connection.exec_driver_sql('DELETE FROM pyca_recording')
    assert bell.wait(0)

    office.accounts.step()

    assert outcomes(office) == {'a': 'finished'}


def test_a_decision_about_a_held_upload_outlives_a_restart(office: Office) -> None:
    office.tell(Phase.FINISHED)
    write_json(office.store.folder(EVENT) / 'upload.json', {'version': 1, 'held': True, 'error': 'who knows'})
    office.recordings.hold('a', EVENT.start, 'who knows')
    office.release()

    office.begin_again()
    office.accounts.step()

    assert office.recordings.claim(office.clock.now()) is not None


def test_that_somebody_else_has_archived_an_event_is_not_lost_with_the_database(office: Office) -> None:
    file = ScheduleFile(office.store, office.clock)
    file.write_schedule([EVENT], 0.0)
    file.write_archived({'a': office.clock.time})
    office.tell(Phase.FINISHED)
    assert (office.row().outcome, office.row().status) == (Outcome.HELD, EventStatus.PAUSED_AFTER_RECORDING)

    office.lose_the_database()
    file.write_schedule([], 0.0)
    office.accounts.step()

    assert office.row().outcome is Outcome.HELD
    assert 'archived' in office.row().cause
    assert Memory(office.database).get('archived') is None


def test_after_a_final_call_of_ours_the_core_is_asked_who_archived_the_event(office: Office) -> None:
    """Its answer got lost, then the database: what the calendar lacks now is perhaps what we delivered."""
    file = ScheduleFile(office.store, office.clock)
    file.write_schedule([EVENT], 0.0)
    office.tell(Phase.FINISHED)
    write_json(office.store.folder(EVENT) / 'upload.json', {'version': 1, 'final_sent': office.clock.time})
    file.write_archived({'a': office.clock.time})

    office.lose_the_database()
    office.accounts.step()

    assert office.row().outcome is None
    assert office.recordings.claim(office.clock.now()) is not None


def test_the_start_of_a_running_recording_cannot_be_changed(office: Office) -> None:
    """It made a second row once."""
    office.tell(Phase.RECORDING)
    with pytest.raises(InUse, match='being recorded'):
        Edits(office.database).change('a', Edit(start=EVENT.start - 60))

    office.tell(Phase.FINISHED)
    office.begin_again()
    office.accounts.step()

    assert [(row.event.start, row.status) for row in office.recordings.all()] == [
        (EVENT.start, EventStatus.FINISHED_RECORDING)
    ]


def test_a_missed_event_that_a_person_deleted_stays_away(office: Office) -> None:
    office.accounts.step()
    poll(office, event('b', HOUR, office))
    office.clock.time += DAY
    poll(office)
    office.accounts.step()
    Edits(office.database).delete('b')

    office.begin_again()
    office.accounts.step()

    assert outcomes(office) == {}


def test_a_recording_that_nobody_ends_is_stated_an_hour_after_its_event_without_a_restart(office: Office) -> None:
    office.clock.time = EVENT.start + 60.0
    office.tell(Phase.RECORDING)
    shutil.rmtree(office.store.folder(EVENT))

    office.clock.time = EVENT.end + 2.0 * HOUR
    office.accounts.step()

    assert office.row().outcome is Outcome.FAILED
    assert not (office.store.root / DELIVERED).exists()


def test_a_cause_that_a_full_disk_did_not_take_outlives_the_database_all_the_same(office: Office) -> None:
    office.accounts.step()
    lecture = event('a', 60, office)
    office.clock.time += 2 * HOUR
    in_the_way = office.store.root / MISSED
    in_the_way.write_bytes(b'')
    office.accounts.missed(lecture, 'another event had the device')
    office.accounts.step()
    in_the_way.unlink()
    office.accounts.step()

    office.lose_the_database()
    office.accounts.step()

    assert office.row().cause == 'another event had the device'
