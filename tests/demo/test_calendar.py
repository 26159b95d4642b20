"""Check-list 5: the calendar, with the other questions to the scheduler."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from pyca.demo.ical import Style
from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock, Reply

HALL: dict[str, Any] = {'agentid': 'hall-1'}


def calendar(client: Client, etag: str = '', **query: str) -> Reply:
    return client.get('/recordings/calendars', {'If-None-Match': etag} if etag else {}, **{**HALL, **query})


def uids(reply: Reply) -> list[str]:
    return re.findall(r'^UID:(\S+)', reply.text, re.MULTILINE)


def test_an_event_has_its_lines_in_order(core: StandIn, client: Client) -> None:
    core.add_event(
        'the-id',
        agent='hall-1',
        start=1749110400,
        end=1749115800,
        title='Analysis I, part 2; "limits"',
        properties={'capture.device.names': 'camera,slides'},
        series='s-1',
        description='two lines:\nHörsaal 1',
    )
    reply = calendar(client)
    assert reply.headers['content-type'] == 'text/calendar; charset=UTF-8'
    lines = reply.text.split('\r\n')
    assert lines[:5] == [
        'BEGIN:VCALENDAR',
        'PRODID:Opencast Calendar File 0.5',
        'VERSION:2.0',
        'CALSCALE:GREGORIAN',
        'BEGIN:VEVENT',
    ]
    assert lines[5:13] == [
        'DTSTAMP:20250605T080000Z',
        'DTSTART:20250605T080000Z',
        'DTEND:20250605T093000Z',
        'SUMMARY:Analysis I\\, part 2\\; "limits"',
        'UID:the-id',
        'LAST-MODIFIED:20250605T080000Z',
        'DESCRIPTION:two lines:\\nHörsaal 1',
        'LOCATION:hall-1',
    ]
    assert lines[13] == 'RELATED-TO:s-1'
    names = [line.partition(':')[0] for line in lines[14:17]]
    assert names == [
        f'ATTACH;FMTTYPE=application/{kind};VALUE=BINARY;ENCODING=BASE64;X-APPLE-FILENAME={name}'
        for kind, name in (
            ('xml', 'episode.xml'),
            ('xml', 'series.xml'),
            ('text', 'org.opencastproject.capture.agent.properties'),
        )
    ]
    properties = base64.b64decode(lines[16].partition(':')[2]).decode().splitlines()
    assert sorted(properties) == [
        'capture.device.names=camera,slides',
        'event.location=hall-1',
        'event.series=s-1',
        'event.title=Analysis I, part 2; "limits"',
        'org.opencastproject.workflow.definition=schedule-and-upload',
    ]
    assert lines[17:] == ['END:VEVENT', 'END:VCALENDAR', '']


def test_an_empty_calendar_has_an_etag_too(client: Client) -> None:
    reply = calendar(client)
    assert (reply.status, reply.headers['etag'], uids(reply)) == (200, 'mod0', [])
    assert 'etag' not in client.get('/recordings/calendars').headers


def test_events_stay_for_an_hour_after_their_end(core: StandIn, client: Client, clock: HandClock) -> None:
    core.add_event('a', agent='hall-1', start=clock.now() - 7200, end=clock.now() - 3600)
    assert uids(calendar(client)) == ['a']
    clock.move(1)
    assert uids(calendar(client)) == []


def test_the_cutoff_is_absolute_and_exclusive(core: StandIn, client: Client, clock: HandClock) -> None:
    start = round(clock.now()) + 600
    core.add_event('a', agent='hall-1', start=start, end=start + 60)
    assert uids(calendar(client, cutoff=str(start * 1000))) == []
    assert uids(calendar(client, cutoff=str(start * 1000 + 1))) == ['a']
    assert uids(calendar(client, cutoff='1209600000')) == []
    assert calendar(client, cutoff='tomorrow').status == 404
    assert uids(calendar(client, cutoff='')) == ['a']


def test_who_is_in_it(core: StandIn, client: Client, clock: HandClock) -> None:
    start, end = clock.now() + 60, clock.now() + 120
    core.add_event('mine', agent='hall-1', start=start, end=end, series='s-1')
    core.add_event('other', agent='hall-2', start=start, end=end)
    core.add_event('archived', agent='hall-1', start=start, end=end)
    core.archive('archived')
    core.add_event('hidden', agent='hall-1', start=start, end=end, series='s-2')
    core.model.unreadable_series.add('s-2')
    assert uids(calendar(client)) == ['mine']
    assert sorted(uids(client.get('/recordings/calendars'))) == ['mine', 'other']
    assert uids(calendar(client, seriesid='s-3')) == []


def test_no_order_is_promised(core: StandIn, client: Client, clock: HandClock) -> None:
    for number in range(12):
        core.add_event(f'e{number:02}', agent='hall-1', start=clock.now() + number, end=clock.now() + 60)
    found = uids(calendar(client))
    assert found != sorted(found)
    core.layout.sorted = True
    assert uids(calendar(client)) == sorted(found)


def test_the_etag_moves_with_every_change_of_the_schedule(core: StandIn, client: Client, clock: HandClock) -> None:
    seen = [calendar(client).headers['etag']]

    def step() -> None:
        etag = calendar(client).headers['etag']
        assert re.fullmatch(r'mod\d+', etag)
        assert etag not in seen
        seen.append(etag)

    uid = core.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 60)
    step()
    core.change_event(uid, end=clock.now() + 90)
    step()
    core.change_event(uid, properties={'a': 'b'})
    step()
    core.change_event(uid, agent='hall-2')
    step()
    core.change_event(uid, agent='hall-1')
    step()
    core.remove_event(uid)
    step()


def test_the_etag_does_not_move_with_states_or_ingests(core: StandIn, client: Client, event: str) -> None:
    etag = calendar(client).headers['etag']
    client.post(f'/capture-admin/recordings/{event}', state='capturing')
    assert calendar(client, etag).status == 304
    assert client.deliver(event).status == 200
    core.archive(event)
    assert calendar(client, etag).status == 304


def test_only_the_very_same_etag_is_not_modified(client: Client, event: str) -> None:
    etag = calendar(client).headers['etag']
    same = calendar(client, etag)
    assert (same.status, same.headers['etag'], same.body) == (304, f'"{etag}"', b'')
    for other in (f'"{etag}"', f'W/"{etag}"', '*', f'{etag}, mod1'):
        assert calendar(client, other).status == 200


def test_last_modified_moves_with_a_new_version_only(core: StandIn, client: Client, clock: HandClock) -> None:
    uid = core.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 60)
    clock.move(10)
    core.change_event(uid, end=clock.now() + 90)
    assert 'LAST-MODIFIED:20250605T080000Z' in calendar(client).text
    core.change_event(uid, title='Another')
    assert 'LAST-MODIFIED:20250605T080010Z' in calendar(client).text


def test_a_node_may_know_of_a_change_late(core: StandIn, client: Client, clock: HandClock) -> None:
    core.desk.etag_cache = 60
    etag = calendar(client).headers['etag']
    core.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 600)
    clock.move(59)
    assert calendar(client, etag).status == 304
    clock.move(1)
    assert calendar(client, etag).status == 200


def test_old_servers_fold_and_leave_empty_lines(core: StandIn, client: Client, event: str) -> None:
    modern = calendar(client).text
    core.layout.style = Style.OLD
    old = calendar(client).text
    assert all(len(line) <= 73 for line in old.split('\r\n'))
    assert '\r\n\r\n' in old
    assert re.sub(r'(\r\n)+', '\r\n', old.replace('\r\n ', '')) == modern
    core.layout.style = Style.LF
    assert calendar(client).text == modern.replace('\r\n', '\n')


def test_very_old_servers_write_real_properties_files(core: StandIn, client: Client, clock: HandClock) -> None:
    core.layout.java_properties = True
    core.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 60, title='a: b=c')
    line = next(line for line in calendar(client).text.split('\r\n') if 'agent.properties' in line)
    text = base64.b64decode(line.rpartition(':')[2]).decode()
    assert text.startswith('#')
    assert 'event.title=a\\: b\\=c\n' in text


def test_the_json_calendar_has_its_own_rules(core: StandIn, client: Client, clock: HandClock) -> None:
    late = core.add_event(agent='hall-1', start=clock.now() + 10, end=clock.now() + 60)
    early = core.add_event(agent='hall-1', start=clock.now() - 10, end=clock.now() + 20)
    core.add_event(agent='hall-1', start=clock.now() - 60, end=clock.now() - 1)
    found = client.get('/recordings/calendar.json', timestamp='true', **HALL).json
    assert [element['data']['eventId'] for element in found] == [early, late]
    assert found[0]['data']['startDate'] == round(clock.now() - 10) * 1000
    assert '2025, 7:59:50' in client.get('/recordings/calendar.json').json[0]['data']['startDate']
    cut = client.get('/recordings/calendar.json', cutoff=str(round(clock.now() + 60) * 1000), **HALL).json
    assert [element['data']['eventId'] for element in cut] == [early]
    core.archive(late)
    assert client.get('/recordings/calendar.json', **HALL).status == 500


def test_technical_data_live_as_long_as_the_event(core: StandIn, client: Client, event: str) -> None:
    client.post(f'/capture-admin/recordings/{event}', state='capturing')
    core.archive(event)
    found = client.get(f'/recordings/{event}/technical.json')
    assert (found.json['location'], found.json['end'], found.json['state']) == (
        'hall-1',
        '2025-06-05T08:00:00Z',
        'capturing',
    )
    assert found.headers['content-type'] == 'text/xml'
    assert client.get(f'/recordings/{event}/technical.json', {'Accept': 'application/json'}).status == 406
    core.remove_event(event)
    assert client.get(f'/recordings/{event}/technical.json').status == 404


@pytest.mark.parametrize('what', ['mediapackage.xml', 'dublincore.xml'])
def test_the_scheduler_gives_catalogs_until_the_event_is_archived(
    core: StandIn, client: Client, event: str, what: str
) -> None:
    assert 'Analysis' in client.get(f'/recordings/{event}/{what}').text
    core.archive(event)
    assert client.get(f'/recordings/{event}/{what}').status == 404


def test_smaller_questions(core: StandIn, client: Client, clock: HandClock) -> None:
    assert client.get('/recordings/hall-1/lastmodified').text == 'mod0'
    assert client.get('/recordings/currentRecording/hall-1').status == 204
    uid = core.add_event(agent='hall-1', start=clock.now() - 1, end=clock.now() + 60)
    assert uid in client.get('/recordings/currentRecording/hall-1').text
    assert client.get('/recordings/upcomingRecording/hall-1').status == 204
    assert client.get('/recordings/eventCount').text == '1'
    assert 'event.title=Lecture' in client.get(f'/recordings/{uid}/agent.properties').text
    core.archive(uid)
    assert client.get('/recordings/currentRecording/hall-1').status == 500
