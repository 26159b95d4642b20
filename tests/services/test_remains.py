"""What remains of a delivered recording is enough to know that it was delivered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca.event import Event, Outcome
from pyca.ingest.journal import Upload, Uploads
from pyca.ingest.removal import Removal
from pyca.recording.delivery import Preparation
from pyca.recording.joining import Joiner
from pyca.recording.journal import Phase
from pyca.recording.traces import earlier
from pyca.states import EventStatus, RecordingState
from tests.services.test_accounts_outcomes import EVENT, Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.database.close()


def deliver_and_delete(office: Office, event: Event) -> None:
    office.journal(Phase.FINISHED, event)
    uploads = Uploads(office.store.root)
    uploads.save(event.name, Upload(accepted=event.end + 5.0, archived=event.end + 9.0))
    assert Removal(uploads, office.recordings, office.clock).remove(event.name)
    assert office.store.names() == []


def test_a_lost_database_knows_again_what_was_delivered_and_deleted(office: Office) -> None:
    deliver_and_delete(office, EVENT)
    office.lose_the_database()
    office.accounts.step()

    row = office.row()
    assert (row.status, row.phase, row.outcome) == (EventStatus.FINISHED_UPLOADING, 'delivered', Outcome.DELIVERED)
    assert office.reports() in ([], [RecordingState.UPLOAD_FINISHED])  # that the core was told is lost as well
    assert office.recordings.claim(office.clock.now() + 1e6) is None
    assert earlier(office.store, EVENT) is not None


def test_what_is_missing_of_it_is_known_as_well(office: Office) -> None:
    longer = Event('a', EVENT.start - 600, EVENT.end, 'Lecture')
    journal = office.journal(Phase.FINISHED, longer)
    journal.segments[0].started = float(EVENT.start)
    journal.save()
    uploads = Uploads(office.store.root)
    uploads.save(longer.name, Upload(accepted=1.0))
    Removal(uploads, office.recordings, office.clock).remove(longer.name)
    office.lose_the_database()
    office.accounts.step()

    assert office.row().outcome is Outcome.DELIVERED_WITH_GAPS
    assert office.row().cause == 'begins 600 s late'


def test_what_the_database_says_itself_stays(office: Office) -> None:
    office.tell(Phase.FINISHED)
    office.deliver()
    deliver_and_delete(office, EVENT)
    before = office.row()
    office.begin_again()
    office.accounts.step()
    assert office.row() == before


def test_a_damaged_remainder_is_passed_over(office: Office) -> None:
    folder = office.store.root / '.delivered'
    folder.mkdir()
    (folder / 'recording-5-x.json').write_text('{"recording": {"event"')
    (folder / 'recording-6-x.json').write_text('{"recording": null, "upload": null}')
    deliver_and_delete(office, EVENT)
    office.lose_the_database()
    office.accounts.step()
    assert [row.event.uid for row in office.recordings.all()] == ['a']


def test_the_length_of_a_recording_is_that_of_its_parts(office: Office) -> None:
    preparation = Preparation(office.store.find, Joiner())
    journal = office.journal(Phase.FINISHED)
    assert preparation.length(EVENT.name) == EVENT.end - EVENT.start
    journal.segments.append(journal.segments[0])
    journal.save()
    assert preparation.length(EVENT.name) == 2 * (EVENT.end - EVENT.start)
    journal.segments[0].ended = None
    journal.save()
    assert preparation.length(EVENT.name) is None
    assert preparation.length('recording-1-unknown') is None
