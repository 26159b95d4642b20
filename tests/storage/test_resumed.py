"""The rows of recordings that go on after they were over."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca.event import Event, Outcome, Track
from pyca.states import EventStatus, RecordingState
from pyca.storage.database import Database
from pyca.storage.edits import Edit, Edits
from pyca.storage.recorded import Recorded, Recordings, Said
from pyca.storage.reports import Reports

EVENT = Event('a', 100, 200, 'Lecture')
LONGER = Event('a', 100, 300, 'Lecture')
ONE = (Track('presenter/source', Path('/r/a.webm')),)
TWO = (*ONE, Track('presenter/source', Path('/r/b.webm')))


@pytest.fixture
def recordings(database: Database) -> Recordings:
    """One recording that is over."""
    recordings = Recordings(database)
    recordings.mirror(EVENT, Said(EventStatus.RECORDING, 'recording'), RecordingState.CAPTURING)
    recordings.mirror(EVENT, Said(EventStatus.FINISHED_RECORDING, 'finished', ONE), RecordingState.CAPTURE_FINISHED)
    return recordings


def goes_on(recordings: Recordings) -> bool:
    said = Said(EventStatus.RECORDING, 'recording', ONE, resumed=True)
    return recordings.mirror(LONGER, said, RecordingState.CAPTURING)


def is_over(recordings: Recordings) -> bool:
    said = Said(EventStatus.FINISHED_RECORDING, 'finished', TWO, cause='in 2 parts', resumed=True)
    return recordings.mirror(LONGER, said, RecordingState.CAPTURE_FINISHED)


def only(recordings: Recordings) -> Recorded:
    (recorded,) = recordings.all()
    return recorded


def states(database: Database) -> list[str]:
    return [report.state.value for report in Reports(database).pending()]


WHOLE = ['capturing', 'capture_finished', 'capturing', 'capture_finished']


def test_one_that_waits_for_its_upload_goes_on(recordings: Recordings, database: Database) -> None:
    assert goes_on(recordings)
    assert (only(recordings).status, only(recordings).event.end) == (EventStatus.RECORDING, 300)
    assert recordings.claim(0.0) is None

    assert is_over(recordings)
    claimed = recordings.claim(0.0)
    assert claimed is not None
    assert claimed.tracks == TWO
    assert states(database) == WHOLE


@pytest.mark.parametrize('who', ['capture first', 'ingest first', 'after a failure'])
def test_one_whose_upload_was_begun_goes_on(recordings: Recordings, database: Database, who: str) -> None:
    assert recordings.claim(0.0) is not None
    recordings.progress('a', 100, 5, 10)
    if who == 'ingest first':
        recordings.resumed('a', 100)
    elif who == 'after a failure':
        recordings.upload_failed('a', 100, 9e9, 'the core is away')
    goes_on(recordings)
    recordings.resumed('a', 100)

    now = only(recordings)
    assert (now.status, now.phase, now.attempts, now.next_try, now.sent) == (
        EventStatus.RECORDING,
        'recording',
        0,
        None,
        0,
    )
    recordings.uploading('a', 100, 1.0)  # what the upload had still to say
    assert only(recordings).phase == 'recording'
    is_over(recordings)
    assert recordings.claim(0.0) is not None
    assert [state for state in states(database) if state != 'upload_error'] == WHOLE


def test_one_that_was_held_since_it_was_cancelled_goes_on(database: Database) -> None:
    recordings = Recordings(database)
    held = Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', ONE, Outcome.HELD, 'cancelled in the core')
    recordings.mirror(EVENT, held)

    assert goes_on(recordings)
    assert (only(recordings).status, only(recordings).outcome, only(recordings).cause) == (
        EventStatus.RECORDING,
        None,
        '',
    )


def test_what_the_core_has_is_not_touched(recordings: Recordings) -> None:
    recordings.claim(0.0)
    recordings.uploaded('a', 100, 1.0)

    goes_on(recordings)
    recordings.resumed('a', 100)

    assert only(recordings).status is EventStatus.FINISHED_UPLOADING


def test_what_a_person_has_put_aside_stays_aside(recordings: Recordings, database: Database) -> None:
    Edits(database).change('a', Edit(status=EventStatus.PAUSED_AFTER_RECORDING))

    goes_on(recordings)
    is_over(recordings)

    assert (only(recordings).status, only(recordings).tracks) == (EventStatus.PAUSED_AFTER_RECORDING, TWO)
