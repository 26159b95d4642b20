"""Check-list 2, 3: shapes of JSON, states of agents, states of recordings."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from pyca.demo.shapes import mapped, number
from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock

INGEST = 'org.opencastproject.ingest'


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('12', '12'),
        ('-5', '-5'),
        ('1.0', '1'),
        ('1.5', '1.5'),
        ('true', 'true'),
        ('9007199254740993', '9007199254740993'),
        ('9223372036854775808', '"9223372036854775808"'),
        ('0012', '"0012"'),
        ('1.50', '"1.50"'),
        ('TRUE', '"TRUE"'),
        ('1e5', '"1e5"'),
        ('+5', '"+5"'),
        (' 7 ', '" 7 "'),
        ('NaN', '"NaN"'),
        ('null', '"null"'),
        ('', '""'),
        ('12345678901234567890', '"12345678901234567890"'),
    ],
)
def test_texts_that_survive_become_numbers(text: str, shown: str) -> None:
    assert json.dumps(number(text)) == shown


def test_what_is_null_is_left_out() -> None:
    assert mapped({'a': None, 'b': ['x'], 'c': ['1', '2']}) == {'b': 'x', 'c': [1, 2]}


def test_services_are_nothing_an_object_or_a_list(core: StandIn, client: Client) -> None:
    def services() -> object:
        return client.get('/services/available.json', serviceType=INGEST).json['services']

    one = services()
    assert isinstance(one, dict)
    assert one['service']['host'] == core.url
    assert list(one['service'])[:3] == ['type', 'host', 'path']
    core.nodes.add()
    two = services()
    assert isinstance(two, dict)
    assert [service['host'] for service in two['service']] == [node.url for node in core.nodes]
    core.nodes[0].state = 'ERROR'
    core.nodes[1].state = 'maintenance'
    assert services() == ''


def test_the_registry_wants_a_type_but_not_a_known_one(client: Client) -> None:
    missing = client.get('/services/available.json')
    assert (missing.status, missing.text) == (400, 'Service type must be specified')
    assert client.get('/services/available.json', serviceType='nonsense').json == {'services': ''}
    root = ElementTree.fromstring(client.get('/services/available.xml', serviceType=INGEST).text)
    assert root.findtext('.//{*}path') == '/ingest'


def test_only_the_core_itself_serves_what_is_not_ingest(core: StandIn, client: Client) -> None:
    core.nodes.add()
    core.nodes[0].state = 'ERROR'
    found = client.get('/services/available.json', serviceType='org.opencastproject.scheduler').json
    assert found['services']['service']['host'] == core.url


def test_agents_are_nothing_an_object_or_a_list(client: Client) -> None:
    assert client.get('/capture-admin/agents.json').json == {'agents': ''}
    client.post('/capture-admin/agents/hall-1', state='idle')
    assert client.get('/capture-admin/agents.json').json['agents']['agent']['name'] == 'hall-1'
    client.post('/capture-admin/agents/12', state='idle', address='true')
    found = client.get('/capture-admin/agents.json').json['agents']['agent']
    assert [(agent['name'], agent['url']) for agent in found] == [(12, True), ('hall-1', '127.0.0.1')]
    root = ElementTree.fromstring(client.get('/capture-admin/agents.xml').text)
    assert [name.text for name in root.iter('{http://capture.admin.opencastproject.org}name')] == ['12', 'hall-1']


def test_posting_a_state_registers_an_agent(core: StandIn, client: Client, clock: HandClock) -> None:
    first = client.post('/capture-admin/agents/a.b%20c', state='idle', address='no address at all')
    assert (first.status, first.text) == (200, 'a.b c set to idle')
    again = client.post('/capture-admin/agents/a.b%20c', state='idle', address='no address at all')
    assert (again.status, again.text) == (200, '')
    clock.move(2)
    shown = client.get('/capture-admin/agents/a.b%20c.json').json['agent-state-update']
    assert (shown['state'], shown['url'], shown['time-since-last-update']) == ('idle', 'no address at all', 2000)
    assert [state for _, state in core.agents['a.b c'].history] == ['idle', 'idle']


@pytest.mark.parametrize('state', ['', 'Idle', 'recording', 'IDLE', 'upload_finished'])
def test_unknown_states_of_agents_are_refused(core: StandIn, client: Client, state: str) -> None:
    reply = client.post('/capture-admin/agents/hall-1', state=state)
    assert (reply.status, reply.text) == (400, '')
    assert 'hall-1' not in core.agents


def test_a_silent_agent_is_offline_after_two_hours(client: Client, clock: HandClock) -> None:
    client.post('/capture-admin/agents/hall-1', state='idle')
    clock.move(7200)
    assert client.get('/capture-admin/agents/hall-1.json').json['agent-state-update']['state'] == 'idle'
    clock.move(1)
    assert client.get('/capture-admin/agents/hall-1.json').json['agent-state-update']['state'] == 'offline'


def test_paths_without_a_suffix_are_not_for_reading(client: Client) -> None:
    client.post('/capture-admin/agents/hall-1', state='idle')
    assert client.get('/capture-admin/agents/hall-1').status == 405
    assert client.ask('DELETE', '/capture-admin/agents/hall-1').text == 'hall-1 removed'
    assert client.get('/capture-admin/agents/hall-1.json').status == 404


def test_other_media_types_are_not_taken(client: Client) -> None:
    reply = client.ask('POST', '/capture-admin/agents/hall-1', b'{}', {'Content-Type': 'application/json'})
    assert reply.status == 415
    assert client.get('/services/available.json', {'Accept': 'text/csv'}, serviceType=INGEST).status == 406


@pytest.mark.parametrize(
    'state',
    ['unknown', 'capturing', 'capture_finished', 'manifest', 'compressing_error', 'uploading', 'upload_finished'],
)
def test_states_of_recordings_are_kept(core: StandIn, client: Client, event: str, state: str) -> None:
    for _ in range(2):
        reply = client.post(f'/capture-admin/recordings/{event}', state=state)
        assert (reply.status, reply.text) == (200, f'{event} set to {state}')
    assert [known for _, known in core.recordings[event]] == [state, state]
    shown = client.get(f'/capture-admin/recordings/{event}.json').json['recording-state-update']
    assert (shown['name'], shown['state']) == (event, state)


def test_what_a_recording_cannot_be(client: Client, event: str) -> None:
    assert client.get(f'/capture-admin/recordings/{event}.json').status == 404
    for state in ('', 'Capturing', 'idle'):
        assert client.post(f'/capture-admin/recordings/{event}', state=state).status == 400
    reply = client.post('/capture-admin/recordings/unknown', state='capturing')
    assert (reply.status, reply.text) == (404, 'The resource you requested does not exist.')


def test_removing_a_state_keeps_the_event(core: StandIn, client: Client, event: str) -> None:
    client.post(f'/capture-admin/recordings/{event}', state='capturing')
    assert event in client.get('/capture-admin/recordings').text
    assert client.ask('DELETE', f'/capture-admin/recordings/{event}').text == f'{event} removed'
    assert client.get(f'/capture-admin/recordings/{event}.json').status == 404
    assert event in core.events
