"""Uploads that begin long after their event, when somebody else may have delivered it, over real connections."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pyca import settings
from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.ingest.outside import nothing
from pyca.states import EventStatus
from pyca.storage.retrying import Retry
from tests.services.ingest_world import HandClock
from tests.services.upload_site import WHOLE, Site

DONE = EventStatus.FINISHED_UPLOADING
HELD = EventStatus.PAUSED_AFTER_RECORDING
HOUR = 3600
CAUSE = 'somebody else has archived the event in the core'
QUESTIONS = ('technical.json', 'mediapackage.xml')


@pytest.fixture
def other(tmp_path: Path, core: StandIn, clock: HandClock) -> Iterator[Site]:
    """Another agent of the same room."""
    site = Site(tmp_path / 'other', core, clock)
    yield site
    site.close()


def asked(site: Site) -> list[int]:
    """How often each of the two questions about the event was put to the core."""
    calls = site.calls()
    return [calls[question] for question in QUESTIONS]


@pytest.mark.parametrize('method', ['multi', *WHOLE])
def test_what_another_agent_has_delivered_is_held(
    site: Site, other: Site, core: StandIn, clock: HandClock, method: str
) -> None:
    core.archive_after, core.finish_after = 200, 400
    other.record()
    other.run_until(DONE)
    clock.advance(HOUR)
    before = site.sent()

    site.options = settings.Ingest(method=method)
    site.start()
    site.record(known=False)
    site.run_until(HELD, DONE)
    site.run(2 * HOUR, stride=60)

    assert (site.row().status, site.row().cause) == (HELD, CAUSE)
    assert site.sent() == before
    site.the_delivery()
    assert site.told() == ['upload_error']
    assert site.faults() == {}


def test_it_is_asked_again_in_each_try(site: Site, core: StandIn, clock: HandClock) -> None:
    """A core that is starting answers 404 to everything, and it may have been delivered since."""
    site.record()
    clock.advance(HOUR)
    starting = core.faults.add(Fault('', Kind.STATUS, status=404, times=None))
    site.run(30)
    assert starting.hits
    core.faults.clear()
    core.archive('event-1')
    site.run_until(HELD, DONE)

    assert site.row().cause == CAUSE
    assert core.deliveries == []


def test_it_is_asked_again_before_the_final_call_when_the_files_took_long(
    site: Site, core: StandIn, clock: HandClock
) -> None:
    site.record()
    clock.advance(HOUR)
    while site.taken() < 1:
        site.clock.advance(site.service.step())
    clock.advance(600)
    core.archive('event-1')
    site.run_until(HELD, DONE)

    assert site.row().cause == CAUSE
    assert core.deliveries == []
    assert asked(site) == [2, 2]


def test_what_is_still_scheduled_is_delivered_after_one_question(site: Site, core: StandIn, clock: HandClock) -> None:
    site.record()
    clock.advance(HOUR)
    site.run_until(DONE)

    site.the_delivery()
    assert asked(site) == [1, 1]


def test_right_after_its_end_nothing_is_asked(site: Site, core: StandIn, clock: HandClock) -> None:
    site.record()
    clock.advance(60)
    while site.taken() < 1:
        site.clock.advance(site.service.step())
    clock.advance(HOUR)
    site.run_until(DONE)

    site.the_delivery()
    assert asked(site) == [0, 0]


@pytest.mark.parametrize('status', [403, 404, 405, 500])
def test_a_core_that_does_not_say_gets_everything(site: Site, core: StandIn, clock: HandClock, status: int) -> None:
    core.guides_only = status
    site.record()
    clock.advance(HOUR)
    site.run_until(DONE)

    site.the_delivery()


@pytest.mark.parametrize('kind', [Kind.EMPTY, Kind.LOGIN, Kind.HTML])
def test_a_question_that_goes_wrong_keeps_nothing_back(site: Site, core: StandIn, clock: HandClock, kind: Kind) -> None:
    site.record()
    clock.advance(HOUR)
    core.faults.add(Fault('GET /recordings/', kind, times=None))
    site.run_until(DONE)

    site.the_delivery()


def test_what_was_begun_here_is_not_asked_about(site: Site, core: StandIn, clock: HandClock) -> None:
    site.begun_here()
    clock.advance(HOUR)
    site.run_until(DONE)

    site.the_delivery()
    assert asked(site) == [0, 0]


@pytest.mark.parametrize('at_first', ['works', 'fails'])
def test_a_person_decides_otherwise(site: Site, core: StandIn, clock: HandClock, at_first: str) -> None:
    """Also about one that was held before its upload began, as a cancelled event is; and for all tries to come."""
    row = site.record()
    clock.advance(HOUR)
    core.archive('event-1')
    site.recordings.hold('event-1', row.event.start, 'it was cancelled')
    Retry(site.database).decide('event-1')
    if at_first == 'fails':
        core.faults.add(Fault('/addTrack', Kind.RESET, bytes=500))
    site.run_until(DONE, HELD)

    assert site.row().status is DONE
    assert len(core.deliveries) == 1


def test_a_person_who_looked_in_the_core_has_it_uploaded(site: Site, core: StandIn, clock: HandClock) -> None:
    site.record()
    clock.advance(HOUR)
    core.archive('event-1')
    site.run_until(HELD)
    Retry(site.database).decide('event-1')
    site.run_until(DONE, HELD)

    assert site.row().status is DONE
    assert len(core.deliveries) == 1


@pytest.mark.parametrize('minutes', [0, 3], ids=['at once', 'late'])
@pytest.mark.parametrize('method', ['multi', *WHOLE])
def test_what_the_core_refused_while_somebody_elses_was_at_work_is_kept(
    site: Site, other: Site, core: StandIn, clock: HandClock, method: str, minutes: int
) -> None:
    """Contract 7.7: the other one's workflow is active, and archives the event later. What is here is the only copy.

    Right after the event's end nobody else has it, as far as one can tell.
    """
    core.archive_after, core.finish_after = 600, 900
    other.record()
    other.run_until(DONE)
    clock.advance(60 * minutes)

    site.options = settings.Ingest(method=method, delete_after_upload=True)
    site.start()
    site.record(known=False)
    site.run_until(HELD, DONE)
    site.run(2 * HOUR, stride=60)

    said = 'The core answered the final call with an error'
    kept = (DONE, f'{said}; the event is archived all the same, the files here are kept.')
    assert (site.row().status, site.row().cause) == ((HELD, f'{said}; {CAUSE}.') if minutes else kept)
    assert site.folder().is_dir()
    site.the_delivery()


def test_a_refused_final_call_is_repeated_until_the_core_takes_it(site: Site, core: StandIn) -> None:
    core.archive_after, core.finish_after = 200, 400
    site.record()
    core.faults.add(Fault('POST /ingest/ingest', Kind.STATUS, times=5, status=500))
    site.run_until(DONE, within=HOUR)

    site.the_delivery()
    assert core.violations == []


@pytest.mark.parametrize('method', WHOLE)
def test_it_is_asked_again_before_the_last_bytes_of_a_request_that_takes_long(
    tmp_path: Path, core: StandIn, clock: HandClock, method: str
) -> None:
    """Somebody else delivers it while they go out."""
    site = Site(tmp_path, core, clock, sizes=(30_000_000, 100))
    site.options = settings.Ingest(method=method)
    site.start()
    site.record()
    clock.advance(HOUR)
    core.faults.add(Fault(WHOLE[method], Kind.STOP_READING, bytes=1000))
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(site.run_until, HELD, DONE)
        assert core.wait_for(lambda: any(request.bytes_in == 1000 for request in core.requests), timeout=60)
        core.archive('event-1')
        clock.advance(600)
        core.faults.clear()
        upload.result()

    assert (site.row().status, site.row().cause) == (HELD, CAUSE)
    assert core.deliveries == []
    site.close()


@pytest.mark.parametrize('number', [1, 2])
@pytest.mark.parametrize('archived', [True, False], ids=['archived', 'not archived'])
def test_of_an_event_that_was_recorded_twice_one_recording_is_delivered(
    site: Site, core: StandIn, clock: HandClock, number: int, archived: bool
) -> None:
    """It was moved after its end: the core would take the second for a new version, or refuse it, then archive one."""
    core.archive_after, core.finish_after = (200, 400) if archived else (None, 300)
    site.options = settings.Ingest(parallel=number, delete_after_upload=True)
    service = site.start()
    workers = [service.worker(site.outside, nothing) for _ in range(number)] if number > 1 else []
    first = site.record()
    second = site.record(moved=4 * HOUR)
    clock.advance(4 * HOUR + 60)

    while any(recorded.status not in (DONE, HELD) for recorded in site.recordings.all()):
        wait = service.step()
        for worker in workers:
            worker.step()
        clock.advance(wait or 20)

    rows = {recorded.name: recorded for recorded in site.recordings.all()}
    assert (rows[first.name].status, rows[second.name].status) == (DONE, HELD)
    assert rows[second.name].cause == f'another recording of this event has been delivered: {first.name}'
    assert (site.root / second.name).is_dir()
    site.the_delivery()


def test_of_an_event_that_was_recorded_twice_the_second_waits_for_what_becomes_of_the_first(
    site: Site, core: StandIn, clock: HandClock
) -> None:
    site.record()
    clock.advance(60)
    core.faults.add(Fault('POST /ingest/ingest', Kind.LOSE_ANSWER))
    while not any(request.path == '/ingest/ingest' for request in core.requests):
        clock.advance(site.service.step())
    second = site.record(moved=HOUR)
    clock.advance(20)
    site.service.step()
    while not site.row().cause:
        clock.advance(site.service.step())
    assert site.row().name == second.name
    assert site.row().cause.startswith('Whether the core has accepted another recording of this event is open: ')
