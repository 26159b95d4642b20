"""The queue of uploads."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from sqlalchemy import insert

from pyca.event import Event, Outcome
from pyca.states import ADOPTED, EventStatus, RecordingState
from pyca.storage.database import Database
from pyca.storage.edits import Edit, Edits, InUse
from pyca.storage.recorded import Recordings, Said
from pyca.storage.reports import Reports
from pyca.storage.tables import recorded_event
from tests.storage.clocks import HandClock

NOW = 1000.0


@pytest.fixture
def recordings(database: Database) -> Recordings:
    return Recordings(database)


def recorded(recordings: Recordings, uid: str, start: int = 100, end: int = 200) -> None:
    recordings.mirror(Event(uid, start, end), Said(EventStatus.FINISHED_RECORDING, 'recorded'))


def of_old_code(database: Database, uid: str, status: EventStatus, end: int = 200) -> None:
    row = {'uid': uid, 'start': 100, 'end': end, 'data': b'{}', 'status': int(status)}
    with database.write() as connection:
        connection.execute(insert(recorded_event).values(row))


def claimed(recordings: Recordings, now: float = NOW) -> str | None:
    row = recordings.claim(now)
    return None if row is None else row.event.uid


def status(recordings: Recordings, uid: str) -> EventStatus | None:
    row = recordings.get(uid)
    return None if row is None else row.status


def reports(database: Database) -> list[RecordingState]:
    return [report.state for report in Reports(database).pending()]


def test_the_recording_that_ended_first_is_claimed_first(recordings: Recordings) -> None:
    recorded(recordings, 'long', 100, 400)
    recorded(recordings, 'short', 200, 300)
    first = recordings.claim(NOW)
    assert first is not None
    assert (first.event.uid, first.status) == ('short', EventStatus.UPLOADING)
    assert [claimed(recordings), claimed(recordings)] == ['long', None]
    assert {row.event.uid for row in recordings.claimed()} == {'long', 'short'}


def test_nothing_to_claim_is_no_write(database: Database, recordings: Recordings) -> None:
    recordings.mirror(Event('a', 1, 2), Said(EventStatus.PARTIAL_RECORDING, 'partial'))
    before = database.change()
    assert recordings.claim(NOW) is None
    assert recordings.next_due() is None
    assert database.change() == before


def test_each_recording_is_claimed_once_by_however_many(url: str, clock: HandClock, recordings: Recordings) -> None:
    names = [f'event {number}' for number in range(12)]
    for name in names:
        recorded(recordings, name)
    taken: Counter[str] = Counter()
    start = threading.Barrier(6)

    def take(database: Database) -> None:
        start.wait(60)
        while (uid := claimed(Recordings(database))) is not None:
            taken[uid] += 1
        database.close()

    threads = [threading.Thread(target=take, args=(Database(url, clock, timeout=60),)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == Counter(names)


def test_a_failed_upload_waits_until_it_is_due(recordings: Recordings) -> None:
    recorded(recordings, 'a')
    recordings.claim(NOW)
    recordings.upload_failed('a', 100, NOW + 60, 'no route to the core')
    assert recordings.next_due() == NOW + 60
    assert claimed(recordings, NOW + 59) is None
    again = recordings.claim(NOW + 60)
    assert again is not None
    assert (again.attempts, again.cause, again.phase) == (1, 'no route to the core', 'waiting')


def test_a_new_recording_is_due_at_once(recordings: Recordings) -> None:
    recorded(recordings, 'a')
    recordings.claim(NOW)
    recordings.upload_failed('a', 100, NOW + 60, '')
    recorded(recordings, 'b')
    assert recordings.next_due() == 0


def test_a_series_of_failures_is_reported_once(database: Database, recordings: Recordings) -> None:
    """H32: the core was told first, and without its answer the row stayed "uploading"."""
    recorded(recordings, 'a')
    for number in range(3):
        recordings.claim(NOW + number)
        recordings.upload_failed('a', 100, NOW, 'down')
    assert reports(database) == [RecordingState.UPLOAD_ERROR]
    recordings.claim(NOW + 3)
    recordings.uploading('a', 100, NOW)
    recordings.uploading('a', 100, NOW)
    recordings.upload_failed('a', 100, NOW, 'down')
    expected = [RecordingState.UPLOAD_ERROR, RecordingState.UPLOADING, RecordingState.UPLOAD_ERROR]
    assert reports(database) == expected
    assert [row.attempts for row in recordings.all()] == [4]


def test_an_accepted_upload_is_delivered_and_reported_once(database: Database, recordings: Recordings) -> None:
    recorded(recordings, 'a')
    recordings.claim(NOW)
    for _ in range(2):
        recordings.uploaded('a', 100, NOW)
    row = recordings.get('a')
    assert row is not None
    assert (row.status, row.outcome, row.phase) == (EventStatus.FINISHED_UPLOADING, Outcome.DELIVERED, 'delivered')
    assert reports(database) == [RecordingState.UPLOAD_FINISHED]
    assert claimed(recordings) is None


def test_gaps_are_not_forgotten_by_the_delivery(recordings: Recordings) -> None:
    said = Said(EventStatus.FINISHED_RECORDING, 'recorded', flaws='20 s are missing', gaps=True)
    recordings.mirror(Event('a', 100, 200), said)
    recordings.claim(NOW)
    recordings.upload_failed('a', 100, NOW, 'down')
    recordings.claim(NOW)
    recordings.uploading('a', 100, NOW)
    recordings.uploaded('a', 100, NOW)
    row = recordings.get('a')
    assert row is not None
    assert (row.outcome, row.cause) == (Outcome.DELIVERED_WITH_GAPS, '20 s are missing')


def test_progress_is_kept_in_bytes(recordings: Recordings) -> None:
    recorded(recordings, 'a')
    recordings.progress('a', 100, 5 * 10**9, 9 * 10**9)
    row = recordings.get('a')
    assert row is not None
    assert (row.sent, row.total) == (5 * 10**9, 9 * 10**9)


def test_a_held_recording_waits_for_a_person(recordings: Recordings) -> None:
    recorded(recordings, 'a')
    recordings.claim(NOW)
    recordings.hold('a', 100, 'archived by somebody')
    row = recordings.get('a')
    assert row is not None
    assert (row.status, row.outcome, row.cause) == (
        EventStatus.PAUSED_AFTER_RECORDING,
        Outcome.HELD,
        'archived by somebody',
    )
    assert claimed(recordings) is None


@pytest.mark.parametrize(('failures', 'back'), [(0, EventStatus.FINISHED_RECORDING), (1, EventStatus.FAILED_UPLOADING)])
def test_a_claimed_upload_can_be_put_back_for_later(recordings: Recordings, failures: int, back: EventStatus) -> None:
    recorded(recordings, 'a')
    for _ in range(failures):
        recordings.claim(NOW)
        recordings.upload_failed('a', 100, NOW, '')
    recordings.claim(NOW)
    recordings.delay('a', 100, NOW + 30)
    assert status(recordings, 'a') is back
    assert claimed(recordings, NOW + 29) is None
    again = recordings.claim(NOW + 30)
    assert again is not None
    assert again.next_try == NOW + 30


def test_a_failure_does_not_overrule_a_person(recordings: Recordings) -> None:
    recorded(recordings, 'a')
    recordings.claim(NOW)
    recordings.hold('a', 100, 'wait')
    recordings.upload_failed('a', 100, NOW, 'down')
    assert status(recordings, 'a') is EventStatus.PAUSED_AFTER_RECORDING


def test_what_an_interrupted_upload_left_is_found_again(recordings: Recordings, url: str, clock: HandClock) -> None:
    """H24: it was never picked up."""
    recorded(recordings, 'a')
    recordings.claim(NOW)
    after_the_crash = Database(url, clock)
    assert [row.event.uid for row in Recordings(after_the_crash).claimed()] == ['a']
    after_the_crash.close()


@pytest.mark.parametrize('status_before', [EventStatus.FAILED_UPLOADING, EventStatus.PARTIAL_RECORDING])
def test_stuck_rows_of_old_code_are_left_for_a_decision(
    database: Database, recordings: Recordings, status_before: EventStatus
) -> None:
    of_old_code(database, 'old', status_before)
    assert claimed(recordings) is None
    assert recordings.next_due() is None


def test_a_row_of_old_code_that_is_to_be_uploaded_is(database: Database, recordings: Recordings) -> None:
    of_old_code(database, 'old', EventStatus.FINISHED_RECORDING)
    row = recordings.claim(NOW)
    assert row is not None
    assert (row.event.uid, row.ours, row.name) == ('old', True, 'recording-100-old')
    recordings.upload_failed('old', 100, NOW, 'down')
    assert claimed(recordings) == 'old'


def test_only_begun_uploads_of_old_code_within_the_time_are_adopted(database: Database, recordings: Recordings) -> None:
    """Peers C21."""
    of_old_code(database, 'too old', EventStatus.FAILED_UPLOADING, 150)
    of_old_code(database, 'failed', EventStatus.FAILED_UPLOADING, 200)
    of_old_code(database, 'broken off', EventStatus.UPLOADING, 300)
    of_old_code(database, 'of the future', EventStatus.UPLOADING, 400)
    of_old_code(database, 'partial', EventStatus.PARTIAL_RECORDING, 250)
    recorded(recordings, 'ours', 100, 250)
    recordings.claim(NOW)

    assert recordings.adopt(200, 300) == 2
    assert recordings.adopt(200, 300) == 0
    assert [row.event.uid for row in recordings.claimed() if row.ours] == ['ours']
    assert [claimed(recordings), claimed(recordings), claimed(recordings)] == ['failed', 'broken off', None]
    row = recordings.get('failed')
    assert row is not None
    assert row.phase == ADOPTED


def test_the_core_hears_that_an_upload_will_not_go_on_by_itself(database: Database, recordings: Recordings) -> None:
    recorded(recordings, 'a')
    recordings.claim(NOW)
    recordings.uploading('a', 100, NOW)
    for _ in range(2):
        recordings.hold('a', 100, 'the core lost the files')
    assert reports(database) == [RecordingState.UPLOADING, RecordingState.UPLOAD_ERROR]


def test_a_recording_that_was_deleted_meanwhile_is_not_delivered(database: Database, recordings: Recordings) -> None:
    recorded(recordings, 'a')
    recordings.claim(NOW)
    Edits(database).delete('a')
    recordings.uploaded('a', 100, NOW)
    recordings.hold('a', 100, 'wait')
    assert recordings.all() == []
    assert reports(database) == []


def test_a_claim_ends_when_a_person_deletes_the_recording(database: Database, recordings: Recordings) -> None:
    recorded(recordings, 'a')
    assert not recordings.is_claimed('a', 100)
    recordings.claim(NOW)
    assert recordings.is_claimed('a', 100)
    with pytest.raises(InUse):
        Edits(database).change('a', Edit(status=EventStatus.PAUSED_AFTER_RECORDING))
    assert recordings.is_claimed('a', 100)
    Edits(database).delete('a')
    assert not recordings.is_claimed('a', 100)


def test_what_waits_says_why_until_it_is_begun(recordings: Recordings) -> None:
    recorded(recordings, 'a')
    recordings.delay('a', 100, NOW + 30, 'waits for its hours')
    assert recordings.all()[0].cause == 'waits for its hours'
    recordings.delay('a', 100, NOW)
    assert recordings.all()[0].cause == 'waits for its hours'
    assert claimed(recordings) == 'a'
    recordings.uploading('a', 100, NOW)
    assert recordings.all()[0].cause == ''
    recordings.progress('a', 100, 1, 2, 'waits until the recording is over')
    recordings.progress('a', 100, 1, 2)
    assert recordings.all()[0].cause == 'waits until the recording is over'
    recordings.progress('a', 100, 2, 2, '')
    assert recordings.all()[0].cause == ''
