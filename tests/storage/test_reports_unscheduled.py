"""What the core is never told: states of what it has not scheduled."""

from __future__ import annotations

from pyca.event import UNSCHEDULED, Event
from pyca.states import EventStatus, RecordingState
from pyca.storage.database import Database
from pyca.storage.recorded import Recordings, Said
from pyca.storage.reports import Reports


def states(database: Database) -> list[tuple[str, str]]:
    return [(report.uid, report.state.value) for report in Reports(database).pending()]


def test_no_step_of_an_upload_is_told_of_what_nobody_scheduled(database: Database) -> None:
    """Trap 15."""
    recordings, finished = Recordings(database), Said(EventStatus.FINISHED_RECORDING, 'finished')
    for uid, data in (('here', {UNSCHEDULED: True}), ('lecture', {'uid': 'lecture'})):
        recordings.mirror(Event(uid, 100, 200, '', data), finished)
        recordings.claim(300)
        recordings.uploading(uid, 100, 300)
        recordings.upload_failed(uid, 100, 310, 'the core is away')
        recordings.claim(311)
        recordings.uploading(uid, 100, 311)
        recordings.uploaded(uid, 100, 320)
        recordings.hold(uid, 100, 'a person decides')
    assert {uid for uid, _ in states(database)} == {'lecture'}


def test_what_the_calendar_has_brought_since_is_told(database: Database) -> None:
    recordings = Recordings(database)
    recordings.mirror(Event('a', 100, 200, '', {UNSCHEDULED: True}), Said(EventStatus.RECORDING, 'recording'))
    finished = Said(EventStatus.FINISHED_RECORDING, 'finished')
    recordings.mirror(Event('a', 100, 200, '', {'uid': 'a'}), finished, RecordingState.CAPTURE_FINISHED)
    assert states(database) == [('a', 'capture_finished')]
