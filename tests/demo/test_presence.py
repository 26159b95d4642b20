"""Being there, being gone, leaving nothing behind."""

from __future__ import annotations

import gc
import http.client
import socket
import ssl
import subprocess
import threading
import urllib.parse
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
    idle = http.client.HTTPConnection(client.host, timeout=60)
    idle.request('GET', '/')
    idle.getresponse().read()
    hung = http.client.HTTPConnection(client.host, timeout=60)
    hung.request('GET', ME)
    with socket.create_connection(address(core), timeout=60) as half:
        half.sendall(head + body[:500_000])
        # Each connection has a thread of its own: which request is the last to be noted, nobody knows.
        assert core.wait_for(lambda: any(seen.path == '/ingest/addTrack' and seen.bytes_in for seen in core.requests))
        core.stop()
    assert set(threading.enumerate()) <= before
    for connection in (idle, hung):
        connection.close()
    gc.collect()
    core.stop()


def test_while_it_is_gone_nobody_else_gets_its_port(tmp_path: Path) -> None:
    """It could not come back, and would be taken for the one that listens there now."""
    with StandIn(tmp_path) as core:
        port = core.nodes[0].port
        core.stop()
        with socket.socket() as other, pytest.raises(OSError, match='in use'):
            other.bind(('127.0.0.1', port))
        core.start()
        assert Client(core.url).get(ME).status == 200
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections may be on their way out
        other.bind(('127.0.0.1', port))


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
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(core.url).netloc, timeout=60)
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
        connection = http.client.HTTPSConnection(host, timeout=60, context=trusting)
        connection.request('GET', ME)
        assert connection.getresponse().read().startswith(b'{"user"')
        connection.close()
        suspicious = http.client.HTTPSConnection(host, timeout=60)
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
