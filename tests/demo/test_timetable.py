"""A schedule that is changed over HTTP (contract 6.7, 7.9 `schedule`)."""

from __future__ import annotations

import urllib.parse

import pytest

from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock, Reply

START = 1_749_110_400_000
PACKAGE = '<mediapackage id="e1" xmlns="http://mediapackage.opencastproject.org"><title>Analysis</title></mediapackage>'
FORM = {'Content-Type': 'application/x-www-form-urlencoded'}


def create(client: Client, **changes: str) -> Reply:
    times = {'start': str(START + 1000), 'end': str(START + 61_000)}
    return client.post('/recordings/', **{'agent': 'hall-1', 'mediaPackage': PACKAGE, **times, **changes})


def change(client: Client, uid: str, **fields: str) -> Reply:
    return client.ask('PUT', f'/recordings/{uid}', urllib.parse.urlencode(fields).encode(), FORM)


def test_an_event_is_made(core: StandIn, client: Client) -> None:
    reply = create(
        client,
        users='u1,u2',
        wfproperties='publish=true\nx=a=b',
        agentparameters='capture.device.names=camera\norg.opencastproject.workflow.definition=fast',
    )
    assert (reply.status, reply.headers['location']) == (201, f'{core.url}/recordings/e1/mediapackage.xml')
    event = core.events['e1']
    assert (event.title, event.agent, event.presenters, event.workflow) == ('Analysis', 'hall-1', ('u1', 'u2'), 'fast')
    assert (event.start * 1000, event.end * 1000) == (START + 1000, START + 61_000)
    properties = client.get('/recordings/e1/agent.properties').text
    assert 'org.opencastproject.workflow.config.x=a=b\n' in properties
    assert 'capture.device.names=camera\n' in properties
    assert client.get('/recordings/calendars', agentid='hall-1').headers['etag'] != 'mod0'


@pytest.mark.parametrize(
    'changes',
    [{'start': ''}, {'start': 'now'}, {'agent': ''}, {'mediaPackage': ''}, {'mediaPackage': '<x'}, {'end': str(START)}],
)
def test_what_makes_no_event(core: StandIn, client: Client, changes: dict[str, str]) -> None:
    assert create(client, **changes).status == 400
    assert core.events == {}


def test_events_may_touch_but_not_overlap(core: StandIn, client: Client) -> None:
    core.add_event('e0', agent='hall-1', start=START / 1000 + 61, end=START / 1000 + 90)
    assert create(client).status == 201
    clash = create(client, mediaPackage=PACKAGE.replace('e1', 'e2'), start=str(START + 60_000))
    assert (clash.status, clash.json['totalCount'], clash.json['events'][0]['id']) == (409, '1', 'e1')
    assert create(client, mediaPackage=PACKAGE.replace('e1', 'e2'), agent='hall-2').status == 201


def test_an_event_is_changed_and_removed(core: StandIn, client: Client) -> None:
    create(client)
    assert change(client, 'e1', end=str(START + 70_000)).status == 200
    assert core.events['e1'].end == START / 1000 + 70
    assert change(client, 'e1', end='soon').status == 400
    assert change(client, 'other', end='1').status == 404
    core.add_event('e0', agent='hall-1', start=START / 1000 + 80, end=START / 1000 + 90)
    assert change(client, 'e1', end=str(START + 85_000)).status == 409
    assert client.ask('DELETE', '/recordings/e1').status == 200
    assert client.ask('DELETE', '/recordings/e1').status == 404
    assert list(core.events) == ['e0']


def test_conflicts_can_be_asked_for(core: StandIn, client: Client) -> None:
    create(client)

    def ask(start: int, end: int, agent: str = 'hall-1') -> Reply:
        return client.get('/recordings/conflicts.json', agent=agent, start=str(START + start), end=str(START + end))

    assert ask(0, 1000).status == 204
    assert ask(0, 1001).json['events'][0]['id'] == 'e1'
    assert ask(0, 1001, 'hall-2').status == 204
    assert client.get('/recordings/conflicts.json', agent='hall-1').status == 400


def test_events_can_be_searched(core: StandIn, client: Client) -> None:
    create(client)
    core.add_event('e0', agent='hall-2', start=START / 1000 + 80, end=START / 1000 + 90)

    def found(**query: str) -> list[str]:
        return [event['id'] for event in client.get('/recordings/recordings.json', None, **query).json['events']]

    assert found() == ['e1', 'e0']
    assert found(agent='hall-2') == ['e0']
    assert found(startsfrom=str(START + 1001)) == ['e0']
    assert found(endsto=str(START + 61_000)) == ['e1']
    assert '<dublincores totalCount="2">' in client.get('/recordings/recordings.xml').text
    assert client.get('/recordings/recordings.json', startsfrom='x').status == 404


def test_the_state_of_a_recording_has_a_twin(core: StandIn, client: Client, event: str) -> None:
    path = f'/recordings/{event}/recordingStatus'
    assert client.get(path).status == 404
    assert client.ask('PUT', path, b'state=capturing', FORM).status == 200
    assert client.ask('PUT', path, b'state=recording', FORM).status == 400
    assert client.get(path).json == {'id': event, 'state': 'capturing', 'lastHeardFrom': '2025-06-05T08:00:00Z'}
    assert client.ask('DELETE', path).status == 200
    assert core.recordings[event] == []


def test_the_dublin_core_comes_as_json_too(client: Client, event: str) -> None:
    terms = client.get(f'/recordings/{event}/dublincore.json').json['http://purl.org/dc/terms/']
    assert terms['title'] == [{'value': 'Analysis'}]
    assert terms['temporal'][0]['type'] == 'dcterms:Period'


# -- an agent's own event, `/ingest/schedule` --------------------------------------------------------------------------

TERMS = 'xmlns="http://www.opencastproject.org/xsd/1.0/dublincore/" xmlns:dcterms="http://purl.org/dc/terms/"'
PERIOD = '<dcterms:temporal>start=2025-06-05T08:00:00Z; end=2025-06-05T08:01:00Z;</dcterms:temporal>'


def schedule(client: Client, inner: str, **fields: str) -> Reply:
    catalog = f'<dublincore {TERMS}>{inner}</dublincore>'
    package = client.post('/ingest/addDCCatalog', mediaPackage=client.begin('own'), dublinCore=catalog).text
    return client.post('/ingest/schedule/fast', mediaPackage=package, **fields)


def test_an_agent_schedules_its_own_event(core: StandIn, clock: HandClock) -> None:
    agent = Client(core.url, 'capture-agent', 'lecture-hall')
    created = '<dcterms:created>2025-06-05T08:00:00Z</dcterms:created>'
    prefixed = {'org.opencastproject.workflow.config.publish': 'true', 'capture.device.names': 'camera'}
    reply = schedule(agent, f'<dcterms:spatial>hall-1</dcterms:spatial>{PERIOD}{created}', **prefixed)
    assert reply.status == 201
    event = core.events['own']
    assert (event.agent, event.start, event.end - event.start, event.workflow) == ('hall-1', clock.now(), 60, 'fast')
    assert event.properties == prefixed
    assert schedule(agent, f'<dcterms:spatial>hall-2</dcterms:spatial>{PERIOD}').status == 409


@pytest.mark.parametrize(
    'inner',
    [
        PERIOD,
        '<dcterms:spatial>a</dcterms:spatial>',
        f'<dcterms:spatial>a</dcterms:spatial>{PERIOD}<dcterms:created>2025-06-05T08:00:01Z</dcterms:created>',
        '<dcterms:spatial>a</dcterms:spatial><dcterms:temporal>start=x; end=y;</dcterms:temporal>',
    ],
)
def test_a_catalog_must_say_where_and_when(core: StandIn, client: Client, inner: str) -> None:
    assert schedule(client, inner).status == 400
    assert core.events == {}
