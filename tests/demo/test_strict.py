"""The strict mode of the check-list: what a careful agent would not do."""

from __future__ import annotations

from typing import Any

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock

HALL: dict[str, Any] = {'agentid': 'hall-1'}


def found(core: StandIn, words: str) -> bool:
    return any(words in finding for finding in core.violations)


def test_a_good_story_has_no_findings(core: StandIn, client: Client, clock: HandClock) -> None:
    uid = core.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 60)
    client.post('/capture-admin/agents/hall-1/configuration', configuration='{"a":"b","c":"d"}')
    etag = client.get('/recordings/calendars', cutoff='1749200000000', **HALL).headers['etag']
    client.get('/recordings/calendars', {'If-None-Match': etag}, cutoff='1749200000000', **HALL)
    client.post(f'/capture-admin/recordings/{uid}', state='capturing')
    clock.move(60)
    for state in ('capture_finished', 'uploading'):
        client.post(f'/capture-admin/recordings/{uid}', state=state)
    client.deliver(uid)
    client.post(f'/capture-admin/recordings/{uid}', state='upload_finished')
    assert core.verdict() == []


def test_what_is_missing_in_the_end_is_said(core: StandIn, client: Client, event: str) -> None:
    core.up_since = 0
    client.deliver(event)
    assert core.violations == []
    assert [sentence.split(' was posted')[0] for sentence in core.verdict()] == ['No state', 'No upload_finished']


def test_events_that_began_without_the_core_need_no_state(core: StandIn, client: Client, clock: HandClock) -> None:
    uid = core.add_event(agent='a', start=clock.now(), end=clock.now() + 60)
    core.stop()
    clock.move(30)
    core.start()
    client.deliver(uid)
    assert not any('No state' in sentence for sentence in core.verdict())


def test_a_media_package_must_come_back_as_it_was(core: StandIn, client: Client) -> None:
    package = client.begin('p')
    client.track(package.replace('start=', 'begin='))
    assert found(core, 'changed on its way')


def test_a_media_package_must_be_the_last_one(core: StandIn, client: Client) -> None:
    package = client.begin('p')
    client.track(package)
    client.track(package, b'other')
    assert found(core, 'not the last one returned')


def test_a_media_package_must_have_been_made_here(core: StandIn, client: Client) -> None:
    client.track(client.begin('p').replace('"p"', '"q"'))
    assert found(core, 'never made here')


def test_fields_after_the_file_are_found(core: StandIn, client: Client) -> None:
    package = client.begin().encode()
    parts = [('flavor', None, b'a/b'), ('mediaPackage', None, package), ('f', 'a', b'x'), ('tags', None, b'late')]
    client.form('/ingest/addTrack', parts)
    assert found(core, 'The field tags came after the file')


def test_the_same_file_twice_is_found(core: StandIn, client: Client) -> None:
    package = client.track(client.begin()).text
    package = client.track(package, flavor='presentation/source').text
    assert not found(core, 'twice')
    client.track(package)
    assert found(core, 'has the same file twice')


@pytest.mark.parametrize('own_id', [True, False])
def test_a_repeated_final_call_must_ask_first(core: StandIn, client: Client, event: str, own_id: bool) -> None:
    client.deliver(event, own_id=own_id)
    client.get(f'/recordings/{event}/mediapackage.xml')
    client.deliver(event, own_id=own_id)
    assert not found(core, 'without asking first')
    client.deliver(event, own_id=own_id)
    assert found(core, 'without asking first')


def test_a_final_call_that_failed_may_be_repeated(core: StandIn, client: Client, event: str) -> None:
    package = client.track(client.begin(event)).text
    file = next(iter(core.nodes[0].files.values())).path
    hidden = file.rename(file.with_suffix('.away'))
    assert client.post('/ingest/ingest', mediaPackage=package).status == 400
    hidden.rename(file)
    assert client.post('/ingest/ingest', mediaPackage=package).status == 200
    assert core.violations == []


def test_uploading_comes_after_the_recording(core: StandIn, client: Client, clock: HandClock) -> None:
    early = core.add_event(agent='a', start=clock.now(), end=clock.now() + 60)
    client.post(f'/capture-admin/recordings/{early}', state='capture_finished')
    client.post(f'/capture-admin/recordings/{early}', state='uploading')
    assert core.violations == []
    wrong = core.add_event(agent='a', start=clock.now(), end=clock.now() + 60)
    client.post(f'/capture-admin/recordings/{wrong}', state='uploading')
    assert found(core, 'before the recording ended')


def test_unknown_recordings_are_asked_about_once(core: StandIn, client: Client) -> None:
    client.post('/capture-admin/recordings/nobody', state='capturing')
    assert core.violations == []
    client.post('/capture-admin/recordings/nobody', state='uploading')
    assert found(core, 'was sent again')


@pytest.mark.parametrize(
    ('etag', 'cutoff', 'words'),
    [
        ('"{}"', '1749200000000', 'quoted ETag'),
        ('mod12345', '1749200000000', 'never given'),
        ('{}', '1749200000001', 'another cutoff'),
        ('', '1749200000', 'before 2001'),
        ('', '1209600000', 'before 2001'),
    ],
)
def test_odd_questions_for_the_calendar(
    core: StandIn, client: Client, event: str, etag: str, cutoff: str, words: str
) -> None:
    given = client.get('/recordings/calendars', cutoff='1749200000000', **HALL).headers['etag']
    headers = {'If-None-Match': etag.format(given)} if etag else {}
    client.get('/recordings/calendars', headers, cutoff=cutoff, **HALL)
    assert found(core, words)


def test_each_upload_asks_where_to_go(core: StandIn, client: Client) -> None:
    client.begin()
    client.begin()
    assert core.violations == []
    client.get('/ingest/createMediaPackage')
    assert found(core, 'without asking the registry')


def test_one_ingest_stays_on_one_host(core: StandIn, client: Client) -> None:
    package = client.begin()
    Client(core.nodes.add().url).track(package)
    assert found(core, 'went to different hosts')


def test_sessions_are_kept(core: StandIn, client: Client) -> None:
    for _ in range(30):
        client.get('/info/me.json')
    assert core.violations == []
    forgetful = Client(core.url, cookies=False)
    for _ in range(40):
        forgetful.get('/info/me.json')
    assert found(core, 'opens a new session')


def test_the_login_page_is_not_for_agents(core: StandIn, client: Client) -> None:
    page = client.get('/login.html')
    assert (page.status, 'not Opencast' in page.text) == (200, True)
    assert found(core, 'login page was followed')


def test_strangers_get_no_credentials(core: StandIn) -> None:
    stranger = core.nodes.add(registered=False)
    Client(stranger.url, user='').get('/info/me.json')
    assert core.violations == []
    Client(stranger.url).get('/info/me.json')
    assert found(core, 'Credentials were sent')


def test_catalogs_of_the_calendar_stay_where_they_are(core: StandIn, client: Client, event: str) -> None:
    client.get('/recordings/calendars', **HALL)
    catalog = client.get(f'/recordings/{event}/dublincore.xml').text
    client.post('/ingest/addDCCatalog', mediaPackage=client.begin(), dublinCore=catalog.replace('Analysis', 'Other'))
    assert core.violations == []
    client.post('/ingest/addDCCatalog', mediaPackage=client.begin(), dublinCore=catalog)
    assert found(core, 'uploaded unchanged')


def test_unknown_workflows_are_found(core: StandIn, client: Client) -> None:
    client.post('/ingest/ingest', mediaPackage=client.begin(), workflowDefinitionId='nonsense')
    assert found(core, 'The workflow nonsense is not known')


def test_secrets_stay_out_of_the_configuration(core: StandIn, client: Client) -> None:
    client.post('/capture-admin/agents/a/configuration', configuration='{"server.password":"xCHANGE_MEx"}')
    assert found(core, 'has a secret in it')


def test_an_answer_that_was_lost_does_not_make_its_media_package_the_last(core: StandIn, client: Client) -> None:
    package = client.begin('p')
    core.faults.add(Fault('addTrack', Kind.LOSE_ANSWER))
    with pytest.raises(ConnectionError):
        client.track(package)
    assert client.track(package).status == 200
    assert core.violations == []
