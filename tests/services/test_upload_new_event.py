"""What a person began on the spot, uploaded as a new event, over real connections."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from pyca import settings
from pyca.demo.faults import Fault, Kind
from pyca.demo.newcomer import TERMS
from pyca.demo.records import Delivery
from pyca.demo.standin import StandIn
from pyca.states import EventStatus
from pyca.storage.retrying import Retry
from tests.services.ingest_world import END, START
from tests.services.test_upload_breaks import BREAKS, STEPS
from tests.services.upload_site import SIZES, Site

DONE = EventStatus.FINISHED_UPLOADING
HELD = EventStatus.PAUSED_AFTER_RECORDING
FINAL = 'POST /ingest/ingest'
AGENT = ('capture-agent', 'lecture-hall')
DAY = 86_400
ALL_STEPS = {**STEPS, 'the catalog': ('/addDCCatalog', 0)}
CREATED, ENDED = '1970-01-12T13:46:40Z', '1970-01-12T14:46:40Z'


@pytest.fixture(autouse=True)
def archiving(core: StandIn) -> None:
    core.archive_after, core.finish_after = 200, 400


def terms(delivery: Delivery) -> dict[str, str]:
    """The Dublin Core that came with it."""
    (catalog,) = delivery.catalogs
    assert catalog.flavor == 'dublincore/episode'
    return {term.tag.removeprefix(TERMS): term.text or '' for term in ElementTree.parse(catalog.path).getroot()}


def as_agent(site: Site) -> None:
    """Log in as an account that may do what an agent has to do, and nothing else."""
    site.login = AGENT
    site.start()


def final_calls(core: StandIn) -> list[int]:
    return [request.status for request in core.requests if request.path.startswith('/ingest/ingest')]


def posted(core: StandIn) -> list[str]:
    return [request.path for request in core.requests if '/capture-admin/recordings/' in request.path]


def test_the_core_makes_a_new_event_of_it(site: Site, core: StandIn) -> None:
    site.begun_here()
    site.run_until(DONE)

    delivery = site.the_delivery()
    assert terms(delivery) == {
        'title': 'Visitors',
        'identifier': 'event-1',
        'spatial': 'hall-1',
        'created': CREATED,
        'temporal': f'start={CREATED}; end={ENDED}; scheme=W3C-DTF;',
    }
    assert delivery.fields == {}
    assert core.violations == []


def test_the_core_is_told_no_states_of_it(site: Site, core: StandIn) -> None:
    """Trap 15: they would be 404 for ever."""
    core.faults.add(Fault('/addTrack', Kind.STATUS, status=503))
    site.begun_here()
    site.record('event-2')
    site.run_until(DONE)
    site.run_until(DONE, uid='event-2')
    assert site.told() == ['uploading', 'upload_finished']


def test_its_workflow_is_that_of_the_configuration(site: Site, core: StandIn) -> None:
    site.options = settings.Ingest(workflow='fast')
    site.start()
    site.begun_here()
    site.run_until(DONE)
    delivery = site.the_delivery()
    assert (delivery.workflow, delivery.fields) == ('fast', {'workflowDefinitionId': 'fast'})


def test_a_scheduled_event_keeps_its_own_workflow(site: Site, core: StandIn) -> None:
    site.options = settings.Ingest(workflow='fast')
    site.start()
    site.record()
    site.run_until(DONE)
    assert site.the_delivery().fields == {'workflowInstanceId': 'event-1'}


def test_one_without_a_title_gets_one(site: Site, core: StandIn) -> None:
    site.agent = 'pyca@hall <1> & co'
    site.start()
    site.begun_here('')
    site.run_until(DONE)
    found = terms(site.the_delivery())
    assert (found['title'], found['spatial']) == (f'Unscheduled-pyca@hall <1> & co-{START}000', 'pyca@hall <1> & co')
    assert core.violations == []


def test_its_time_is_what_was_recorded(site: Site, core: StandIn) -> None:
    """Somebody else took the device before the end that was asked for."""
    site.begun_here(seconds=600.5)
    site.run_until(DONE)
    assert 'end=1970-01-12T13:56:41Z' in terms(site.the_delivery())['temporal']


def test_a_core_that_makes_up_the_id_gets_that_as_identifier(site: Site, core: StandIn) -> None:
    core.guides_only = 404
    site.begun_here()
    site.run_until(DONE)
    (delivery,) = core.deliveries
    assert delivery.uid != 'event-1'
    assert terms(delivery)['identifier'] == delivery.uid == site.upload().package_id
    assert core.violations == []


@pytest.mark.parametrize('account', ['of an administrator', 'of an agent'])
@pytest.mark.parametrize('how', BREAKS)
@pytest.mark.parametrize('step', ALL_STEPS)
def test_an_upload_that_breaks_arrives_once(site: Site, core: StandIn, step: str, how: str, account: str) -> None:
    """As one of a scheduled event. Only where nobody may ask the archive, and the answer to the final call got lost
    although the core had taken it, a person has to look."""
    if account == 'of an agent':
        as_agent(site)
    site.begun_here()
    match, after = ALL_STEPS[step]
    fault = core.faults.add(Fault(match, times=1, after=after, **BREAKS[how]))

    site.run_until(DONE, HELD)

    assert fault.hits == 1
    (delivery,) = core.deliveries
    assert delivery.uid == site.upload().package_id
    assert [track.size for track in delivery.tracks] == list(SIZES)
    unheard = step == 'the final call' and how in ('with its answer lost', 'with half an answer')
    assert site.row().status is (HELD if unheard and account == 'of an agent' else DONE)
    again = SIZES[0] if step == 'the first track' else SIZES[1] if step == 'the second track' else 0
    assert site.sent() <= sum(SIZES) + again + 12_000
    assert site.told() == posted(core) == []
    assert core.violations == []


def test_a_core_that_has_archived_it_is_asked_and_believed(site: Site, core: StandIn) -> None:
    site.begun_here()
    core.archive_after = 0
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER))
    site.run_until(DONE)

    site.the_delivery()
    assert final_calls(core) == [0]
    assert 'archived' in site.row().cause
    assert core.violations == []


def test_a_core_that_can_be_asked_is_asked_for_as_long_as_its_workflow_runs(site: Site, core: StandIn) -> None:
    site.begun_here(uid='event-2')
    core.archive_after = 0
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER))
    site.run_until(DONE, uid='event-2')
    core.archive_after, core.finish_after = 4 * 3600, None
    site.begun_here()
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER))
    site.run_until(DONE, within=6 * 3600, stride=60)

    site.the_delivery()
    assert set(final_calls(core)) == {0, 500}
    assert core.violations == []


@pytest.mark.parametrize('accepted', [True, False])
def test_an_id_that_the_core_made_up_is_as_good_as_ours(site: Site, core: StandIn, accepted: bool) -> None:
    """Unlike one of a scheduled event: a repeat reaches the same media package, and a workflow that runs on it."""
    core.guides_only = 404
    site.begun_here()
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER if accepted else Kind.DROP))
    site.run_until(DONE, HELD, within=DAY, stride=60)
    assert (len(core.deliveries), site.row().status) == (1, HELD if accepted else DONE)
    assert final_calls(core) == [0, 500 if accepted else 200]


def test_a_core_that_is_away_after_the_final_call_is_waited_for(site: Site, core: StandIn) -> None:
    """The weekend does not use up the time for questions."""
    site.begun_here()
    core.archive_after = 0
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER))
    while not final_calls(core):
        site.clock.advance(site.service.step())
    core.stop()
    site.run(2 * DAY, stride=300)
    core.start()
    site.run_until(DONE, within=3600)
    site.the_delivery()
    assert len(final_calls(core)) == 1


def test_an_archive_that_cannot_be_reached_holds_up_nobody_else(site: Site, core: StandIn) -> None:
    core.faults.add(Fault('/assets/', Kind.DROP, times=None))
    site.begun_here()
    site.record('event-2')
    core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER, times=1))
    site.run_until(DONE, HELD)
    site.run_until(DONE, uid='event-2')
    assert (site.row().status, len(core.deliveries)) == (HELD, 2)
    assert 'core unreachable' not in site.faults()


def test_an_older_one_that_was_held_is_uploaded_when_a_person_wants_it(site: Site, core: StandIn) -> None:
    site.begun_here()
    site.recordings.hold('event-1', START, 'it was not scheduled, so the core has no event for it')
    site.run(60)
    assert core.deliveries == []
    Retry(site.database).decide('event-1')
    site.run_until(DONE)
    site.the_delivery()


@pytest.mark.parametrize('method', ['multi', 'single', 'zip'])
@pytest.mark.parametrize('here', [True, False], ids=['begun here', 'scheduled'])
def test_a_folder_is_kept_until_the_core_has_archived_it(site: Site, core: StandIn, here: bool, method: str) -> None:
    core.archive_after = 5000
    site.options = settings.Ingest(method=method, delete_after_upload=True)
    site.start()
    (site.root / '.pyca').touch()
    if here:  # so that the archive is known to answer
        core.archive_after = 0
        site.begun_here(uid='event-2')
        site.run_until(DONE, uid='event-2')
        site.run(100)
        core.archive_after = 5000
        site.begun_here()
    else:
        site.record()
    folder = site.folder()
    site.run_until(DONE)
    site.run(4000, stride=10)
    assert folder.exists()
    site.run(DAY, stride=600)
    assert not folder.exists()


def test_a_package_id_is_one_that_every_core_takes(site: Site) -> None:
    site.begun_here()
    site.run_until(DONE)
    assert re.fullmatch(r'[\w\-.:;()]+', site.upload().package_id)


@pytest.mark.parametrize('end', [END, START], ids=['by itself', 'by a person in the second of its start'])
def test_a_moment_is_a_second_long(site: Site, core: StandIn, end: int) -> None:
    site.begun_here(end=end, seconds=0.2)
    site.run_until(DONE)
    assert f'start={CREATED}; end=1970-01-12T13:46:41Z' in terms(site.the_delivery())['temporal']
    assert core.violations == []


def test_what_was_begun_here_and_is_archived_is_deleted_although_its_final_call_was_answered_with_an_error(
    site: Site, core: StandIn
) -> None:
    """Nobody else can have delivered it."""
    site.options = settings.Ingest(delete_after_upload=True)
    site.start()
    site.begun_here()
    folder = site.folder()
    core.archive_after = 0
    core.faults.add(Fault(FINAL, Kind.OTHER_ANSWER, status=500))
    site.run_until(DONE)
    site.run(3600, stride=10)

    assert len(core.deliveries) == 1
    assert not folder.exists()
