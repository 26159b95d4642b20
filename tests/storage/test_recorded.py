"""Recordings as capture tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca.event import Event, Outcome, Track
from pyca.states import EventStatus, RecordingState
from pyca.storage.database import Database
from pyca.storage.edits import Edit, Edits
from pyca.storage.recorded import Recorded, Recordings, Said
from pyca.storage.reports import Reports
from tests.storage.clocks import HandClock

EVENT = Event('a', 100, 200, 'Lecture', {'summary': 'Lecture'})
TRACKS = (Track('presenter/source', Path('/r/a.webm')), Track('presentation/source', Path('/r/b.webm')))


@pytest.fixture
def recordings(database: Database) -> Recordings:
    return Recordings(database)


def only(recordings: Recordings) -> Recorded:
    (recorded,) = recordings.all()
    return recorded


def reports(database: Database) -> list[RecordingState]:
    return [report.state for report in Reports(database).pending()]


def begin(recordings: Recordings, event: Event = EVENT) -> bool:
    return recordings.mirror(event, Said(EventStatus.RECORDING, 'recording'), RecordingState.CAPTURING)


def finish(recordings: Recordings, event: Event = EVENT, tracks: tuple[Track, ...] = TRACKS) -> bool:
    said = Said(EventStatus.FINISHED_RECORDING, 'recorded', tracks)
    return recordings.mirror(event, said, RecordingState.CAPTURE_FINISHED)


def test_a_recording_appears_with_all_that_is_known_of_it(recordings: Recordings) -> None:
    begin(recordings)
    finish(recordings)
    assert only(recordings) == Recorded(
        event=EVENT,
        status=EventStatus.FINISHED_RECORDING,
        tracks=TRACKS,
        name='recording-100-a',
        phase='recorded',
        outcome=None,
        cause='',
        attempts=0,
        next_try=None,
        sent=0,
        total=0,
        ours=True,
    )


def test_each_phase_is_reported_once(database: Database, recordings: Recordings) -> None:
    assert [begin(recordings), begin(recordings), finish(recordings), finish(recordings)] == [True, False, True, False]
    assert reports(database) == [RecordingState.CAPTURING, RecordingState.CAPTURE_FINISHED]


def test_repeating_what_is_known_writes_nothing(database: Database, recordings: Recordings) -> None:
    finish(recordings)
    before = database.change()
    finish(recordings)
    assert database.change() == before


@pytest.mark.parametrize(
    ('event', 'tracks'),
    [
        (Event('a', 100, 250, 'Lecture', EVENT.data), TRACKS),
        (Event('a', 100, 200, 'Renamed', EVENT.data), TRACKS),
        (EVENT, TRACKS[:1]),
    ],
)
def test_a_changed_end_title_or_file_is_news_but_no_report(
    database: Database, recordings: Recordings, event: Event, tracks: tuple[Track, ...]
) -> None:
    finish(recordings)
    assert finish(recordings, event, tracks)
    assert (only(recordings).event, only(recordings).tracks) == (event, tracks)
    assert reports(database) == [RecordingState.CAPTURE_FINISHED]


@pytest.mark.parametrize(
    'status',
    [
        EventStatus.UPLOADING,
        EventStatus.FAILED_UPLOADING,
        EventStatus.FINISHED_UPLOADING,
        EventStatus.PAUSED_AFTER_RECORDING,
    ],
)
def test_what_is_beyond_capture_is_not_moved_back(
    recordings: Recordings, database: Database, status: EventStatus
) -> None:
    """H4: one event was recorded, uploaded, recorded again."""
    finish(recordings)
    Edits(database).change('a', Edit(status=status))
    assert not begin(recordings)
    assert not finish(recordings)
    assert only(recordings).status is status


def test_the_files_of_a_paused_recording_are_still_brought_in(recordings: Recordings, database: Database) -> None:
    begin(recordings)
    Edits(database).change('a', Edit(status=EventStatus.PAUSED_AFTER_RECORDING))
    finish(recordings)
    assert (only(recordings).status, only(recordings).tracks) == (EventStatus.PAUSED_AFTER_RECORDING, TRACKS)


def test_a_status_that_a_person_chose_outlasts_a_restart_of_capture(recordings: Recordings, database: Database) -> None:
    recordings.mirror(EVENT, Said(EventStatus.PARTIAL_RECORDING, 'partial', TRACKS))
    Edits(database).change('a', Edit(status=EventStatus.FINISHED_RECORDING))
    assert not recordings.mirror(EVENT, Said(EventStatus.PARTIAL_RECORDING, 'partial', TRACKS))
    assert only(recordings).status is EventStatus.FINISHED_RECORDING


def test_a_status_that_a_person_chose_outlasts_other_news_of_the_journal(
    recordings: Recordings, database: Database
) -> None:
    recordings.mirror(EVENT, Said(EventStatus.PARTIAL_RECORDING, 'partial', TRACKS))
    Edits(database).change('a', Edit(status=EventStatus.FINISHED_RECORDING))
    assert recordings.mirror(EVENT, Said(EventStatus.PARTIAL_RECORDING, 'partial', TRACKS[:1]))
    assert (only(recordings).status, only(recordings).tracks) == (EventStatus.FINISHED_RECORDING, TRACKS[:1])


def test_a_change_of_one_event_leaves_another_with_the_same_start_alone(recordings: Recordings) -> None:
    """H49: both changed."""
    begin(recordings)
    begin(recordings, Event('b', 100, 200))
    finish(recordings)
    recordings.hold('a', 100, 'archived')
    assert [(row.event.uid, row.status) for row in recordings.all()] == [
        ('a', EventStatus.PAUSED_AFTER_RECORDING),
        ('b', EventStatus.RECORDING),
    ]


def test_recordings_are_listed_newest_first(recordings: Recordings) -> None:
    for start in (100, 300, 200):
        begin(recordings, Event('a', start, start + 50))
    finish(recordings, Event('a', 300, 350))
    assert [row.event.start for row in recordings.all()] == [300, 200, 100]
    assert [row.event.start for row in recordings.all(limit=2)] == [300, 200]
    assert [row.event.start for row in recordings.all(EventStatus.RECORDING)] == [200, 100]


def test_one_recording_can_be_asked_for(recordings: Recordings) -> None:
    for start in (100, 300, 200):
        begin(recordings, Event('a', start, start + 50))
    assert [row.event.start for row in (recordings.get('a'), recordings.get('a', 100)) if row] == [300, 100]
    assert recordings.get('b') is None
    assert recordings.get('a', 101) is None


def test_every_status_is_counted(recordings: Recordings) -> None:
    begin(recordings)
    begin(recordings, Event('b', 1, 2))
    finish(recordings, Event('c', 1, 2))
    counts = recordings.counts()
    assert set(counts) == set(EventStatus)
    assert {status: count for status, count in counts.items() if count} == {
        EventStatus.RECORDING: 2,
        EventStatus.FINISHED_RECORDING: 1,
    }


def test_a_missed_event_gets_its_row_by_its_outcome(database: Database, recordings: Recordings) -> None:
    for _ in range(2):
        said = Said(EventStatus.FAILED_RECORDING, 'missed', outcome=Outcome.MISSED, cause='was off')
        recordings.mirror(EVENT, said, RecordingState.CAPTURE_ERROR)
    row = only(recordings)
    assert (row.event, row.status, row.outcome, row.cause) == (
        EVENT,
        EventStatus.FAILED_RECORDING,
        Outcome.MISSED,
        'was off',
    )
    assert reports(database) == [RecordingState.CAPTURE_ERROR]


def test_a_hold_keeps_the_files(recordings: Recordings) -> None:
    finish(recordings)
    recordings.hold('a', 100, 'archived')
    assert (only(recordings).tracks, only(recordings).phase) == (TRACKS, 'held')


def test_a_failed_recording_that_begins_again_is_recording(recordings: Recordings, clock: HandClock) -> None:
    begin(recordings)
    recordings.mirror(EVENT, Said(EventStatus.FAILED_RECORDING, 'failed'), RecordingState.CAPTURE_ERROR)
    assert begin(recordings)
    assert only(recordings).status is EventStatus.RECORDING


def test_an_event_that_was_called_missed_too_early_is_missed_no_more(recordings: Recordings) -> None:
    # given a clock that ran ahead and was put right before the event
    recordings.mirror(EVENT, Said(EventStatus.FAILED_RECORDING, 'missed', outcome=Outcome.MISSED, cause='too late'))

    begin(recordings)

    recorded = only(recordings)
    assert recorded.status is EventStatus.RECORDING
    assert (recorded.outcome, recorded.cause) == (None, '')
