"""Addresses of all kinds: base paths, balancers, tenants, TLS, silence (contract 2.4, 3.1, 4, 7.10)."""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import urllib.parse
from pathlib import Path

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock, digest

SERVICES = '/services/available.json'
INGEST = 'org.opencastproject.ingest'


def hosts(client: Client, base: str = '') -> list[str]:
    found = client.get(base + SERVICES, serviceType=INGEST).json['services']['service']
    return [service['host'] for service in (found if isinstance(found, list) else [found])]


def test_everything_can_be_below_a_path(core: StandIn, event: str) -> None:
    core.base = '/opencast'
    stranger = Client(core.url, user='')
    sent_away = stranger.get('/opencast/recordings/calendars')
    assert sent_away.headers['location'] == f'{core.url}/login.html'
    assert sent_away.headers['set-cookie'].endswith('; Path=/opencast; HttpOnly')
    client = Client(core.url)
    assert hosts(client, '/opencast') == [core.url]
    assert core.url.endswith('/opencast')
    package = client.ask('PUT', f'/opencast/ingest/createMediaPackageWithID/{event}/').text
    fields = [('flavor', None, b'a/b'), ('mediaPackage', None, package.encode()), ('f', 'a.mp4', b'x')]
    package = client.form('/opencast/ingest/addTrack', fields).text
    assert f'<url>{core.url}/files/mediapackage/{event}/' in package
    assert client.post('/opencast/ingest/ingest', mediaPackage=package).status == 200
    assert core.requests[-1].path == '/ingest/ingest'
    for path in ('/recordings/calendars', '/opencastx/info/me.json', '/'):
        assert client.get(path).status == 404
    assert 'not Opencast' in client.get('/opencast').text


def test_digest_and_faults_know_the_path(core: StandIn) -> None:
    core.base = '/opencast'
    agent = Client(core.url, user='')
    target = '/opencast/info/me.json'
    challenge = agent.get(target, {'X-Requested-Auth': 'Digest'})
    login = digest(challenge, 'opencast_system_account', 'CHANGE_ME', 'GET', target)
    assert agent.get(target, login).json['user']['username'] == 'opencast_system_account'
    core.faults.add(Fault('^GET /info/me', Kind.STATUS, status=503))
    assert agent.get(target, login).status == 503


def test_the_registry_may_name_another_address(core: StandIn, client: Client) -> None:
    core.nodes[0].public = 'https://ingest.example.org/opencast'
    assert hosts(client) == ['https://ingest.example.org/opencast']


def test_the_registry_puts_the_idle_first(core: StandIn, client: Client) -> None:
    first, second, third = core.nodes[0], core.nodes.add(), core.nodes.add()
    first.load, second.load, third.load = 2.0, 0.5, 0.505
    third.max_load = 8.0
    assert hosts(client) == [third.url, second.url, first.url]
    second.load = 0.4
    assert hosts(client) == [second.url, third.url, first.url]


def test_a_balancer_spreads_the_calls_of_an_ingest(core: StandIn, event: str) -> None:
    core.nodes.add()
    balancer = core.nodes.balancer()
    client = Client(balancer.url)
    assert sorted(hosts(client)) == sorted(node.url for node in core.nodes if node is not balancer)
    package = client.track(client.begin(event)).text
    replies = [client.post('/ingest/ingest', mediaPackage=package) for _ in range(2)]
    assert sorted(reply.status for reply in replies) == [200, 400]


def test_a_sticky_balancer_keeps_a_session_on_one_node(core: StandIn, event: str) -> None:
    core.nodes.add()
    client = Client(core.nodes.balancer(sticky=True).url)
    client.get('/info/me.json')
    assert client.deliver(event).status == 200
    assert core.violations == []


def test_a_host_name_that_belongs_to_no_tenant_is_not_found(core: StandIn, client: Client) -> None:
    core.desk.organizations = {'core.example.org'}
    reply = client.get('/info/me.json')
    assert (reply.status, 'organization' in reply.text) == (404, True)
    assert client.get('/info/me.json', {'Host': 'core.example.org:8080'}).status == 200


def test_silence_ends_a_connection(core: StandIn) -> None:
    core.desk.idle_seconds = 0.2
    address = urllib.parse.urlsplit(core.url)
    with socket.create_connection((address.hostname or '', address.port or 0), timeout=60) as silent:
        assert silent.recv(1) == b''


def test_a_body_that_stops_coming_is_a_failed_upload(core: StandIn, client: Client) -> None:
    core.desk.idle_seconds = 0.2
    connection = http.client.HTTPConnection(client.host, timeout=60)
    connection.putrequest('POST', '/ingest/addTrack')
    for name, value in {
        **client.login,
        'Content-Length': '100',
        'Content-Type': 'multipart/form-data; boundary=b',
    }.items():
        connection.putheader(name, value)
    connection.endheaders(b'--b\r\n')
    with pytest.raises(ConnectionError):
        connection.getresponse()
    connection.close()
    assert core.wait_for(lambda: core.nodes[0].state == 'WARNING')


def test_versions_may_differ_during_an_update(core: StandIn, client: Client) -> None:
    assert client.get('/sysinfo/bundles/version', prefix='opencast').json['version'] == '18.0.0'
    core.model.versions = ['17.5.0', '18.0.0']
    found = client.get('/sysinfo/bundles/version', prefix='opencast').json
    assert (found['consistent'], [entry['version'] for entry in found['versions']]) == (False, ['17.5.0', '18.0.0'])
    assert client.get('/sysinfo/bundles/version', prefix='other').status == 404


def test_agents_that_others_schedule_are_not_listed(core: StandIn, client: Client) -> None:
    client.post('/capture-admin/agents/hall-1', state='idle')
    client.post('/capture-admin/agents/hall-2', state='idle')
    core.agents['hall-2'].scheduler_roles = frozenset({'ROLE_CAPTURE_AGENT_HALL2'})
    agent = Client(core.url, 'capture-agent', 'lecture-hall')
    assert len(client.get('/capture-admin/agents.json').json['agents']['agent']) == 2
    assert agent.get('/capture-admin/agents.json').json['agents']['agent']['name'] == 'hall-1'


def test_a_web_server_in_front_may_swallow_the_etag(core: StandIn, client: Client) -> None:
    core.layout.etag = False
    assert 'etag' not in client.get('/recordings/calendars', agentid='hall-1').headers


def test_it_speaks_tls(tmp_path: Path, clock: HandClock) -> None:
    files = [str(tmp_path / name) for name in ('core.pem', 'core.key')]
    command = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-out', files[0], '-keyout', files[1]]
    command += ['-subj', '/CN=core', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2']
    subprocess.run(command, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*files)
    with StandIn(tmp_path / 'core', clock, tls=server) as core:
        address = urllib.parse.urlsplit(core.url)
        assert address.scheme == 'https'
        trusting = ssl.create_default_context(cafile=files[0])
        connection = http.client.HTTPSConnection(address.netloc, timeout=60, context=trusting)
        connection.request('GET', '/info/me.json')
        assert connection.getresponse().status == 200
        connection.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            http.client.HTTPSConnection(address.netloc, timeout=60).connect()
