"""What the agent asks of the core, against answers right and wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from pyca import settings
from pyca.errors import CoreError, NotUnderstood, Overloaded, Refused, Unreachable
from pyca.opencast.client import Core
from pyca.opencast.endpoints import ARCHIVE, CAPTURE_ADMIN, INGEST, SCHEDULER, Endpoints
from pyca.opencast.heard import Heard
from pyca.opencast.http import Http
from pyca.opencast.mediapackage import MediaPackage, parse
from pyca.states import AgentState, RecordingState
from tests.opencast.conftest import Exchange, FakeCore, MovedClock

UID = '68b19d11-6aca-413e-b2b3-eda72eebc65a'
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
EMPTY = (
    f'{HEAD}<mediapackage id="{UID}" start="2025-06-05T08:00:00Z" xmlns="http://mediapackage.opencastproject.org">'
    '<media/><metadata/><attachments/><publications/></mediapackage>'
)
GROWN = EMPTY.replace('<media/>', '<media><track id="y" type="presenter/source"/></media>')
WORKFLOW = f'{HEAD}<workflow xmlns="http://workflow.opencastproject.org" id="4711" state="RUNNING"/>'
CALENDAR = (
    'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART:20250605T080000Z\r\nDTEND:20250605T093000Z\r\n'
    f'UID:{UID}\r\nSUMMARY:Analysis\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:bad\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'
)
CALENDAR_TYPE = {'Content-Type': 'text/calendar; charset=UTF-8'}


class Nowhere:
    """A memory that forgets."""

    def load(self, service: str) -> Sequence[str]:
        return ()

    def save(self, service: str, nodes: Sequence[str]) -> None:
        pass


Build = Callable[..., Core]


@pytest.fixture
def build(core: FakeCore, connect: Callable[..., Http], clock: MovedClock) -> Build:
    def begin(agent: str = 'hall 1', *, registry: bool = False, series: str = '') -> Core:
        overrides = {
            CAPTURE_ADMIN: f'{core.url}/capture-admin',
            SCHEDULER: f'{core.url}/recordings',
            INGEST: f'{core.url}/ingest',
            ARCHIVE: f'{core.url}/assets',
        }
        http = connect(core, service_overrides={} if registry else overrides)
        server = settings.Server(url=core.url, service_overrides={} if registry else overrides)
        return Core(http, Endpoints(http, server, Nowhere(), clock), agent, series)

    return begin


@pytest.fixture
def client(build: Build) -> Core:
    return build()


def form(core: FakeCore) -> dict[str, list[str]]:
    return parse_qs(core.calls[-1].body.decode(), keep_blank_values=True)


@pytest.mark.parametrize(
    ('agent', 'path'),
    [
        ('hall-1', 'hall-1'),
        ('pyca@höhle 7', 'pyca%40h%C3%B6hle%207'),
        ('a+b&c?d#e%20', 'a%2Bb%26c%3Fd%23e%2520'),
        ('12', '12'),
        ('a.b', 'a.b'),
    ],
)
def test_any_agent_name_arrives(core: FakeCore, build: Build, agent: str, path: str) -> None:
    core.answer = lambda exchange: exchange.take()

    build(agent).post_agent_state(AgentState.IDLE, 'http://hall/')

    assert core.paths == [f'POST /capture-admin/agents/{path}']
    assert form(core) == {'address': ['http://hall/'], 'state': ['idle']}


@pytest.mark.parametrize('agent', ['a/b', '', '.', '..'])
def test_an_agent_name_that_no_path_can_hold_is_said(core: FakeCore, build: Build, agent: str) -> None:
    """Contract 5.2."""
    with pytest.raises(Refused, match='set another name in'):
        build(agent).post_agent_state(AgentState.IDLE, '')
    with pytest.raises(Refused, match='set another name in'):
        build(agent).calendar(None, None)

    assert core.calls == []


@pytest.mark.parametrize('body', ['', 'hall 1 set to idle\n'])
def test_a_state_that_is_taken_needs_no_words(core: FakeCore, client: Core, body: str) -> None:
    """Trap 11: 200 with an empty body says that nothing has changed."""
    core.answer = lambda exchange: exchange.take(200, body)

    client.post_agent_state(AgentState.IDLE, '')

    assert len(core.calls) == 1


def test_names_that_look_like_numbers_may_come_back_as_such(core: FakeCore, build: Build) -> None:
    """Trap 11."""
    facts = {'id': 12, 'location': 7, 'start': '2025-06-05T08:00:00Z', 'end': '2025-06-05T09:30:00Z'}
    core.answer = lambda exchange: exchange.reply(200, json.dumps(facts))

    technical = build('7').technical('12')

    assert technical is not None
    assert (technical.uid, technical.agent) == ('12', '7')


def test_an_empty_address_is_left_out(core: FakeCore, client: Core) -> None:
    """Trap 12."""
    core.answer = lambda exchange: exchange.take()

    client.post_agent_state(AgentState.CAPTURING, '')

    assert form(core) == {'state': ['capturing']}


def test_a_recording_that_the_core_did_not_schedule_is_refused_with_404(core: FakeCore, client: Core) -> None:
    """Trap 15."""
    core.answer = lambda exchange: exchange.take(404, 'The resource you requested does not exist.')

    with pytest.raises(Refused) as caught:
        client.post_recording_state('a b', RecordingState.UPLOAD_FINISHED)

    assert caught.value.status == 404
    assert core.paths == ['POST /capture-admin/recordings/a%20b']
    assert form(core) == {'state': ['upload_finished']}


def test_what_was_told_of_a_recording_can_be_asked(core: FakeCore, client: Core) -> None:
    body = '{"recording-state-update":{"name":"0012","state":"capturing","time-since-last-update":"5500"}}'
    core.answer = lambda exchange: exchange.reply(200, body)
    assert client.recording_state('0012') == Heard('capturing', 5.5)
    assert core.paths == ['GET /capture-admin/recordings/0012.json']

    core.answer = lambda exchange: exchange.reply(200, body.replace('"0012"', '12'))
    assert client.recording_state('12') == Heard('capturing', 5.5)  # contract 2.3: it may come as a number

    core.answer = lambda exchange: exchange.reply(404)
    assert client.recording_state('0012') is None


@pytest.mark.parametrize(
    'body',
    [
        '',
        '[]',
        '{"recording-state-update":""}',
        '{"recording-state-update":{"name":"a","state":"capturing"}}',
        '{"recording-state-update":{"name":"other","state":"capturing","time-since-last-update":5}}',
    ],
)
def test_an_answer_about_no_recording_is_not_understood(core: FakeCore, client: Core, body: str) -> None:
    core.answer = lambda exchange: exchange.reply(200, body)
    with pytest.raises(NotUnderstood):
        client.recording_state('a')


def test_a_calendar_is_events_with_its_etag_and_what_is_bad_in_it(core: FakeCore, client: Core) -> None:
    core.answer = lambda exchange: exchange.reply(200, CALENDAR, {**CALENDAR_TYPE, 'ETag': 'mod1700'})

    answer = client.calendar(1_750_000_000_000, None)

    assert answer is not None
    assert [(event.uid, event.title) for event in answer.events] == [(UID, 'Analysis')]
    assert len(answer.bad) == 1
    assert 'bad' in answer.bad[0]
    assert answer.etag == 'mod1700'
    assert core.paths == ['GET /recordings/calendars?agentid=hall%201&cutoff=1750000000000']
    assert 'If-None-Match' not in core.calls[0].headers


@pytest.mark.parametrize(('series', 'sent'), [('0012', '0012'), ('a&b c', 'a%26b%20c')])
def test_the_calendar_of_one_series_alone(core: FakeCore, build: Build, series: str, sent: str) -> None:
    core.answer = lambda exchange: exchange.reply(200, CALENDAR, CALENDAR_TYPE)

    build(series=series).calendar(1_750_000_000_000, None)

    assert core.paths == [f'GET /recordings/calendars?agentid=hall%201&seriesid={sent}&cutoff=1750000000000']


def test_an_etag_goes_back_as_it_came(core: FakeCore, client: Core) -> None:
    """Trap 18, H39; the quoted one of a 304 is not taken."""
    core.answer = lambda exchange: exchange.reply(304, b'', {'ETag': '"mod1700"'})

    assert client.calendar(None, 'mod1700') is None

    assert core.calls[0].headers['If-None-Match'] == 'mod1700'
    assert core.paths == ['GET /recordings/calendars?agentid=hall%201']


def test_a_304_that_nobody_asked_for_is_not_understood(core: FakeCore, client: Core) -> None:
    core.answer = lambda exchange: exchange.reply(304)

    with pytest.raises(NotUnderstood):
        client.calendar(None, None)


def test_a_cutoff_is_a_whole_number_of_milliseconds(core: FakeCore, client: Core) -> None:
    """Traps 7 and 17: for another text the core answers 404, as if it had no calendar."""
    core.answer = lambda exchange: exchange.reply(200, CALENDAR, CALENDAR_TYPE)

    client.calendar(1_750_000_000_000, None)

    assert re.search(r'[?&]cutoff=(\d{13})(&|$)', core.paths[0])


@pytest.mark.parametrize('cutoff', [0, 1209600000, 1_750_000_000])
def test_a_cutoff_that_would_hide_everything_is_not_sent(core: FakeCore, client: Core, cutoff: int) -> None:
    """Trap 17."""
    core.answer = lambda exchange: exchange.reply(200, CALENDAR, CALENDAR_TYPE)

    client.calendar(cutoff, None)

    assert 'cutoff' not in core.paths[0]


@pytest.mark.parametrize(
    ('status', 'kind', 'body'),
    [
        (200, 'text/html', CALENDAR),
        (200, 'application/json', '[]'),
        (200, 'text/calendar', ''),
        (200, 'text/calendar', CALENDAR[:-20]),
        (200, 'text/calendar', 'Service temporarily unavailable'),
        (204, 'text/calendar', ''),
    ],
)
def test_what_is_no_whole_calendar_is_not_understood(
    core: FakeCore, client: Core, status: int, kind: str, body: str
) -> None:
    """H34, H38: it must never look like an empty schedule."""
    core.answer = lambda exchange: exchange.reply(status, body, {'Content-Type': kind})

    with pytest.raises(NotUnderstood):
        client.calendar(None, None)


def test_the_times_of_an_event_are_known_to_the_scheduler(core: FakeCore, client: Core) -> None:
    answer = {'id': UID, 'location': 'hall 1', 'start': '2025-06-05T08:00:00Z', 'end': '2025-06-05T09:30:00.500Z'}
    core.answer = lambda exchange: exchange.reply(200, json.dumps(answer), {'Content-Type': 'text/xml'})

    technical = client.technical(UID)

    assert technical is not None
    assert (technical.uid, technical.agent) == (UID, 'hall 1')
    assert (technical.start, technical.end) == (1749110400, 1749115800)
    assert core.paths == [f'GET /recordings/{UID}/technical.json']
    assert 'json' not in core.calls[0].headers.get('Accept', '')  # asked for alone, it gets 406


def test_an_event_that_is_gone_is_none(core: FakeCore, client: Core) -> None:
    core.answer = lambda exchange: exchange.reply(404)

    assert client.technical(UID) is None
    assert client.scheduler_owns(UID) is False
    assert client.archived(UID) is False


def test_what_was_archived_is_known_by_its_media_package(core: FakeCore, client: Core) -> None:
    core.answer = lambda exchange: exchange.reply(200, GROWN)

    assert client.archived(UID) is True
    assert core.paths == [f'GET /assets/episode/{UID}']


@pytest.mark.parametrize('status', [403, 405, 500])
def test_a_question_that_is_refused_is_not_a_no(core: FakeCore, client: Core, status: int) -> None:
    core.answer = lambda exchange: exchange.reply(status)

    for question in (client.technical, client.scheduler_owns, client.archived):
        with pytest.raises(Refused):
            question(UID)


@pytest.mark.parametrize(
    'body',
    [
        '',
        '[]',
        'null',
        '{}',
        '{"id":"other","location":"a","start":"2025-06-05T08:00:00Z","end":"2025-06-05T08:00:00Z"}',
        f'{{"id":"{UID}","location":"a","start":"soon","end":7}}',
        '[' * 100_000,
    ],
)
def test_an_answer_about_something_else_is_not_understood(core: FakeCore, client: Core, body: str) -> None:
    core.answer = lambda exchange: exchange.reply(200, body)

    with pytest.raises(NotUnderstood):
        client.technical(UID)


def test_the_scheduler_owns_what_it_has_the_media_package_of(core: FakeCore, client: Core) -> None:
    core.answer = lambda exchange: exchange.reply(200, EMPTY)

    assert client.scheduler_owns(UID)
    with pytest.raises(NotUnderstood):
        client.scheduler_owns('another')


def test_the_media_package_gets_the_id_of_the_event(core: FakeCore, client: Core) -> None:
    """Contract 7.8: so a repeated final call cannot make a second event."""
    core.answer = lambda exchange: exchange.reply(200, EMPTY)

    package = client.create_mediapackage(f'{core.url}/ingest', UID)

    assert (package.id, package.xml, package.elements) == (UID, EMPTY, 0)
    assert core.paths == [f'PUT /ingest/createMediaPackageWithID/{UID}']


@pytest.mark.parametrize('status', [400, 403, 404, 405, 500])
def test_a_core_without_that_call_makes_up_an_id(core: FakeCore, client: Core, status: int) -> None:
    core.answer = lambda exchange: exchange.reply(*((status,) if exchange.method == 'PUT' else (200, EMPTY)))

    assert client.create_mediapackage(f'{core.url}/ingest', 'my-event').id == UID
    assert core.paths == ['PUT /ingest/createMediaPackageWithID/my-event', 'GET /ingest/createMediaPackage']


@pytest.mark.parametrize('uid', [None, '', 'a b', 'a/b', 'ä', '..', 'a\n'])
def test_an_id_that_the_core_does_not_take_is_not_tried(core: FakeCore, client: Core, uid: str | None) -> None:
    """Contract 7.2."""
    core.answer = lambda exchange: exchange.reply(200, EMPTY)

    client.create_mediapackage(f'{core.url}/ingest', uid)

    assert core.paths == ['GET /ingest/createMediaPackage']


def test_a_busy_core_is_no_reason_for_another_id(core: FakeCore, client: Core) -> None:
    core.answer = lambda exchange: exchange.reply(503)

    with pytest.raises(Overloaded):
        client.create_mediapackage(f'{core.url}/ingest', UID)

    assert len(core.calls) == 1


def test_a_media_package_of_another_event_is_not_understood(core: FakeCore, client: Core) -> None:
    core.answer = lambda exchange: exchange.reply(200, EMPTY)

    with pytest.raises(NotUnderstood, match='instead of other'):
        client.create_mediapackage(f'{core.url}/ingest', 'other')


def test_a_track_is_sent_with_the_package_as_it_came(core: FakeCore, client: Core, tmp_path: Path) -> None:
    path = tmp_path / 'Kamera für Hörsaal.mp4'
    path.write_bytes(b'film')
    core.answer = lambda exchange: exchange.take(200, GROWN)

    package = client.add_track(f'{core.url}/ingest/', parse(EMPTY), 'presenter/source', path, None)

    assert (package.xml, package.elements) == (GROWN, 1)
    (call,) = core.calls
    assert call.path == '/ingest/addTrack'
    assert f'\r\n\r\n{EMPTY}\r\n'.encode() in call.body
    assert b'filename="Kamera_f_r_H_rsaal.mp4"' in call.body
    assert call.body.index(b'name="flavor"') < call.body.index(b'filename=')


@pytest.mark.parametrize(
    'answer',
    [
        EMPTY,
        GROWN.replace(UID, 'other'),
        '',
        '<a/>',
        GROWN.replace(' xmlns="http://mediapackage.opencastproject.org"', ''),
    ],
)
def test_a_track_that_did_not_get_into_the_package_is_not_understood(
    core: FakeCore, client: Core, tmp_path: Path, answer: str
) -> None:
    """Traps 2 and 26."""
    path = tmp_path / 'a.mp4'
    path.write_bytes(b'film')
    core.answer = lambda exchange: exchange.take(200, answer)

    with pytest.raises(NotUnderstood):
        client.add_track(f'{core.url}/ingest', parse(EMPTY), 'presenter/source', path, None)


def test_a_catalog_is_sent_as_a_form(core: FakeCore, client: Core) -> None:
    core.answer = lambda exchange: exchange.take(200, GROWN)

    client.add_catalog(f'{core.url}/ingest', parse(EMPTY), 'dublincore/episode', '<dublincore title="Hörsaal"/>')

    assert core.paths == ['POST /ingest/addDCCatalog']
    assert form(core) == {
        'mediaPackage': [EMPTY],
        'dublinCore': ['<dublincore title="Hörsaal"/>'],
        'flavor': ['dublincore/episode'],
    }


def test_the_final_call_gives_the_workflow(core: FakeCore, client: Core) -> None:
    core.answer = lambda exchange: exchange.take(200, WORKFLOW)
    fields = {'workflowDefinitionId': 'fast', 'workflowInstanceId': UID, 'straightToPublishing': 'true'}

    assert client.ingest(f'{core.url}/ingest', parse(GROWN), {**fields, 'mediaPackage': 'not this'}) == '4711'

    assert core.paths == ['POST /ingest/ingest']
    assert form(core) == {'mediaPackage': [GROWN], **{name: [value] for name, value in fields.items()}}


def test_a_large_final_call_is_multipart(core: FakeCore, client: Core) -> None:
    """Trap 32."""
    core.answer = lambda exchange: exchange.take(200, WORKFLOW)
    package = MediaPackage(GROWN.replace('<metadata/>', f'<metadata/><!--{"<" * 400_000}-->'), UID, 1)

    client.ingest(f'{core.url}/ingest', package, {'workflowInstanceId': UID})

    assert core.calls[0].headers['Content-Type'].startswith('multipart/form-data')
    assert b'filename' not in core.calls[0].body


@pytest.mark.parametrize('answer', ['', 'fine', EMPTY, '<!DOCTYPE x><workflow/>'])
def test_a_final_call_with_another_answer_is_undecided(core: FakeCore, client: Core, answer: str) -> None:
    core.answer = lambda exchange: exchange.take(200, answer)

    with pytest.raises(NotUnderstood):
        client.ingest(f'{core.url}/ingest', parse(GROWN), {})


@pytest.mark.parametrize(
    ('answer', 'error'),
    [
        (lambda exchange: (exchange.read(), exchange.hang_up()), Unreachable),
        (lambda exchange: exchange.take(502), Overloaded),
        (lambda exchange: exchange.take(504), Overloaded),
    ],
)
def test_a_final_call_whose_answer_is_lost_may_have_been_heard(
    core: FakeCore, client: Core, answer: Callable[[Exchange], None], error: type[CoreError]
) -> None:
    """Trap 29, H26."""
    core.answer = answer

    with pytest.raises(error) as caught:
        client.ingest(f'{core.url}/ingest', parse(GROWN), {})

    assert getattr(caught.value, 'sent', False) is True
    assert len(core.calls) == 1


def test_a_package_that_is_given_up_is_discarded(core: FakeCore, client: Core) -> None:
    core.answer = lambda exchange: exchange.take()

    client.discard(f'{core.url}/ingest', parse(GROWN))

    assert core.paths == ['POST /ingest/discardMediaPackage']
    assert form(core) == {'mediaPackage': [GROWN]}


def test_a_service_that_fails_is_looked_up_anew(core: FakeCore, build: Build) -> None:
    services = {'type': SCHEDULER, 'host': core.url, 'path': '/recordings', 'active': True, 'online': True}

    def answer(exchange: Exchange) -> None:
        if exchange.path.startswith('/services'):
            exchange.reply(200, json.dumps({'services': {'service': services}}))
        else:
            exchange.reply(503)

    core.answer = answer
    client = build(registry=True)

    for _ in range(2):
        with pytest.raises(Overloaded):
            client.technical(UID)

    assert [path.split('?')[0] for path in core.paths] == [
        'GET /services/available.json',
        f'GET /recordings/{UID}/technical.json',
    ] * 2
