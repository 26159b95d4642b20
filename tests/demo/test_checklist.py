"""The check-list for a simulated core (contract 11), item by item, with plain requests and without our own client."""

from __future__ import annotations

import base64
import re
import socket
import time
import urllib.parse
from pathlib import Path

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.ical import Style
from pyca.demo.records import User
from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock, Reply, digest, multipart

SERVICES = '/services/available.json'
INGEST = 'org.opencastproject.ingest'
AGENT = '/capture-admin/agents/hall-1'
SYSTEM = ('opencast_system_account', 'CHANGE_ME')
NAMESPACE = ' xmlns="http://mediapackage.opencastproject.org"'
CUTOFF = '1749200000000'


def ingest_hosts(client: Client) -> object:
    """What the registry says under `services`."""
    return client.get(SERVICES, serviceType=INGEST).json['services']


def calendar(client: Client, etag: str = '', **query: str) -> Reply:
    headers = {'If-None-Match': etag} if etag else {}
    return client.get('/recordings/calendars', headers, **{'agentid': 'hall-1', **query})


def uids(reply: Reply) -> list[str]:
    return re.findall(r'^UID:(\S+)', reply.text, re.MULTILINE)


def upload(package: str, content: bytes = b'video') -> tuple[bytes, str]:
    """Body and content type of an `addTrack`."""
    fields = [('flavor', None, b'presenter/source'), ('mediaPackage', None, package.encode())]
    return multipart([*fields, ('BODY', 'camera.mp4', content)])


class Raw:
    """A connection on which bytes are sent by hand."""

    def __init__(self, core: StandIn) -> None:
        address = urllib.parse.urlsplit(core.url)
        self.socket = socket.create_connection((address.hostname or '', address.port or 0), timeout=60)

    def begin(self, path: str, kind: str, length: int) -> None:
        login = base64.b64encode(b'admin:opencast').decode()
        head = f'POST {path} HTTP/1.1\r\nHost: core\r\nAuthorization: Basic {login}\r\nContent-Type: {kind}\r\n'
        self.socket.sendall(f'{head}Content-Length: {length}\r\nConnection: close\r\n\r\n'.encode())

    def send(self, content: bytes) -> None:
        self.socket.sendall(content)

    def answer(self) -> bytes:
        """Everything until the other side closes."""
        with self.socket:
            return b''.join(iter(lambda: self.socket.recv(65536), b''))


# -- the model: its tables ---------------------------------------------------------------------------------------------


def test_what_the_core_remembers(core: StandIn, client: Client, clock: HandClock) -> None:
    properties = {'capture.device.names': 'camera'}
    uid = core.add_event(
        agent='hall-1', start=clock.now(), end=clock.now() + 60, title='A', series='s', properties=properties
    )
    client.post(AGENT, state='idle', address='http://hall-1')
    client.post(f'{AGENT}/configuration', configuration='{"a":"b","c":"d"}')
    client.post(f'/capture-admin/recordings/{uid}', state='capturing')
    client.deliver(uid)

    agent = core.agents['hall-1']
    assert (agent.name, agent.state, agent.address, agent.heard) == ('hall-1', 'idle', 'http://hall-1', clock.now())
    assert agent.configuration == {'a': 'b', 'c': 'd'}
    event = core.events[uid]
    assert (event.uid, event.agent, event.end - event.start, event.title) == (uid, 'hall-1', 60, 'A')
    assert (event.series, event.properties, event.owned, event.version) == ('s', properties, True, clock.now())
    assert '<dcterms:title>A</dcterms:title>' in client.get(f'/recordings/{uid}/dublincore.xml').text
    assert core.recordings[uid] == [(clock.now(), 'capturing')]
    (address,) = core.nodes[0].files
    assert re.fullmatch(rf'{core.url}/files/mediapackage/{uid}/[\w-]+/camera.mp4', address)
    (workflow,) = core.model.workflows
    assert (workflow.mediapackage, workflow.active) == (uid, True)
    assert re.fullmatch(r'mod\d+', client.get('/recordings/hall-1/lastmodified').text)


# -- the model: its knobs ----------------------------------------------------------------------------------------------


def test_its_clock_is_moved_by_hand(core: StandIn, client: Client, clock: HandClock) -> None:
    before = client.get('/info/me.json').headers['date']
    clock.move(3600)
    assert (before, client.get('/info/me.json').headers['date']) == (
        'Thu, 05 Jun 2025 08:00:00 GMT',
        'Thu, 05 Jun 2025 09:00:00 GMT',
    )


def test_the_style_of_the_calendar_can_be_chosen(core: StandIn, client: Client, event: str) -> None:
    modern = calendar(client).text
    assert max(len(line) for line in modern.split('\r\n')) > 73
    core.layout.style = Style.OLD
    old = calendar(client).text
    assert max(len(line) for line in old.split('\r\n')) == 73
    assert '\r\n\r\n' in old
    assert re.sub(r'(\r\n)+', '\r\n', old.replace('\r\n ', '')) == modern
    core.layout.style = Style.LF
    assert '\r' not in calendar(client).text


def test_nodes_come_and_go(core: StandIn, client: Client) -> None:
    first, second = core.nodes[0], core.nodes.add()
    for state in ('ERROR', 'maintenance', 'offline'):
        first.state = state
        assert second.url in str(ingest_hosts(client))
        assert first.url not in str(ingest_hosts(client))
    second.state = 'ERROR'
    assert ingest_hosts(client) == ''
    first.state = 'WARNING'
    assert first.url in str(ingest_hosts(client))
    core.nodes.remove(second)
    with pytest.raises(OSError, match='refused'):
        Client(second.url).get('/info/me.json')


def test_a_series_can_be_unreadable(core: StandIn, client: Client, clock: HandClock) -> None:
    core.add_event('a', agent='hall-1', start=clock.now(), end=clock.now() + 60, series='s')
    assert uids(calendar(client)) == ['a']
    core.model.unreadable_series.add('s')
    assert (calendar(client).status, uids(calendar(client))) == (200, [])


def test_an_answer_can_come_late_or_never_after_the_work(core: StandIn, client: Client, event: str) -> None:
    core.faults.add(Fault('POST /ingest/ingest', Kind.LOSE_ANSWER))
    with pytest.raises(ConnectionError):
        client.deliver(event)
    assert [delivery.uid for delivery in core.deliveries] == [event]
    core.faults.add(Fault('lastmodified', Kind.LATE_ANSWER, seconds=0.1))
    began = time.monotonic()
    assert client.get('/recordings/hall-1/lastmodified').status == 200
    assert time.monotonic() - began >= 0.1


def test_a_connection_can_be_cut_after_so_many_bytes(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('addTrack', Kind.RESET, bytes=100_000))
    with pytest.raises(ConnectionError):
        client.track(client.begin(), b'x' * 4_000_000)
    assert core.requests[-1].bytes_in == 100_000


def test_a_body_can_be_read_slowly(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('addTrack', Kind.SLOW_READING, rate=200_000))
    began = time.monotonic()
    assert client.track(client.begin(), b'x' * 40_000).status == 200
    assert time.monotonic() - began >= 0.1


def test_a_body_can_be_left_unread(core: StandIn, client: Client) -> None:
    body, kind = upload(client.begin(), b'x' * 9000)
    fault = core.faults.add(Fault('addTrack', Kind.STOP_READING, bytes=500))
    raw = Raw(core)
    raw.begin('/ingest/addTrack', kind, len(body))
    raw.send(body)
    assert core.wait_for(lambda: fault.hits and core.requests[-1].bytes_in == 500)
    core.faults.clear()
    assert raw.answer().startswith(b'HTTP/1.1 200')


@pytest.mark.parametrize('status', [500, 503])
def test_errors_come_in_bursts(core: StandIn, client: Client, status: int) -> None:
    core.faults.add(Fault('calendars', Kind.STATUS, times=3, status=status))
    assert [calendar(client).status for _ in range(4)] == [status] * 3 + [200]


def test_the_login_page_can_come_instead_of_anything(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('calendars', Kind.LOGIN))
    core.faults.add(Fault('calendars', Kind.HTML))
    first, second = calendar(client), calendar(client)
    assert (first.status, first.headers['location']) == (302, f'{core.url}/login.html')
    assert (second.status, second.headers['content-type'].split(';')[0]) == (200, 'text/html')


def test_a_quoted_etag_can_come_with_a_304(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('calendars', Kind.NOT_MODIFIED))
    reply = calendar(client, 'mod0')
    assert (reply.status, reply.headers['etag']) == (304, '"mod0"')


def test_a_workflow_archives_after_a_while(core: StandIn, client: Client, clock: HandClock, event: str) -> None:
    core.archive_after = 120
    client.deliver(event)
    clock.move(119)
    assert uids(calendar(client)) == [event]
    clock.move(1)
    assert uids(calendar(client)) == []
    assert client.get(f'/recordings/{event}/technical.json').status == 200


# -- 1: login ----------------------------------------------------------------------------------------------------------


def test_1_each_table_of_users_knows_its_own(core: StandIn) -> None:
    target = f'{SERVICES}?serviceType={INGEST}'
    core.set_users([User('admin', 'opencast'), User(*SYSTEM, basic=False, digest=True)])
    for name, password, basic, by_digest in [('admin', 'opencast', 200, 401), (*SYSTEM, 401, 200)]:
        assert Client(core.url, name, password).get(target).status == basic
        stranger = Client(core.url, user='')
        challenge = stranger.get(target, {'X-Requested-Auth': 'Digest'})
        assert (challenge.status, challenge.headers['www-authenticate'][:24]) == (401, 'Digest realm="Opencast",')
        assert stranger.get(target, digest(challenge, name, password, 'GET', target)).status == by_digest


def test_1_a_stranger_is_challenged_sent_away_or_let_in(core: StandIn) -> None:
    target = f'{SERVICES}?serviceType={INGEST}'

    def ask(path: str, **headers: str) -> Reply:
        return Client(core.url, user='').get(path, {name.replace('_', '-'): value for name, value in headers.items()})

    assert ask(target, X_Requested_Auth='Basic').headers['www-authenticate'] == 'Basic realm="Opencast"'
    assert ask(target).headers['location'] == f'{core.url}/login.html'
    assert ask(target, X_Requested_With='XMLHttpRequest').status == 419
    me = ask('/info/me.json')
    assert (me.status, me.json['user']['username'], me.json['org']['anonymousRole']) == (
        200,
        'anonymous',
        'ROLE_ANONYMOUS',
    )
    assert ask('/info/me.json', X_Requested_Auth='Digest').status == 401


def test_1_a_user_without_the_role_may_nothing(core: StandIn) -> None:
    core.set_users([User('someone', 'x', ('ROLE_USER',))])
    someone = Client(core.url, 'someone', 'x')
    refused = someone.get(SERVICES, serviceType=INGEST)
    assert (refused.status, '<html' in refused.text) == (403, True)
    assert someone.get('/info/me.json').json['roles'] == ['ROLE_USER', 'ROLE_USER_SOMEONE']


@pytest.mark.parametrize(
    ('method', 'path', 'allowed'),
    [
        ('GET', f'{SERVICES}?serviceType={INGEST}', True),
        ('GET', f'/services/available.xml?serviceType={INGEST}', True),
        ('POST', AGENT, True),
        ('DELETE', AGENT, True),
        ('GET', '/capture-admin/recordings', True),
        ('GET', '/recordings/calendars?agentid=hall-1', True),
        ('GET', '/recordings/x/technical.json', True),
        ('POST', '/recordings', False),
        ('PUT', '/recordings/x', False),
        ('PUT', '/recordings/x/recordingStatus', False),
        ('POST', '/recordings/capture/hall-1', False),
        ('DELETE', '/recordings/capture/hall-1', False),
        ('GET', '/ingest/createMediaPackage', True),
        ('POST', '/ingest/schedule', True),
        ('GET', '/workflow/definitions.xml', True),
        ('GET', '/workflow/instances.xml', False),
        ('GET', '/series/x.xml', True),
        ('PUT', '/series/x', False),
        ('GET', '/sysinfo/bundles/version?prefix=opencast', True),
        ('GET', '/assets/episode/x', False),
    ],
)
def test_1_what_an_agent_may(core: StandIn, method: str, path: str, allowed: bool) -> None:
    core.set_users([User('hall-1', 'x', ('ROLE_CAPTURE_AGENT',), basic=False, digest=True)])
    agent = Client(core.url, user='')
    challenge = agent.get('/info/me.json', {'X-Requested-Auth': 'Digest'})
    agent.get('/info/me.json', digest(challenge, 'hall-1', 'x', 'GET', '/info/me.json'))
    assert (agent.ask(method, path).status == 403) is not allowed


def test_1_a_nonce_is_stale_after_300_seconds(core: StandIn, clock: HandClock) -> None:
    agent = Client(core.url, user='', cookies=False)
    headers = digest(agent.get('/info/me.json', {'X-Requested-Auth': 'Digest'}), *SYSTEM, 'GET', '/info/me.json')
    clock.move(300)
    assert agent.get('/info/me.json', headers).status == 200
    clock.move(1)
    stale = agent.get('/info/me.json', headers)
    assert (stale.status, 'stale="true"' in stale.headers['www-authenticate']) == (401, True)


# -- 2: shapes ---------------------------------------------------------------------------------------------------------


def test_2_nothing_one_and_many(core: StandIn, client: Client) -> None:
    assert client.get(SERVICES, serviceType='org.opencastproject.other').json == {'services': ''}
    assert isinstance(client.get(SERVICES, serviceType=INGEST).json['services']['service'], dict)
    core.nodes.add()
    assert len(client.get(SERVICES, serviceType=INGEST).json['services']['service']) == 2
    assert client.get('/capture-admin/agents.json').json == {'agents': ''}
    client.post(AGENT, state='idle')
    assert client.get('/capture-admin/agents.json').json['agents']['agent']['capabilities'] == ''


@pytest.mark.parametrize(
    ('value', 'shown'),
    [
        ('12', 12),
        ('1.0', 1),
        ('-5', -5),
        ('true', True),
        ('9007199254740993', 9007199254740993),
        *[(text, text) for text in ('0012', '1.50', 'TRUE', '1e5', '+5', ' 7 ', 'NaN', 'null', '9' * 20)],
    ],
)
def test_2_texts_become_numbers_when_they_survive_it(client: Client, value: str, shown: object) -> None:
    client.post(f'{AGENT}/configuration', configuration=f'{{"12":"{value}","b":"c"}}')
    found = client.get(f'{AGENT}/configuration.json').json['properties-response']['properties']['item']
    assert found == [{'key': 12, 'value': shown}, {'key': 'b', 'value': 'c'}]


# -- 3: states ---------------------------------------------------------------------------------------------------------

AGENT_STATES = 'idle shutting_down capturing uploading unknown offline error'
RECORDING_STATES = (
    'unknown capturing capture_finished capture_error manifest manifest_error manifest_finished compressing'
    ' compressing_error uploading upload_finished upload_error'
)


def test_3_states_of_agents(client: Client) -> None:
    for state in AGENT_STATES.split():
        assert client.post(AGENT, state=state, address='a').text == f'hall-1 set to {state}'
        again = client.post(AGENT, state=state, address='a')
        assert (again.status, again.text) == (200, '')
        for wrong in (state.upper(), f'{state} ', ''):
            assert client.post(AGENT, state=wrong).status == 400
    for wrong in set(RECORDING_STATES.split()) - set(AGENT_STATES.split()):
        assert client.post(AGENT, state=wrong).status == 400


def test_3_states_of_recordings(client: Client, event: str) -> None:
    path = f'/capture-admin/recordings/{event}'
    for state in RECORDING_STATES.split():
        assert client.post(path, state=state).text == f'{event} set to {state}'
        assert client.post(path, state=state.title()).status == 400
    for wrong in ('idle', 'error', 'offline', ''):
        assert client.post(path, state=wrong).status == 400
    unknown = client.post('/capture-admin/recordings/nobody-knows', state='capturing')
    assert (unknown.status, unknown.text) == (404, 'The resource you requested does not exist.')


# -- 4: configuration --------------------------------------------------------------------------------------------------

DTD = '<!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">'


@pytest.mark.parametrize(
    ('given', 'status'),
    [
        ('{"a":"b"}', 200),
        ("{'a':'b'}", 200),
        ('{a:b}', 200),
        ('{}', 200),
        ('{"a":1.50,"b":true}', 200),
        ('{"a":null}', 500),
        (' {"a":"b"}', 400),
        ('{"a":{"b":"c"}}', 400),
        ('{"a":["b"]}', 400),
        ('{"a":"b","a":"c"}', 400),
        ('{"a":"b",}', 400),
        ('{"a":"b"} x', 400),
        ('{"a":"b"', 400),
        ('', 400),
        (f'<?xml version="1.0"?>{DTD}<properties><comment>c</comment><entry key="a">b</entry></properties>', 200),
        ('<properties><entry key="a">b</entry></properties>', 400),
        (f'{DTD.replace("http:", "https:")}<properties/>', 400),
        (DTD.replace('.dtd">', '.dtd\\">') + '<properties/>', 400),
        (f'{DTD}<other/>', 400),
        (f'{DTD}<properties><item key="a">b</item></properties>', 400),
        (f'{DTD}<properties><entry>b</entry></properties>', 400),
        (f' <?xml version="1.0"?>{DTD}<properties/>', 400),
    ],
)
def test_4_what_is_read_as_a_configuration(client: Client, given: str, status: int) -> None:
    assert client.post(f'{AGENT}/configuration', configuration=given).status == status


def test_4_capabilities_are_derived_and_all_is_replaced(core: StandIn, client: Client) -> None:
    client.post(
        f'{AGENT}/configuration',
        configuration='{"capture.device.names":"camera, mic","capture.device.camera.flavor":"a/b",'
        '"x.capture.device.camera":"contains","capture.device.mic.flavor":"not trimmed","other":"1.50"}',
    )
    agent = client.get(f'{AGENT}.json').json['agent-state-update']
    assert (agent['state'], agent['url']) == ('unknown', '')
    assert {item['key'] for item in agent['capabilities']['item']} == {
        'capture.device.names',
        'capture.device.camera.flavor',
        'x.capture.device.camera',
    }
    echo = client.post(f'{AGENT}/configuration', configuration='{"a":"<b> & \'c\'=d"}')
    assert echo.text == '{"a":"\\u003cb\\u003e \\u0026 \\u0027c\\u0027\\u003dd"}'
    assert core.agents['hall-1'].configuration == {'a': "<b> & 'c'=d"}
    assert client.get(f'{AGENT}/capabilities.json').json == {'properties-response': {'properties': ''}}


# -- 5: calendar -------------------------------------------------------------------------------------------------------


def test_5_the_calendar_and_its_bounds(core: StandIn, client: Client, clock: HandClock) -> None:
    now = round(clock.now())
    core.add_event('over', agent='hall-1', start=now - 7200, end=now - 3600)
    core.add_event('long over', agent='hall-1', start=now - 7200, end=now - 3601)
    core.add_event('next', agent='hall-1', start=now + 60, end=now + 120)
    assert sorted(uids(calendar(client))) == ['next', 'over']
    assert uids(calendar(client, cutoff=str((now + 60) * 1000))) == ['over']
    assert sorted(uids(calendar(client, cutoff=str((now + 60) * 1000 + 1)))) == ['next', 'over']
    assert (calendar(client, cutoff='1209600000').status, uids(calendar(client, cutoff='1209600000'))) == (200, [])
    assert calendar(client, cutoff='tomorrow').status == 404


def test_5_nothing_is_sorted(core: StandIn, client: Client, clock: HandClock) -> None:
    for number in range(10):
        core.add_event(f'{number}', agent='hall-1', start=clock.now() + number, end=clock.now() + 60)
    assert uids(calendar(client)) != sorted(uids(calendar(client)))


def test_5_the_etag(core: StandIn, client: Client, event: str) -> None:
    assert calendar(client, agentid='nobody').headers['etag'] == 'mod0'
    assert 'etag' not in client.get('/recordings/calendars').headers
    etag = calendar(client).headers['etag']
    assert re.fullmatch(r'mod\d{13}', etag)
    for other in (f'"{etag}"', f'W/"{etag}"', f'{etag},mod0', '*'):
        assert calendar(client, other).status == 200
    client.post(f'/capture-admin/recordings/{event}', state='capturing')
    client.deliver(event)
    core.archive(event)
    same = calendar(client, etag)
    assert (same.status, same.headers['etag']) == (304, f'"{etag}"')
    core.change_event(event, title='Another')
    assert calendar(client, etag).status == 200


def test_5_a_node_may_be_a_minute_late(core: StandIn, client: Client, clock: HandClock) -> None:
    core.desk.etag_cache = 60
    etag = calendar(client).headers['etag']
    core.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 300)
    clock.move(59)
    assert calendar(client, etag).status == 304
    clock.move(1)
    assert calendar(client, etag).status == 200


# -- 6: files ----------------------------------------------------------------------------------------------------------


def test_6_parts_are_read_in_the_order_of_the_stream(core: StandIn, client: Client) -> None:
    body, kind = upload(client.begin(), b'x' * 2000)
    raw = Raw(core)
    raw.begin('/ingest/addTrack', kind, len(body))
    for at in range(0, len(body), 97):
        raw.send(body[at : at + 97])
    answer = raw.answer()
    assert answer.startswith(b'HTTP/1.1 200')
    assert b'type="presenter/source"' in answer
    (received,) = core.nodes[0].files.values()
    assert received.path.read_bytes() == b'x' * 2000


@pytest.mark.parametrize(
    ('disposition', 'status'),
    [
        ('name="any"; filename="camera.mp4"', 200),
        ('name=any; filename=camera.mp4', 200),
        ('name="any"; filename="hörsaal.mp4"', 200),
        ('name="any"; filename*=utf-8\'\'camera.mp4', 400),
        ('name="BODY"', 400),
        ('name="BODY"; filename=""', 500),
    ],
)
def test_6_a_filename_makes_a_file(client: Client, disposition: str, status: int) -> None:
    body, kind = upload(client.begin())
    changed = body.replace(b'name="BODY"; filename="camera.mp4"', disposition.encode())
    assert client.ask('POST', '/ingest/addTrack', changed, {'Content-Type': kind}).status == status


def test_6_fields_after_the_file_are_not_seen(client: Client) -> None:
    package = client.begin().encode()
    late = [('flavor', None, b'a/b'), ('f', 'a.mp4', b'x'), ('mediaPackage', None, package)]
    assert client.form('/ingest/addTrack', late).status == 400


def test_6_ids_are_random_and_nothing_is_remembered(core: StandIn, client: Client) -> None:
    package = client.begin('68b1')
    ids = {re.findall(r'<track id="([\w-]+)"', client.track(package).text)[0] for _ in range(2)}
    assert len(ids) == 2
    foreign = package.replace('68b1', 'from-elsewhere')
    grown = Client(core.url).track(foreign).text
    assert 'id="from-elsewhere"' in grown
    assert grown.count('<track ') == 1
    assert Client(core.url).track(package.replace(NAMESPACE, '')).text.count('<track ') == 1


# -- 7: the final call -------------------------------------------------------------------------------------------------


def test_7_an_event_is_found_by_the_own_id_then_by_the_field(core: StandIn, client: Client, event: str) -> None:
    other = core.add_event(agent='a', start=0, end=1)
    client.post('/ingest/ingest', mediaPackage=client.track(client.begin(event)).text, workflowInstanceId=other)
    client.post('/ingest/ingest', mediaPackage=client.track(client.begin()).text, workflowInstanceId=other)
    client.post('/ingest/ingest', mediaPackage=client.track(client.begin()).text, workfloeInstanceId=event)
    assert [(delivery.uid, delivery.matched_event) for delivery in core.deliveries[:2]] == [
        (event, True),
        (other, True),
    ]
    assert core.deliveries[2].matched_event is False


def test_7_an_unknown_workflow_is_the_default(core: StandIn, client: Client, event: str) -> None:
    reply = client.post('/ingest/ingest/nonsense', mediaPackage=client.track(client.begin(event)).text)
    assert (reply.status, core.deliveries[0].workflow) == (200, 'schedule-and-upload')
    assert '<template>schedule-and-upload</template>' in reply.text


@pytest.mark.parametrize(
    ('moment', 'own_id', 'status', 'matched'),
    [
        ('active', True, 500, None),
        ('active', False, 500, None),
        ('archived', True, 500, None),
        ('archived', False, 200, False),
        ('finished', True, 200, False),
        ('finished', False, 200, False),
        ('deleted', True, 200, False),
        ('deleted', False, 200, False),
    ],
)
def test_7_what_a_repeat_does(
    core: StandIn, client: Client, event: str, moment: str, own_id: bool, status: int, matched: bool | None
) -> None:
    client.deliver(event, own_id=own_id)
    if moment != 'active':
        core.archive(event)
    if moment in ('finished', 'deleted'):
        core.finish(event)
    if moment == 'deleted':
        core.remove_event(event)
    assert client.deliver(event, own_id=own_id).status == status
    if status == 200:
        second = core.deliveries[1]
        assert second.matched_event is matched
        assert (second.uid == event) is own_id
    else:
        assert len(core.deliveries) == 1


def test_7_files_of_another_node_are_not_there(core: StandIn, client: Client, event: str) -> None:
    package = client.track(client.begin(event)).text
    reply = Client(core.nodes.add().url).post('/ingest/ingest', mediaPackage=package)
    assert (reply.status, reply.text) == (400, 'Could not retrieve all media package elements')


# -- 8: limits ---------------------------------------------------------------------------------------------------------


def test_8_urlencoded_bodies_end_at_1500000_bytes(core: StandIn, client: Client, event: str) -> None:
    package = client.begin(event)
    rest = 1_500_000 - len(urllib.parse.urlencode({'mediaPackage': package, 'a': ''}))
    assert client.post('/ingest/ingest', mediaPackage=package, a='x' * (rest + 1)).status == 400
    assert core.deliveries == []
    assert client.post('/ingest/ingest', mediaPackage=package, a='x' * rest).status == 200


# -- strict mode -------------------------------------------------------------------------------------------------------


def finds(core: StandIn, words: str) -> bool:
    return any(words in finding for finding in core.violations)


def test_strict_media_packages(core: StandIn, client: Client) -> None:
    package = client.begin('p')
    client.track(package.replace(NAMESPACE, ''))
    assert finds(core, 'its namespace is missing')
    client.track(package.replace('start=', 'begin='))
    assert finds(core, 'changed on its way')
    grown = client.track(package).text
    client.track(package, b'other')
    assert finds(core, 'not the last one returned')
    client.track(grown)
    assert finds(core, 'has the same file twice')


def test_strict_mode_can_refuse(tmp_path: Path) -> None:
    with StandIn(tmp_path, strict=True) as core:
        assert Client(core.url).post('/ingest/ingest', mediaPackage=f'<mediapackage id="x"{NAMESPACE}/>').status == 400


def test_strict_fields_after_the_file(core: StandIn, client: Client) -> None:
    body, kind = upload(client.begin())
    late = b'--frontier\r\nContent-Disposition: form-data; name="tags"\r\n\r\nlate\r\n--frontier--\r\n'
    client.ask('POST', '/ingest/addTrack', body.removesuffix(b'--frontier--\r\n') + late, {'Content-Type': kind})
    assert finds(core, 'The field tags came after the file')


def test_strict_repeats(core: StandIn, client: Client, event: str) -> None:
    client.deliver(event)
    client.get(f'/recordings/{event}/technical.json')
    client.deliver(event)
    assert not finds(core, 'without asking first')
    client.deliver(event)
    assert finds(core, 'without asking first')


def test_strict_states(core: StandIn, client: Client, clock: HandClock) -> None:
    uid = core.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 60)
    client.post(f'/capture-admin/recordings/{uid}', state='uploading')
    assert finds(core, '"uploading" was posted')
    client.post('/capture-admin/recordings/x', state='capturing')
    assert not finds(core, 'was sent again')
    client.post('/capture-admin/recordings/x', state='capturing')
    assert finds(core, 'was sent again')
    client.deliver(uid)
    assert [sentence for sentence in core.verdict() if sentence not in core.violations] == [
        f'No state was posted for {uid} while it was recorded.',
        f'No upload_finished was posted for {uid} after its upload.',
    ]


@pytest.mark.parametrize(
    ('etag', 'cutoff', 'words'),
    [
        ('"{}"', CUTOFF, 'with a quoted ETag'),
        ('mod1', CUTOFF, 'with an ETag that was never given'),
        ('{}', '1749200000001', 'but another cutoff'),
        ('', '1749200000', 'before 2001'),
    ],
)
def test_strict_calendar(core: StandIn, client: Client, event: str, etag: str, cutoff: str, words: str) -> None:
    given = calendar(client, cutoff=CUTOFF).headers['etag']
    assert core.violations == []
    calendar(client, etag.format(given), cutoff=cutoff)
    assert finds(core, words)


def test_strict_hosts(core: StandIn, client: Client) -> None:
    package = client.begin()
    Client(core.nodes.add().url).track(package)
    assert finds(core, 'went to different hosts')
    client.get('/ingest/createMediaPackage')
    assert finds(core, 'without asking the registry')


def test_strict_login(core: StandIn) -> None:
    forgetful = Client(core.url, cookies=False)
    for _ in range(25):
        forgetful.get('/info/me.json')
    assert finds(core, 'opens a new session')
    Client(core.url, user='').get('/login.html')
    assert finds(core, 'login page was followed')
    Client(core.nodes.add(registered=False).url).get('/info/me.json')
    assert finds(core, 'Credentials were sent')


def test_strict_contents(core: StandIn, client: Client, event: str) -> None:
    calendar(client)
    catalog = client.get(f'/recordings/{event}/dublincore.xml').text
    client.post('/ingest/addDCCatalog', mediaPackage=client.begin(), dublinCore=catalog)
    assert finds(core, 'uploaded unchanged')
    client.post('/ingest/ingest', mediaPackage=client.begin(), workflowDefinitionId='nonsense')
    assert finds(core, 'The workflow nonsense is not known')
    core.canaries.add('canary')
    client.post(f'{AGENT}/configuration', configuration='{"a":"http://user:canary@hall-1"}')
    assert finds(core, 'has a secret in it')
