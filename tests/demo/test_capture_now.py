"""Recordings that are started in the core (contract 6.6)."""

from __future__ import annotations

import re
from datetime import datetime, timezone

from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock, Reply

HALL = '/recordings/capture/hall-1'


def calendar(client: Client) -> Reply:
    return client.get('/recordings/calendars', agentid='hall-1')


def times(client: Client, name: str) -> list[float]:
    """Of all events, in seconds from the start of the test's clock."""
    found = re.findall(rf'^{name}:(\S+)Z', calendar(client).text, re.MULTILINE)
    return sorted(
        datetime.strptime(text, '%Y%m%dT%H%M%S').replace(tzinfo=timezone.utc).timestamp() - 1_749_110_400
        for text in found
    )


def test_it_is_an_event_that_has_begun_already(core: StandIn, client: Client, clock: HandClock) -> None:
    reply = client.post(HALL)
    (uid,) = core.events
    assert (reply.status, reply.headers['location']) == (201, f'{core.url}/recordings/{uid}.xml')
    clock.move(10)
    assert (times(client, 'DTSTART'), times(client, 'DTEND')) == ([0], [300])
    assert core.events[uid].workflow == 'schedule-and-upload'
    assert client.get(HALL).json['http://purl.org/dc/terms/']['title'] == [{'value': 'Capture now event'}]


def test_its_end_moves_on_while_it_runs(core: StandIn, client: Client, clock: HandClock) -> None:
    client.post(HALL, workflowDefinitionId='fast')
    clock.move(239)
    before = calendar(client)
    assert times(client, 'DTEND') == [300]
    clock.move(1)
    after = calendar(client)
    assert times(client, 'DTEND') == [600]
    assert before.headers['etag'] != after.headers['etag']
    clock.move(600)
    assert times(client, 'DTEND') == [1200]
    (event,) = core.events.values()
    assert event.workflow == 'fast'


def test_it_ends_a_minute_before_the_next_event(core: StandIn, client: Client, clock: HandClock) -> None:
    core.add_event(agent='hall-1', start=clock.now() + 400, end=clock.now() + 500)
    client.post(HALL)
    clock.move(240)
    assert times(client, 'DTEND') == [340, 500]


def test_it_does_not_begin_where_something_runs(core: StandIn, client: Client, clock: HandClock) -> None:
    core.add_event(agent='hall-1', start=clock.now() + 299, end=clock.now() + 500)
    assert client.post(HALL).status == 409
    assert client.post('/recordings/capture/hall-2').status == 201
    assert client.post('/recordings/capture/hall-2').status == 409


def test_it_can_be_prolonged(client: Client) -> None:
    assert client.ask('PUT', f'{HALL}/prolong').status == 404
    client.post(HALL)
    assert client.ask('PUT', f'{HALL}/prolong').status == 200
    assert times(client, 'DTEND') == [600]


def test_a_stop_leaves_the_end_in_the_calendar(core: StandIn, client: Client, clock: HandClock) -> None:
    assert client.ask('DELETE', HALL).status == 304
    client.post(HALL)
    clock.move(100)
    before = calendar(client).headers['etag']
    assert client.ask('DELETE', HALL).status == 200
    assert calendar(client).headers['etag'] != before
    assert times(client, 'DTEND') == [300]
    (uid,) = core.events
    assert 'end=2025-06-05T08:01:40Z' in client.get(f'/recordings/{uid}/dublincore.xml').text
    clock.move(1000)
    assert core.events[uid].end - core.events[uid].start == 300
    assert client.ask('DELETE', HALL).status == 304


def test_what_runs_and_what_is_next(core: StandIn, client: Client, clock: HandClock) -> None:
    assert client.get(HALL).status == 404
    assert client.get(f'{HALL}/upcoming').status == 404
    uid = core.add_event(agent='hall-1', start=clock.now() + 10, end=clock.now() + 20, title='Next')
    assert client.get(f'{HALL}/upcoming').json['http://purl.org/dc/terms/']['title'] == [{'value': 'Next'}]
    core.archive(uid)
    assert client.get(f'{HALL}/upcoming').status == 500


def test_an_agent_may_not_start_it(core: StandIn) -> None:
    agent = Client(core.url, 'capture-agent', 'lecture-hall')
    assert [agent.post(HALL).status, agent.ask('DELETE', HALL).status, agent.get(HALL).status] == [403, 403, 404]
