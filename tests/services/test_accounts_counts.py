"""The counters follow from the journals, each of them counted once, whatever happens to the database."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyca.event import UNSCHEDULED, Event
from pyca.recording.atomic import read_json, write_json
from pyca.recording.journal import FILE, Journal, Phase, Segment
from pyca.recording.verdict import End
from pyca.storage.counts import Counts, Totals
from tests.services.test_accounts_outcomes import EVENT, Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.database.close()


def totals(office: Office) -> Totals:
    found = Counts(office.database).totals()
    assert found is not None
    return found


def recording(office: Office, *starts: float, event: Event = EVENT, **more: Any) -> Journal:
    """A journal with runs of the recorder at these seconds after the event's start; the last one runs still."""
    folder = office.store.make(event)
    segments = [Segment(number, event.start, event.end, [f'{number}.dat']) for number, _ in enumerate(starts)]
    for segment, start in zip(segments, starts, strict=True):
        segment.started = event.start + start
    for segment in segments[:-1]:
        close(segment, 1000)
    journal = Journal(folder, event, ('presenter/source',), Phase.RECORDING, segments, **more)
    journal.save()
    return journal


def close(segment: Segment, size: int | None) -> None:
    segment.ended, segment.end, segment.size = (segment.started or 0) + 100, End.GOOD, size


def finish(journal: Journal, size: int | None = 1000) -> Journal:
    close(journal.segments[-1], size)
    journal.phase = Phase.FINISHED
    journal.save()
    return journal


def deliver(office: Office, journal: Journal, *sizes: int) -> None:
    """What the ingest service does."""
    event = journal.event
    assert office.recordings.claim(office.clock.now()) is not None
    elements = [{'kind': 'track', 'size': size, 'done': True} for size in sizes]
    write_json(journal.folder / 'upload.json', {'accepted': office.clock.now(), 'elements': elements})
    office.recordings.progress(event.uid, event.start, sum(sizes), sum(sizes))
    office.recordings.uploaded(event.uid, event.start, office.clock.now())


def remove(office: Office, journal: Journal) -> None:
    """What `delete_after_upload` does."""
    remains = office.store.delivered(journal.folder.name)
    remains.parent.mkdir(exist_ok=True)
    write_json(
        remains, {'recording': read_json(journal.folder / FILE), 'upload': read_json(journal.folder / 'upload.json')}
    )
    shutil.rmtree(journal.folder)


def tell(office: Office, journal: Journal) -> None:
    office.accounts.recording(journal.copy())
    office.accounts.step()


def starts(office: Office) -> list[float]:
    """How many there were, and the sum of their latenesses."""
    return [*totals(office).lateness[:2]]


def test_a_start_is_counted_when_the_recorder_has_started_and_once(office: Office) -> None:
    tell(office, journal := recording(office, 0.4))
    assert starts(office) == [1, pytest.approx(0.4)]
    assert totals(office).recorded == 0
    tell(office, finish(journal))
    office.begin_again()
    office.accounts.step()
    tell(office, journal)
    assert starts(office) == [1, pytest.approx(0.4)]
    assert totals(office).recorded == 1000


def test_a_recorder_that_ends_again_and_again_is_counted_while_it_does(office: Office) -> None:
    tell(office, recording(office, 0.1))
    for failures in range(1, 5):
        tell(office, recording(office, 0.1, 200.0, failures=failures))
        assert totals(office).restarts == failures + 1
    assert totals(office).lateness.number == 1


def test_recorders_that_run_side_by_side_are_no_restarts(office: Office) -> None:
    tell(office, recording(office, 0.1, 0.2, legs=('', 'slides')))
    assert (totals(office).restarts, totals(office).lateness.number) == (0, 1)


def test_a_run_that_left_nothing_is_no_start_but_a_restart(office: Office) -> None:
    tell(office, recording(office, 12.0, failures=2))
    assert totals(office).restarts == 2
    assert totals(office).lateness.seconds == pytest.approx(12.0)


@pytest.mark.parametrize(
    'more', [{'event': Event('here', EVENT.start, EVENT.end, '', {UNSCHEDULED: True})}, {'origin': 'a'}]
)
def test_what_has_no_beginning_in_the_calendar_is_not_late(office: Office, more: dict[str, Any]) -> None:
    tell(office, recording(office, 700.0, **more))
    assert totals(office).lateness.number == 0


def test_a_clock_that_was_set_back_makes_no_start_too_early(office: Office) -> None:
    tell(office, recording(office, -3.0))
    assert totals(office).lateness[:2] == (1, 0.0)


def test_a_lost_database_is_counted_to_the_same_sums(office: Office) -> None:
    kept, gone = recording(office, 0.4, 300.0, failures=1), recording(office, 0.1, event=Event('b', 5000, 9000))
    for journal in (kept, gone):
        tell(office, finish(journal))
        deliver(office, journal, 1500, 300)
    remove(office, gone)
    office.accounts.missed(Event('c', EVENT.start, EVENT.end), 'the agent was not running')
    tell(office, recording(office, 0.2, event=Event('d', EVENT.start + 1, EVENT.end)))
    before = totals(office)
    assert (before.recorded, before.uploaded, before.restarts, before.lateness.number) == (3000, 3600, 2, 3)
    for _ in range(2):
        office.lose_the_database()
        assert Counts(office.database).totals() is None
        office.accounts.step()
        assert totals(office) == before
        office.accounts.step()
        assert totals(office) == before


def test_an_old_copy_of_the_database_is_counted_up_to_now(office: Office, tmp_path: Path) -> None:
    tell(office, journal := recording(office, 0.4))
    office.database.close()
    shutil.copy(tmp_path / 'pyca.db', tmp_path / 'copy')
    tell(office, finish(journal))
    deliver(office, journal, 1000)
    before = totals(office)
    assert (before.recorded, before.uploaded) == (1000, 1000)
    office.lose_the_database()
    shutil.copy(tmp_path / 'copy', tmp_path / 'pyca.db')
    office.accounts.step()
    assert totals(office) == before


def test_what_is_deleted_stays_counted(office: Office) -> None:
    tell(office, journal := finish(recording(office, 0.4)))
    deliver(office, journal, 1000)
    remove(office, journal)
    office.store.delivered(journal.folder.name).unlink()
    office.begin_again()
    office.accounts.step()
    assert (totals(office).recorded, totals(office).uploaded, totals(office).lateness.number) == (1000, 1000, 1)


def test_journals_that_do_not_say_how_large_it_was_are_counted_all_the_same(office: Office) -> None:
    """By the files where they are, else by what was uploaded."""
    here, gone = recording(office, 0.1), recording(office, 0.1, event=Event('b', 5000, 9000))
    (here.folder / '0.dat').write_bytes(b'x' * 70)
    for journal in (here, gone):
        finish(journal, None)
    write_json(
        gone.folder / 'upload.json', {'accepted': 1.0, 'elements': [{'kind': 'track', 'size': 500, 'done': True}]}
    )
    remove(office, gone)
    office.accounts.step()
    assert totals(office).recorded == 570


def test_an_upload_that_cannot_be_read_is_counted_as_nothing(office: Office) -> None:
    for number, content in enumerate([{'elements': 7}, {'elements': [7, {'done': True, 'size': 'x'}]}, 'no upload']):
        journal = finish(recording(office, 0.1, event=Event(f'u{number}', EVENT.start + number, EVENT.end)))
        write_json(journal.folder / 'upload.json', content)
    office.accounts.step()
    assert (totals(office).recorded, totals(office).uploaded) == (3000, 0)
