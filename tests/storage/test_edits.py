"""What people change."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca.event import Event, Track
from pyca.states import EventStatus
from pyca.storage.database import Database
from pyca.storage.edits import Edit, Edits, InUse
from pyca.storage.recorded import Recordings, Said

TRACKS = (Track('presenter/source', Path('/r/a.webm')),)


@pytest.fixture
def recordings(database: Database) -> Recordings:
    recordings = Recordings(database)
    for start in (100, 300):
        recordings.mirror(Event('a', start, start + 100), Said(EventStatus.PARTIAL_RECORDING, 'partial', TRACKS))
    recordings.mirror(Event('b', 300, 400), Said(EventStatus.RECORDING, 'recording'))
    return recordings


@pytest.mark.parametrize(
    ('edit', 'expected'),
    [
        (Edit(end=999), (300, 999, EventStatus.PARTIAL_RECORDING)),
        (Edit(start=5), (5, 400, EventStatus.PARTIAL_RECORDING)),
        (Edit(status=EventStatus.PAUSED_AFTER_RECORDING), (300, 400, EventStatus.PAUSED_AFTER_RECORDING)),
        (Edit(), (300, 400, EventStatus.PARTIAL_RECORDING)),
    ],
)
def test_only_what_was_given_changes(
    database: Database, recordings: Recordings, edit: Edit, expected: tuple[int, int, EventStatus]
) -> None:
    row = Edits(database).change('a', edit)
    assert row is not None
    assert (row.event.start, row.event.end, row.status) == expected
    assert row.name == 'recording-300-a'  # the folder keeps its name
    assert row == recordings.get('a', expected[0])


def test_the_other_recordings_of_the_event_stay(database: Database, recordings: Recordings) -> None:
    Edits(database).change('a', Edit(status=EventStatus.FINISHED_RECORDING))
    assert [(row.event.uid, row.event.start) for row in recordings.all(EventStatus.PARTIAL_RECORDING)] == [('a', 100)]


def test_setting_it_to_finished_uploads_it_now(database: Database, recordings: Recordings) -> None:
    Edits(database).change('a', Edit(status=EventStatus.FINISHED_RECORDING))
    recordings.claim(0.0)
    recordings.upload_failed('a', 300, 9e9, 'down')
    assert recordings.claim(0.0) is None
    Edits(database).change('a', Edit(status=EventStatus.FINISHED_RECORDING))
    row = recordings.claim(0.0)
    assert row is not None
    assert (row.event.uid, row.event.start, row.cause) == ('a', 300, '')


def test_an_event_that_is_not_there_is_none(database: Database, recordings: Recordings) -> None:
    assert Edits(database).change('c', Edit(end=1)) is None
    assert Edits(database).delete('c') == []


def test_all_recordings_of_an_event_are_deleted_and_told(database: Database, recordings: Recordings) -> None:
    """H57: only the folder of the first one could be found."""
    deleted = Edits(database).delete('a')
    assert [row.name for row in deleted] == ['recording-300-a', 'recording-100-a']
    assert [row.event.uid for row in recordings.all()] == ['b']


def test_a_deleted_recording_does_not_come_back_by_its_journal(database: Database, recordings: Recordings) -> None:
    Edits(database).delete('a')
    again = recordings.mirror(Event('a', 300, 400), Said(EventStatus.FINISHED_RECORDING, 'recorded', TRACKS))
    assert (again, recordings.get('a')) == (False, None)


def test_deleting_what_is_still_recording_loses_nothing(database: Database, recordings: Recordings) -> None:
    """H19: the recording ended in a missing row."""
    Edits(database).delete('b')
    recordings.mirror(Event('b', 300, 400), Said(EventStatus.FINISHED_RECORDING, 'recorded', TRACKS))
    row = recordings.get('b')
    assert row is not None
    assert row.status is EventStatus.FINISHED_RECORDING


@pytest.mark.parametrize(
    ('said', 'end'),
    [
        (Said(EventStatus.RECORDING, 'recording'), 1_700_000_500),
        (Said(EventStatus.RECORDING, 'failing'), 1_700_000_500),
        (Said(EventStatus.RECORDING, 'recording'), 1_699_999_800),
        (Said(EventStatus.PARTIAL_RECORDING, 'interrupted'), 1_700_000_500),
    ],
    ids=['recording', 'failing', 'about to finish', 'goes on when the agent is back'],
)
def test_nobody_changes_what_is_being_recorded(database: Database, said: Said, end: int) -> None:
    """H19."""
    Recordings(database).mirror(Event('r', 1_699_999_000, end), said)
    with pytest.raises(InUse, match='recorded'):
        Edits(database).change('r', Edit(status=EventStatus.FINISHED_RECORDING))
    with pytest.raises(InUse, match='recorded'):
        Edits(database).delete('r')
    row = Recordings(database).get('r')
    assert row is not None
    assert row.status is said.status


def test_nobody_changes_what_is_being_uploaded(database: Database, recordings: Recordings) -> None:
    Edits(database).change('a', Edit(status=EventStatus.FINISHED_RECORDING))
    recordings.claim(0.0)
    with pytest.raises(InUse, match='uploaded'):
        Edits(database).change('a', Edit(status=EventStatus.FINISHED_RECORDING))


def test_two_recordings_of_an_event_cannot_begin_at_once(database: Database, recordings: Recordings) -> None:
    with pytest.raises(InUse, match='another recording'):
        Edits(database).change('a', Edit(start=100))
