"""An upload that breaks at every single step, over real connections: it arrives once, and little is sent twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.opencast.endpoints import INGEST
from pyca.states import EventStatus
from tests.services.ingest_world import HandClock
from tests.services.upload_site import SIZES, Hurry, Site

DONE = EventStatus.FINISHED_UPLOADING
HELD = EventStatus.PAUSED_AFTER_RECORDING
FAILED = EventStatus.FAILED_UPLOADING
SLACK = 4_000
"""Bytes around a file in a request: the fields before it."""
STEPS = {
    'the media package': ('/createMediaPackageWithID/', 0),
    'the first track': ('/addTrack', 0),
    'the second track': ('/addTrack', 1),
    'the final call': ('POST /ingest/ingest', 0),
}
BREAKS: dict[str, dict[str, Any]] = {
    'before': {'kind': Kind.DROP},
    'within': {'kind': Kind.RESET, 'bytes': 500},
    'with a bad gateway': {'kind': Kind.STATUS, 'status': 502},
    'with no service': {'kind': Kind.STATUS, 'status': 503},
    'with an error': {'kind': Kind.STATUS, 'status': 500},
    'with a page': {'kind': Kind.HTML},
    'with a login page': {'kind': Kind.LOGIN},
    'with its answer lost': {'kind': Kind.LOSE_ANSWER},
    'with half an answer': {'kind': Kind.TRUNCATE},
}


@pytest.fixture(autouse=True)
def archiving(core: StandIn) -> None:
    core.archive_after, core.finish_after = 200, 400


def breaking(core: StandIn, step: str, times: int | None = 1, **how: Any) -> Fault:
    match, after = STEPS[step]
    return core.faults.add(Fault(match, times=times, after=after, **how))


@pytest.mark.parametrize('how', BREAKS)
@pytest.mark.parametrize('step', STEPS)
def test_an_upload_that_breaks_arrives_once(site: Site, core: StandIn, step: str, how: str) -> None:
    """H21, H25, H26: only the step that broke is done again, and the final call not without a question before it."""
    site.record()
    fault = breaking(core, step, **BREAKS[how])

    site.run_until(DONE)

    assert fault.hits == 1
    site.the_delivery()
    again = SIZES[0] if step == 'the first track' else SIZES[1] if step == 'the second track' else 0
    assert site.sent() <= sum(SIZES) + again + 3 * SLACK
    assert site.calls()['available.json'] <= 3
    assert site.told()[-1] == 'upload_finished'
    assert core.violations == []


@pytest.mark.parametrize('status', [502, 503, 504])
def test_a_final_call_that_a_proxy_answers_for_the_core_is_asked_about(site: Site, core: StandIn, status: int) -> None:
    """Trap 29: the core has done it, and what stands before it says that it has no service."""
    core.archive_after = 0
    site.record()
    body = 'upstream connect error or disconnect/reset before headers'
    breaking(core, 'the final call', kind=Kind.OTHER_ANSWER, status=status, body=body, headers=(('Retry-After', '5'),))

    site.run_until(DONE)

    site.the_delivery()
    assert site.calls()['ingest'] == 1
    assert core.violations == []


@pytest.mark.parametrize('step', STEPS)
def test_a_core_that_is_restarted_gets_the_rest(site: Site, core: StandIn, step: str) -> None:
    site.record()
    breaking(core, step, kind=Kind.DROP)
    while not any(request.fault for request in core.requests):
        site.clock.advance(site.service.step())
    core.stop()
    site.run(3600, stride=60)
    core.start()
    core.faults.add(Fault('', Kind.STATUS, times=3, status=404))  # its services come up one after the other
    site.run_until(DONE)

    site.the_delivery()
    assert site.taken() == 2
    assert core.violations == []


@pytest.mark.parametrize('step', ['the second track', 'the final call'])
def test_an_answer_that_comes_after_twenty_minutes_is_not_waited_for(site: Site, core: StandIn, step: str) -> None:
    """The core works for long, and does it: what it did is found out, not done again."""
    site.transfer = Hurry(400)
    site.start()
    site.record()
    late = breaking(core, step, kind=Kind.LATE_ANSWER, seconds=5)

    site.run_until(DONE)

    assert late.hits == 1
    site.the_delivery()
    assert core.violations == []


def test_a_final_call_that_the_core_works_on_for_twenty_minutes_is_accepted_once(site: Site, core: StandIn) -> None:
    """The second call reaches a core that still has the first one in hand."""
    site.transfer = Hurry(400)
    site.start()
    site.record()
    core.archive_after = 0
    slow = breaking(core, 'the final call', kind=Kind.DELAY, seconds=600)

    while not slow.hits or site.row().status is not FAILED:
        site.clock.advance(site.service.step())
    core.faults.clear()  # it is ready at last
    assert core.wait_for(lambda: core.deliveries, timeout=60)
    site.run_until(DONE)

    site.the_delivery()
    assert site.calls()['ingest'] == 1


@pytest.mark.parametrize('step', ['the first track', 'the second track'])
def test_a_core_that_stops_reading_is_given_up(tmp_path: Path, core: StandIn, clock: HandClock, step: str) -> None:
    """H22: a core that took no byte any more held up the queue for good."""
    site = Site(tmp_path / 'agent', core, clock, sizes=(8_000_000, 9_000_000))
    site.stall = 3.0
    site.start()
    site.record()
    breaking(core, step, kind=Kind.STOP_READING, bytes=1000)

    site.run_until(DONE)

    site.the_delivery()
    assert site.sent() < 17_000_000 + 9_000_000
    site.close()


def test_an_upload_stays_on_its_node_while_the_registry_names_another(site: Site, core: StandIn) -> None:
    site.record()
    breaking(core, 'the second track', kind=Kind.DROP)
    first = core.nodes[0]
    while not any(request.fault for request in core.requests):
        site.clock.advance(site.service.step())
    core.nodes.add()
    first.state = 'maintenance'
    site.run_until(DONE)

    assert site.the_delivery().node == first.url
    assert site.taken() == 2
    assert core.violations == []


def test_an_upload_waits_while_no_node_is_in_the_registry(site: Site, core: StandIn) -> None:
    core.nodes[0].state = 'ERROR'
    site.record()
    site.run(6 * 3600, stride=60)
    questions = site.calls()['available.json']
    core.nodes[0].state = 'NORMAL'
    site.run_until(DONE)

    site.the_delivery()
    assert questions < 60  # each 5 to 10 min, once the short waits are over
    assert 'createMediaPackageWithID' not in [request.path.split('/')[2] for request in core.requests[:questions]]


def test_a_node_that_is_gone_for_good_is_replaced_by_another(site: Site, core: StandIn) -> None:
    other = core.nodes.add()
    other.state = 'maintenance'
    gone = core.nodes.add()
    core.nodes[0].state = 'maintenance'
    site.record()
    breaking(core, 'the second track', kind=Kind.DROP)
    while not any(request.fault for request in core.requests):
        site.clock.advance(site.service.step())
    other.state = 'NORMAL'
    core.nodes.remove(gone)
    site.run_until(DONE, within=2 * 3600, stride=60)

    assert site.the_delivery().node == other.url
    assert site.clock.steady >= 1800


def test_waiting_asks_the_registry_once_a_try_and_no_more(site: Site, core: StandIn) -> None:
    for uid in ('event-1', 'event-2'):
        site.record(uid)
    core.faults.add(Fault(' /ingest/', Kind.STATUS, times=None, status=503))
    site.run(4 * 3600, stride=60)
    tries = sum(request.path.startswith('/ingest') for request in core.requests)
    asked = Counter(
        request.query['serviceType'] for request in core.requests if request.path == '/services/available.json'
    )
    assert asked.pop(INGEST) <= tries + 2
    assert set(asked.values()) <= set(range(6))  # for what is asked before a late upload, once an hour
    assert tries < 80  # each after 5 to 10 min, once the short waits are over; and never one recording after the other
    core.faults.clear()
    site.run_until(DONE, uid='event-1')
    site.run_until(DONE, uid='event-2')


def test_a_passing_error_at_the_beginning_does_not_cost_the_event_s_own_id(site: Site, core: StandIn) -> None:
    """Trap 29: without it a final call that never arrived could not be repeated, and a person had to decide."""
    site.record()
    breaking(core, 'the media package', kind=Kind.STATUS, status=500)
    breaking(core, 'the final call', kind=Kind.DROP)

    site.run_until(DONE, within=3600)

    site.the_delivery()
    assert site.upload().package_id == 'event-1'
    assert 'createMediaPackage' not in site.calls()


@pytest.mark.parametrize('status', [400, 403, 404, 500])
def test_a_core_that_has_taken_an_id_is_believed_after_minutes_of_refusals(
    site: Site, core: StandIn, status: int
) -> None:
    site.record('event-2')
    site.run_until(DONE, uid='event-2')
    site.record()
    breaking(core, 'the media package', kind=Kind.STATUS, status=status, times=None)
    site.run(290)
    assert 'createMediaPackage' not in site.calls()

    site.run_until(DONE, within=1800)
    site.the_delivery()


def test_a_core_that_never_took_an_id_is_believed_soon_and_remembered(
    site: Site, core: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    core.guides_only = 404
    site.record()
    site.run_until(DONE, within=1800)
    begun = site.clock.steady
    assert 5 <= begun < 60
    site.record('event-2')
    site.run_until(DONE, uid='event-2', within=60)

    site.the_delivery()
    site.the_delivery('event-2')
    warned = [r.message for r in caplog.records if r.levelname == 'WARNING' and 'the id of the event' in r.message]
    assert len(warned) == 1


def test_a_core_that_restarts_between_the_refusals_has_said_nothing(site: Site, core: StandIn) -> None:
    """Each start answers 404 for a while; only a row of refusals without anything else between them counts."""
    site.record()
    for _ in range(3):
        fault = breaking(core, 'the media package', kind=Kind.STATUS, status=404, times=2)
        until = site.clock.steady + 3600
        while fault.hits < 2:
            assert site.clock.steady < until
            site.clock.advance(site.service.step())
        core.stop()
        site.run(1800, stride=60)
        core.start()
    site.run_until(DONE)

    assert site.upload().package_id == 'event-1'


def test_a_finished_track_stays_where_it_is_through_hours_of_trouble(site: Site, core: StandIn) -> None:
    """H25: each try sent everything again."""
    site.record()
    breaking(core, 'the second track', kind=Kind.STATUS, status=500, times=None)
    site.run(3 * 3600, stride=60)
    core.faults.clear()
    site.run_until(DONE)

    site.the_delivery()
    assert site.taken() == 2
    assert core.violations == []


def until_the_final_call_is_lost(site: Site, core: StandIn) -> None:
    """The node dies over it, so that nobody knows what became of it."""
    fault = breaking(core, 'the final call', kind=Kind.DROP)
    while not fault.hits:
        site.clock.advance(site.service.step())


def test_a_node_that_dies_over_the_final_call_is_replaced_by_another(site: Site, core: StandIn) -> None:
    other, gone = core.nodes.add(), core.nodes.add()
    core.nodes[0].state = other.state = 'maintenance'
    site.record()
    until_the_final_call_is_lost(site, core)
    other.state = 'NORMAL'
    core.nodes.remove(gone)
    site.run_until(DONE, within=3 * 3600, stride=60)

    assert site.the_delivery().node == other.url
    assert core.violations == []


def test_files_that_a_node_lost_over_the_final_call_are_sent_again(site: Site, core: StandIn) -> None:
    site.record()
    until_the_final_call_is_lost(site, core)
    for file in core.nodes[0].folder.rglob('*.mkv'):
        file.unlink()
    site.run_until(DONE, within=3600)

    assert [track.size for track in site.the_delivery().tracks] == list(SIZES)
    assert core.violations == []


def test_files_that_were_lost_are_not_sent_again_to_a_core_that_does_not_say_that_it_waits(
    site: Site, core: StandIn
) -> None:
    """It may have accepted them, and cleaned up."""
    core.guides_only = 404
    site.record()
    until_the_final_call_is_lost(site, core)
    for file in core.nodes[0].folder.rglob('*.mkv'):
        file.unlink()
    before = site.sent()
    site.run_until(HELD, within=3600)

    assert site.sent() == before
