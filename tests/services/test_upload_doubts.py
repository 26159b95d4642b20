"""A final call without an answer, over real connections: each branch of what is asked and done then."""

from __future__ import annotations

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.states import EventStatus
from tests.services.ingest_world import HandClock
from tests.services.upload_site import Site

DONE = EventStatus.FINISHED_UPLOADING
HELD = EventStatus.PAUSED_AFTER_RECORDING
FINAL = 'POST /ingest/ingest'
DAY = 86_400


def final_calls(core: StandIn) -> list[int]:
    """The statuses of the final calls; 0 for one without an answer."""
    return [request.status for request in core.requests if request.path == '/ingest/ingest']


def test_what_was_archived_was_accepted(site: Site, core: StandIn) -> None:
    """404 + 200, also where the agent never heard a yes from this core before."""
    site.record()
    core.archive_after = 0
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER))
    site.run_until(DONE)

    site.the_delivery()
    assert final_calls(core) == [0]
    assert 'archived' in site.row().cause


def test_an_event_that_is_gone_is_held_and_never_sent_again(site: Site, core: StandIn) -> None:
    """404 + 404 from a core that has said yes before."""
    site.record('event-2')
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER))
    site.run(100)
    core.archive('event-2')
    site.run_until(DONE, uid='event-2', stride=60)
    site.record()
    core.faults.add(Fault(FINAL, Kind.DROP))
    calls = len(final_calls(core))
    while len(final_calls(core)) == calls:
        site.clock.advance(site.service.step())
    core.remove_event('event-1')
    site.run_until(HELD, within=DAY, stride=60)

    assert 'deleted' in site.row().cause
    site.run(DAY, stride=300)
    assert len(final_calls(core)) == calls + 1
    assert [delivery.uid for delivery in core.deliveries] == ['event-2']


def test_what_is_still_scheduled_is_sent_again_after_a_minute(site: Site, core: StandIn, clock: HandClock) -> None:
    """200 + 200, then 200."""
    site.record()
    core.faults.add(Fault(FINAL, Kind.DROP))
    site.run_until(DONE)

    first, second = [request.at for request in core.requests if request.path == '/ingest/ingest']
    assert 60 <= second - first < 120
    site.the_delivery()
    assert core.violations == []


def test_a_conflict_leaves_it_open_until_the_core_has_archived_it(site: Site, core: StandIn) -> None:
    """200 + 200, then 500 as long as the workflow of the first call is active."""
    site.record()
    core.archive_after = 4 * 3600
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER))
    site.run_until(DONE, within=6 * 3600, stride=60)

    site.the_delivery()
    assert set(final_calls(core)) == {0, 500}
    asked = sum(request.path.endswith('mediapackage.xml') for request in core.requests)
    assert len(final_calls(core)) <= asked + 1 < 60
    assert core.violations == []


def test_after_a_day_of_conflicts_a_person_decides(site: Site, core: StandIn) -> None:
    site.record()
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER))
    site.run_until(HELD, within=2 * DAY, stride=300)

    assert site.clock.steady >= DAY
    assert 'for a day' in site.row().cause
    site.the_delivery()


@pytest.mark.parametrize('status', [403, 404, 405, 500])
@pytest.mark.parametrize('accepted', [True, False])
def test_a_core_that_knows_the_guides_only_gets_one_repeat(
    site: Site, core: StandIn, status: int, accepted: bool
) -> None:
    """Its media packages have an id of their own, so that not even that is safe: a person decides."""
    core.guides_only = status
    site.record()
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER if accepted else Kind.DROP))
    site.run_until(DONE, HELD, within=DAY, stride=60)

    assert site.row().status is HELD
    assert 'cannot be asked' in site.row().cause
    assert len(final_calls(core)) == 1
    assert len(core.deliveries) == accepted


@pytest.mark.parametrize('status', [403, 404, 405, 500])
def test_a_core_that_takes_the_event_s_id_and_no_questions_gets_one_repeat(
    site: Site, core: StandIn, status: int
) -> None:
    site.record()
    core.faults.add(Fault('GET /recordings/', Kind.STATUS, times=None, status=status))
    core.faults.add(Fault(FINAL, Kind.DROP))
    site.run_until(DONE, within=DAY, stride=60)

    site.the_delivery()
    assert final_calls(core) == [0, 200]


@pytest.mark.parametrize('status', [403, 404, 405, 500])
def test_a_core_that_knows_the_guides_only_gets_everything(site: Site, core: StandIn, status: int) -> None:
    core.guides_only = status
    site.record()
    core.faults.add(Fault('/addTrack', Kind.RESET, bytes=500, after=1))
    site.run_until(DONE)

    site.the_delivery()
    assert site.taken() == 2
    assert core.violations == []
