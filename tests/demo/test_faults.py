"""Faults on demand."""

from __future__ import annotations

import http.client
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pyca.demo.faults import Fault, Faults, Kind
from pyca.demo.standin import StandIn
from tests.demo.client import Client, multipart

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


def test_work_can_be_done_and_answered_by_somebody_else(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('agents/hall', Kind.OTHER_ANSWER, status=503, body='reset before headers'))
    reply = client.post('/capture-admin/agents/hall', state='idle')
    assert (reply.status, reply.text) == (503, 'reset before headers')
    assert core.agent_names() == ['hall']


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
    with socket.create_connection(address(core), timeout=60) as connection:
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
    with socket.create_connection(address(core), timeout=60) as connection, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(connection.sendall, head + body)
        assert core.wait_for(lambda: core.requests[-1].bytes_in == 100_000)
        assert core.requests[-1].status == 0
        core.faults.clear()
        sent.result()
        assert connection.recv(12) == b'HTTP/1.1 200'


def test_a_request_is_not_held_by_a_fault_that_is_gone() -> None:
    faults = Faults()
    faults.add(Fault('addTrack', Kind.HANG))
    taken = faults.take('POST', '/ingest/addTrack')
    faults.clear()
    begin = time.monotonic()
    faults.pause(30, taken)
    assert time.monotonic() - begin < 10


def test_reading_can_be_slow(core: StandIn, client: Client) -> None:
    core.faults.add(Fault('addTrack', Kind.SLOW_READING, rate=1_000_000))
    head, body = upload_request(client, 300_000)
    begin = time.monotonic()
    with socket.create_connection(address(core), timeout=60) as connection:
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
