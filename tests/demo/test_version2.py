"""What later versions of the protocol may bring; off unless it is asked for (contract 9, the draft of a version 2)."""

from __future__ import annotations

import json

import pytest

from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock

AGENT = '/capture-admin/agents/hall-1'
VENDOR = {f'vendor.{key}': 'x' for key in ('name', 'model', 'firmware', 'hardware')}


def kept(core: StandIn, client: Client, **more: str) -> dict[str, str]:
    """What the core keeps of a configuration, without the vendor's keys."""
    assert client.post(f'{AGENT}/configuration', configuration=json.dumps({**VENDOR, **more})).status == 200
    return {key: value for key, value in core.agents['hall-1'].configuration.items() if key not in VENDOR}


@pytest.fixture
def later(core: StandIn) -> StandIn:
    core.version2 = True
    return core


def test_a_core_of_today_keeps_what_it_gets(core: StandIn, client: Client) -> None:
    assert kept(core, client, **{'capture.stream.capable': '7'}) == {'capture.stream.capable': '7'}
    assert client.post(AGENT, state='capturing_and_uploading').status == 400
    for kind in ('ical', 'json'):
        assert client.get(f'/recordings/calendars.{kind}', agentid='hall-1').status == 405


def test_an_agent_that_names_its_vendor_is_of_version_2(later: StandIn, client: Client) -> None:
    assert kept(later, client) == {
        'opencast.agent.version': '2',
        'capture.stream.capable': '0',
        'capture.local.startpaused': '0',
    }
    shown = client.get(f'{AGENT}/capabilities.json').json['properties-response']['properties']['item']
    assert {item['key'] for item in shown} == {
        'opencast.agent.version',
        'capture.stream.capable',
        'capture.local.startpaused',
    }


@pytest.mark.parametrize('value', ['', ' ', 'x' * 257, None])
def test_one_that_does_not_is_of_version_1(later: StandIn, client: Client, value: str | None) -> None:
    kept(later, client)
    posted = {key: found for key, found in {**VENDOR, 'vendor.model': value, 'a': 'b'}.items() if found is not None}
    assert client.post(f'{AGENT}/configuration', configuration=json.dumps(posted)).status == 200
    assert later.agents['hall-1'].configuration == {**posted, 'opencast.agent.version': '1'}


def test_streams_begin_paused_only_where_there_are_any(later: StandIn, client: Client) -> None:
    assert 'capture.stream.startpaused' not in kept(later, client, **{'capture.stream.startpaused': '7'})
    assert kept(later, client, **{'capture.stream.capable': '1'})['capture.stream.startpaused'] == '0'


def test_lists_are_tidied(later: StandIn, client: Client) -> None:
    found = kept(later, client, **{'capture.stream.configuration': 'low, high', 'capture.device.positions': 'b, a'})
    assert (found['capture.stream.configuration'], found['capture.device.positions']) == ('high,low', 'b,a')


def test_the_vendors_own_keys(later: StandIn, client: Client) -> None:
    found = kept(later, client, **{'X-Light': ' on ', 'X-': 'a', 'X-a b': 'c', 'X-ä': 'd', 'X-' + 'y' * 256: 'e'})
    assert {key: value for key, value in found.items() if key.startswith('X-')} == {'X-Light': 'on'}


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('capture.stream.capable', '2'),
        ('capture.local.startpaused', 'true'),
        ('capture.device.names', ''),
        ('capture.device.names', 'x' * 257),
        ('capture.stream.configuration', ''),
        ('capture.stream.configuration', 'a,,b'),
        ('capture.stream.configuration', 'x' * 33),
        ('capture.device.positions', 'x' * 257),
        ('X-Light', ' '),
    ],
)
def test_what_a_version_2_refuses(later: StandIn, client: Client, key: str, value: str) -> None:
    reply = client.post(f'{AGENT}/configuration', configuration=json.dumps({**VENDOR, key: value}))
    assert (reply.status, key in reply.text) == (400, True)
    assert 'hall-1' not in later.agents


def test_an_agent_may_do_both_at_once(later: StandIn, client: Client) -> None:
    assert client.post(AGENT, state='capturing_and_uploading').status == 200
    assert later.agents['hall-1'].state == 'capturing_and_uploading'


def test_the_draft_names_the_format_of_the_calendar(core: StandIn, client: Client, clock: HandClock) -> None:
    core.draft = True
    uid = core.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 60)
    ical = client.get('/recordings/calendars.ical', agentid='hall-1')
    assert (ical.headers['content-type'], f'UID:{uid}' in ical.text) == ('text/calendar; charset=UTF-8', True)
    assert client.get('/recordings/calendars.json', agentid='hall-1').json[0]['data']['eventId'] == uid
    assert client.get('/recordings/calendars.xml', agentid='hall-1').status == 405
