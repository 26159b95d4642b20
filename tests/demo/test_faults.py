"""Faults on demand, being gone, leaving nothing behind."""

from __future__ import annotations

import gc
import http.client
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock, multipart

ME = '/info/me.json'


def address(core: StandIn) -> tuple[str, int]:
    return '127.0.0.1', core.nodes[0].port


def upload_request(client: Client, size: int) -> tuple[bytes, bytes]:
    """The head and the body of an addTrack request with a file of this size."""
    parts = [('flavor', None, b'a/b'), ('mediaPackage', None, client.begin().encode()), ('f', 'a.mp4', b'x' * size)]
    body, kind = multipart(parts)
    lines = ['POST /ingest/addTrack HTTP/1.1', 'Host: x', f'Content-Type: {kind}', f'Content-Length: {len(body)}']
    lines += [f'{name}: {value}' for name, value in client.login.items()]
    return '\r\n'.join([*lines, '', '']).encode(), body


@pytest.mark.parametrize('status', [404, 429, 500, 502, 503])
def test_any_status_with_any_body(core: StandIn, client: Client, status: int) -> None:
    core.faults.add(Fault(f'GET {ME}', Kind.STATUS, status=status, body='why', headers=(('Retry-After', '7'),)))
    reply = client.get(ME)
    assert (reply.status, reply.text, reply.headers['retry-after']) == (status, 'why', '7')
    assert client.get(ME).status == 200


def test_a_fault_happens_when_and_as_often_as_it_should(core: StandIn, client: Client) -> None:
    fault = core.faults.add(Fault('me.json', Kind.STATUS, times=2, after=1, status=503))
    assert [client.get(ME).status for _ in range(5)] == [200, 503, 503, 200, 200]
    assert fault.hits == 2
    core.faults.add(Fault(lambda method, target: method == 'GET' and '?a' in target, Kind.STATUS, times=None))
    assert [client.get(ME, a='b').status, client.get(ME, a='b').status, client.get(ME).status] == [500, 500, 200]
    core.faults.clear()
    assert client.get(ME, a='b').status == 200


def test_an_answer_can_be_late_or_never_come(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('me.json', Kind.DELAY, seconds=0.2))
    begin = time.monotonic()
    assert client.get(ME).status == 200
    assert time.monotonic() - begin >= 0.2
    core.faults.add(Fault('me.json', Kind.HANG))
    connection = http.client.HTTPConnection(client.host, timeout=0.2)
    connection.request('GET', ME)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()


def test_work_can_be_done_without_or_long_before_an_answer(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('agents/lost', Kind.LOSE_ANSWER))
    core.faults.add(Fault('agents/dropped', Kind.DROP))
    core.faults.add(Fault('agents/late', Kind.LATE_ANSWER, seconds=30))
    for name in ('lost', 'dropped'):
        with pytest.raises(ConnectionError):
            client.post(f'/capture-admin/agents/{name}', state='idle')
    assert core.agent_names() == ['lost']
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(client.post, '/capture-admin/agents/late', state='idle')
        assert core.wait_for(lambda: 'late' in core.agents)
        assert not late.done()
        core.faults.clear()
        assert late.result().status == 200


def test_pages_and_redirects_can_come_instead(core: StandIn, client: Client) -> None:
    for kind in (Kind.HTML, Kind.LOGIN, Kind.NOT_MODIFIED):
        core.faults.add(Fault('createMediaPackage', kind))
    page = client.get('/ingest/createMediaPackage')
    assert (page.status, page.headers['content-type']) == (200, 'text/html;charset=utf-8')
    assert 'not Opencast' in page.text
    assert client.get('/ingest/createMediaPackage').headers['location'].endswith('/login.html')
    same = client.get('/ingest/createMediaPackage')
    assert (same.status, same.headers['etag']) == (304, '"mod0"')


def test_bodies_can_be_cut_or_missing(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('me.json', Kind.TRUNCATE))
    with pytest.raises(http.client.IncompleteRead):
        client.get(ME)
    core.faults.add(Fault('me.json', Kind.EMPTY))
    assert client.get(ME).body == b''


def test_a_connection_can_be_reset_within_the_body(core: StandIn, client: Client) -> None:
    fault = core.faults.add(Fault('addTrack', Kind.RESET, bytes=300_000))
    head, body = upload_request(client, 1_000_000)
    with socket.create_connection(address(core), timeout=10) as connection:
        connection.sendall(head + body[:300_000])
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert fault.hits == 1
    assert core.requests[-1].bytes_in == 300_000
    assert core.wait_for(lambda: core.nodes[0].failed_jobs == 1)
    assert [path for path in core.nodes[0].folder.rglob('*') if path.is_file()] == []


def test_reading_can_stop_until_the_fault_is_cleared(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('addTrack', Kind.STOP_READING, bytes=100_000))
    head, body = upload_request(client, 1_000_000)
    with socket.create_connection(address(core), timeout=10) as connection, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(connection.sendall, head + body)
        assert core.wait_for(lambda: core.requests[-1].bytes_in == 100_000)
        assert core.requests[-1].status == 0
        core.faults.clear()
        sent.result()
        assert connection.recv(12) == b'HTTP/1.1 200'


def test_reading_can_be_slow(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('addTrack', Kind.SLOW_READING, rate=1_000_000))
    head, body = upload_request(client, 300_000)
    begin = time.monotonic()
    with socket.create_connection(address(core), timeout=10) as connection:
        connection.sendall(head + body)
        assert connection.recv(12) == b'HTTP/1.1 200'
    assert time.monotonic() - begin >= 0.25


def test_a_black_hole_takes_no_connection(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('me.json', Kind.BLACK_HOLE))
    first = http.client.HTTPConnection(client.host, timeout=0.2)
    first.request('GET', ME)
    with pytest.raises(TimeoutError):
        first.getresponse()
    first.close()
    for _ in range(2):
        with pytest.raises(TimeoutError), socket.create_connection(address(core), timeout=0.2):
            pass
    core.faults.clear()
    assert client.get(ME).status == 200


def test_guides_only_knows_nothing_else(core: StandIn, client: Client, event: str) -> None:
    for status in (403, 404, 405, 500):
        core.guides_only = status
        assert client.ask('PUT', f'/ingest/createMediaPackageWithID/{event}').status == status
        for path in ('technical.json', 'mediapackage.xml'):
            assert client.get(f'/recordings/{event}/{path}').status == status
        assert client.get('/recordings/hall-1/lastmodified').status == status
        assert client.post('/ingest/discardMediaPackage').status == status
    assert client.deliver(event, own_id=False).status == 200
    assert client.get('/recordings/calendars').status == 200
    assert client.post(f'/capture-admin/recordings/{event}', state='uploading').status == 200


def test_it_can_be_gone_and_come_back_with_everything(core: StandIn, client: Client, clock: HandClock) -> None:
    uid = core.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 60)
    package = client.track(client.begin(uid)).text
    url = core.url
    core.stop()
    with pytest.raises(ConnectionRefusedError):
        client.get(ME)
    core.start()
    assert core.url == url
    assert client.post('/ingest/ingest', mediaPackage=package).status == 200
    assert core.deliveries[0].matched_event


def test_nothing_stays_behind_after_a_stop(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    core = StandIn(tmp_path)
    client = Client(core.url)
    core.faults.add(Fault('me.json', Kind.HANG, times=None))
    head, body = upload_request(client, 1_000_000)
    idle = http.client.HTTPConnection(client.host, timeout=10)
    idle.request('GET', '/')
    idle.getresponse().read()
    hung = http.client.HTTPConnection(client.host, timeout=10)
    hung.request('GET', ME)
    with socket.create_connection(address(core), timeout=10) as half:
        half.sendall(head + body[:500_000])
        assert core.wait_for(lambda: core.requests[-1].path == '/ingest/addTrack' and core.requests[-1].bytes_in)
        core.stop()
    assert set(threading.enumerate()) == before
    for connection in (idle, hung):
        connection.close()
    gc.collect()
    core.stop()


def test_requests_are_logged(core: StandIn, client: Client) -> None:
    client.get('/recordings/calendars', {'If-None-Match': 'x'}, agentid='hall-1')
    request = core.requests[0]
    assert (request.method, request.path, request.query) == ('GET', '/recordings/calendars', {'agentid': 'hall-1'})
    assert (request.user, request.status, request.headers['if-none-match']) == ('admin', 200, 'x')
    assert request.session
    assert 'authorization' not in request.headers


def test_nodes_can_come_and_go(core: StandIn, client: Client) -> None:
    node = core.nodes.add()
    assert Client(node.url).get(ME).status == 200
    node.stop()
    with pytest.raises(ConnectionRefusedError):
        Client(node.url).get(ME)
    node.start()
    assert Client(node.url).get(ME).status == 200
    core.nodes.remove(node)
    assert len(core.nodes) == 1
    with pytest.raises(ConnectionRefusedError):
        Client(node.url).get(ME)


def test_every_answer_says_what_it_is_not(core: StandIn, client: Client) -> None:
    for path in ('/', ME, '/nothing', '/ingest/createMediaPackage'):
        assert client.get(path).headers['x-stand-in'] == 'not Opencast'
    page = Client(core.url, user='').get('/')
    assert (page.status, 'It is not Opencast.' in page.text) == (200, True)


def test_connections_stay_open(core: StandIn) -> None:
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(core.url).netloc, timeout=10)
    connection.connect()
    port = connection.sock.getsockname()[1]
    for _ in range(3):
        connection.request('GET', ME)
        assert connection.getresponse().read()
        assert connection.sock.getsockname()[1] == port
    connection.close()


def test_a_large_body_with_a_refused_login_does_not_hide_the_answer(core: StandIn) -> None:
    client = Client(core.url, user='')
    client.login = {'X-Requested-Auth': 'Digest'}
    reply = client.ask('POST', '/ingest/addTrack', b'x' * 5_000_000)
    assert reply.status == 401


def test_curl_uploads_a_file(core: StandIn, client: Client, tmp_path: Path) -> None:
    file = tmp_path / 'a.mkv'
    file.write_bytes(b'0123456789' * 500_000)
    form = ['--form-string', 'flavor=a/b', '--form-string', f'mediaPackage={client.begin()}', '-F', f'BODY=@{file}']
    command = ['curl', '-s', '--noproxy', '*', '-u', 'admin:opencast', '-H', 'Expect: 100-continue', *form]
    answer = subprocess.run([*command, f'{core.url}/ingest/addTrack'], capture_output=True, text=True, check=True)
    assert '<mimetype>video/x-matroska</mimetype>' in answer.stdout
    assert [received.size for received in core.nodes[0].files.values()] == [5_000_000]


def test_it_speaks_tls(tmp_path: Path, clock: HandClock) -> None:
    key, certificate = tmp_path / 'key.pem', tmp_path / 'certificate.pem'
    made = ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    made += ['-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    subprocess.run([*made, '-keyout', str(key), '-out', str(certificate)], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with StandIn(tmp_path / 'core', clock, tls=context) as core:
        host = urllib.parse.urlsplit(core.url).netloc
        trusting = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection(host, timeout=10, context=trusting)
        connection.request('GET', ME)
        assert connection.getresponse().read().startswith(b'{"user"')
        connection.close()
        suspicious = http.client.HTTPSConnection(host, timeout=10)
        with pytest.raises(ssl.SSLError):
            suspicious.request('GET', ME)
        suspicious.close()


def test_mistakes_of_the_stand_in_itself_are_seen(tmp_path: Path) -> None:
    core = StandIn(tmp_path)
    client = Client(core.url)

    core.faults.add(Fault(lambda method, target: bool(1 / 0), Kind.DROP))

    def break_it() -> None:
        with core, pytest.raises(ConnectionError):
            client.get(ME)

    with pytest.raises(RuntimeError, match='ZeroDivisionError'):
        break_it()
