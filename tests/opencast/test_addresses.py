"""Cores behind a path, behind several hosts, behind a balancer: where each request goes."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pyca import settings
from pyca.opencast.client import Core
from pyca.opencast.endpoints import CAPTURE_ADMIN, INGEST, SCHEDULER, Endpoints
from pyca.opencast.http import Http, Session
from pyca.states import AgentState
from tests.opencast.conftest import Exchange, FakeCore, MovedClock
from tests.opencast.test_client import CALENDAR, CALENDAR_TYPE, EMPTY, Nowhere
from tests.opencast.test_login import DigestCore

Connect = Callable[..., Http]
Start = Callable[..., FakeCore]


def installation(core: FakeCore, base: str, ingest: FakeCore | None = None) -> Callable[[Exchange], None]:
    """A core below a path; its ingest service may be on another host."""

    def answer(exchange: Exchange) -> None:
        path, _, query = exchange.path.partition('?')
        if path == f'{base}/services/available.json':
            kind = query.partition('=')[2]
            place = {CAPTURE_ADMIN: '/capture-admin', SCHEDULER: '/recordings', INGEST: '/ingest'}[kind]
            host = ingest.url if ingest and kind == INGEST else core.url
            service = {'type': kind, 'host': f'{host}{base}', 'path': place, 'active': True, 'online': True}
            exchange.reply(200, json.dumps({'services': {'service': service}}))
        elif path == f'{base}/recordings/calendars':
            exchange.reply(200, CALENDAR, CALENDAR_TYPE)
        elif path.startswith(f'{base}/ingest/'):
            exchange.take(200, EMPTY)
        else:
            exchange.take()

    return answer


def visit(client: Core) -> None:
    """One request to each service."""
    client.post_agent_state(AgentState.IDLE, '')
    client.calendar(None, None)
    client.create_mediapackage(client.ingest_node(), None)


@pytest.mark.parametrize(('base', 'slash'), [('', ''), ('', '/'), ('/opencast', ''), ('/a/b', '/')])
def test_the_address_of_the_core_may_have_a_path_or_a_slash(
    core: FakeCore, connect: Connect, clock: MovedClock, base: str, slash: str
) -> None:
    core.answer = installation(core, base)
    url = f'{core.url}{base}{slash}'
    http = connect(core, url=url)

    visit(Core(http, Endpoints(http, settings.Server(url=url), Nowhere(), clock), 'hall'))

    assert [path for path in core.paths if 'available' not in path] == [
        f'POST {base}/capture-admin/agents/hall',
        f'GET {base}/recordings/calendars?agentid=hall',
        f'GET {base}/ingest/createMediaPackage',
    ]


def test_overrides_may_have_a_path_or_a_slash(core: FakeCore, connect: Connect, clock: MovedClock) -> None:
    """A balancer that the registry knows nothing of; nobody asks the registry then."""
    core.answer = installation(core, '/balanced')
    places = {CAPTURE_ADMIN: '/capture-admin', SCHEDULER: '/recordings/', INGEST: '/ingest/'}
    overrides = {kind: f'{core.url}/balanced{place}' for kind, place in places.items()}
    http = connect(core, url='http://127.0.0.1:9', service_overrides=overrides)
    server = settings.Server(url='http://127.0.0.1:9', service_overrides=overrides)

    visit(Core(http, Endpoints(http, server, Nowhere(), clock), 'hall'))

    assert core.paths == [
        'POST /balanced/capture-admin/agents/hall',
        'GET /balanced/recordings/calendars?agentid=hall',
        'GET /balanced/ingest/createMediaPackage',
    ]


def test_a_node_behind_a_path_gives_its_challenge_before_the_body(
    start: Start, core: FakeCore, connect: Connect, clock: MovedClock
) -> None:
    """What lies at the root of such a host may be another program, which asks for no login."""
    node, demands = start(), DigestCore(nonce=77)

    def behind_a_proxy(exchange: Exchange) -> None:
        if exchange.path.startswith('/opencast/'):
            demands(exchange)
        else:
            exchange.reply(404)

    node.answer = behind_a_proxy
    http = connect(core, auth_method='digest')
    http.trust(node.url)

    http.post(f'{node.url}/opencast/ingest/ingest', {'mediaPackage': 'x'}, once=True)

    assert node.paths == ['GET /opencast/info/me.json', 'POST /opencast/ingest/ingest']
    assert demands.refused_bytes == 0


def test_several_connections_have_one_session(core: FakeCore, connect: Connect) -> None:
    """Trap 5: each service has a connection of its own, the core sees one visitor."""
    core.answer = lambda exchange: exchange.reply(
        200, '', {} if 'Cookie' in exchange.headers else {'Set-Cookie': 'JSESSIONID=one; Path=/; HttpOnly'}
    )
    session = Session()
    services = [connect(core, session=session) for _ in range(3)]

    for http in (*services, *services):
        http.get(core.url)
    services[0].close()
    services[1].get(core.url)

    assert [call.headers.get('Cookie') for call in core.calls] == [None, *['JSESSIONID=one'] * 6]
