"""Check-list 1: users, challenges, redirect, 403, sessions."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca.demo.records import USERS, User
from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock, digest

PROTECTED = '/services/available.json?serviceType=org.opencastproject.ingest'


@pytest.mark.parametrize('scheme', ['Basic', 'Digest'])
def test_a_request_that_names_its_method_is_challenged(core: StandIn, scheme: str) -> None:
    stranger = Client(core.url, user='')
    for path in (PROTECTED, '/info/me.json'):
        reply = stranger.get(path, {'X-Requested-Auth': scheme})
        assert reply.status == 401
        assert reply.headers['www-authenticate'].startswith(f'{scheme} realm="Opencast"')


def test_a_request_without_anything_is_sent_to_the_login_page(core: StandIn) -> None:
    stranger = Client(core.url, user='')
    reply = stranger.get(PROTECTED)
    assert (reply.status, reply.headers['location']) == (302, f'{core.url}/login.html')
    assert 'JSESSIONID=' in reply.headers['set-cookie']
    assert stranger.get(PROTECTED, {'X-Requested-With': 'XMLHttpRequest'}).status == 419
    assert stranger.get(PROTECTED, {'X-Requested-Auth': 'basic'}).status == 302


def test_strangers_may_ask_who_they_are(core: StandIn) -> None:
    reply = Client(core.url, user='').get('/info/me.json')
    assert reply.json['user']['username'] == 'anonymous'
    assert Client(core.url, user='').get('/sysinfo/bundles/version', prefix='opencast').json['consistent'] is True


def test_basic_sent_ahead_needs_no_other_header(core: StandIn, client: Client) -> None:
    assert client.get(PROTECTED).status == 200
    assert Client(core.url, 'admin', 'wrong').get(PROTECTED).status == 401


def test_the_system_account_works_with_digest_alone(core: StandIn) -> None:
    name, password = 'opencast_system_account', 'CHANGE_ME'
    assert Client(core.url, name, password).get(PROTECTED).status == 401
    stranger = Client(core.url, user='')
    challenge = stranger.get(PROTECTED, {'X-Requested-Auth': 'Digest'})
    assert stranger.get(PROTECTED, digest(challenge, name, password, 'GET', PROTECTED)).status == 200
    assert stranger.get(PROTECTED, digest(challenge, name, 'wrong', 'GET', PROTECTED)).status == 401


def test_users_of_the_admin_interface_cannot_use_digest(core: StandIn) -> None:
    stranger = Client(core.url, user='')
    challenge = stranger.get(PROTECTED, {'X-Requested-Auth': 'Digest'})
    assert stranger.get(PROTECTED, digest(challenge, 'admin', 'opencast', 'GET', PROTECTED)).status == 401


def test_a_nonce_is_stale_after_300_seconds(core: StandIn, clock: HandClock) -> None:
    stranger = Client(core.url, user='', cookies=False)
    challenge = stranger.get(PROTECTED, {'X-Requested-Auth': 'Digest'})
    answer = digest(challenge, 'opencast_system_account', 'CHANGE_ME', 'GET', PROTECTED)
    clock.move(299)
    assert stranger.get(PROTECTED, answer).status == 200
    clock.move(2)
    stale = stranger.get(PROTECTED, answer)
    assert stale.status == 401
    assert 'stale="true"' in stale.headers['www-authenticate']


def test_a_session_stands_for_its_login_for_four_hours(core: StandIn, client: Client, clock: HandClock) -> None:
    client.get(PROTECTED)
    client.login = {}
    assert client.get(PROTECTED).status == 200
    clock.move(4 * 3600 + 1)
    assert client.get(PROTECTED).status == 302


@pytest.mark.parametrize(
    ('method', 'path', 'status'),
    [
        ('GET', PROTECTED, 200),
        ('GET', '/recordings/calendars', 200),
        ('POST', '/recordings/capture/hall-1', 403),
        ('DELETE', '/recordings/x', 403),
        ('GET', '/ingest/createMediaPackage', 200),
        ('GET', '/capture-admin/agents.json', 200),
        ('GET', '/workflow/definitions.xml', 200),
        ('GET', '/admin-ng/anything', 403),
    ],
)
def test_an_agent_may_do_what_its_role_says(core: StandIn, method: str, path: str, status: int) -> None:
    reply = Client(core.url, 'capture-agent', 'lecture-hall').ask(method, path)
    assert reply.status == status
    assert status != 403 or 'not Opencast' in reply.text


def test_a_user_without_the_role_gets_403(tmp_path: Path) -> None:
    with StandIn(tmp_path, users=(*USERS, User('someone', 'x', ()))) as core:
        assert Client(core.url, 'someone', 'x').get(PROTECTED).status == 403


def test_accounts_can_change_while_it_runs(core: StandIn, client: Client) -> None:
    assert client.get(PROTECTED).status == 200
    core.set_users([User('admin', 'another')])
    assert client.get(PROTECTED).status == 401


def test_a_studio_may_ingest_and_nothing_else(tmp_path: Path) -> None:
    with StandIn(tmp_path, users=(User('studio', 'x', ('ROLE_STUDIO',)),)) as core:
        studio = Client(core.url, 'studio', 'x')
        assert studio.get('/ingest/createMediaPackage').status == 200
        assert studio.get(PROTECTED).status == 403
        assert studio.get('/capture-admin/agents.json').status == 403
