"""The service registry in all its shapes and moods."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from pyca import settings
from pyca.errors import NotUnderstood, Overloaded, Refused
from pyca.opencast.endpoints import CAPTURE_ADMIN, INGEST, SCHEDULER, Endpoints
from pyca.opencast.http import Http
from tests.opencast.conftest import Exchange, FakeCore, MovedClock

Connect = Callable[..., Http]


class Memory:
    """Keeps endpoints as a database would."""

    def __init__(self, stored: Any = None) -> None:
        self.stored: Any = stored or {}

    def load(self, service: str) -> Sequence[str]:
        nodes: Sequence[str] = self.stored.get(service, ())
        return nodes

    def save(self, service: str, nodes: Sequence[str]) -> None:
        self.stored[service] = list(nodes)


class Registry:
    """Answers with these services, or with a status."""

    def __init__(self, services: Any) -> None:
        self.services = services
        self.status = 200

    def __call__(self, exchange: Exchange) -> None:
        body = self.services if str(self.services).startswith('{"') else json.dumps({'services': self.services})
        exchange.reply(self.status, body, {'Content-Type': 'application/json'})


def service(host: str = 'http://127.0.0.1:1', **more: Any) -> dict[str, Any]:
    return {'type': INGEST, 'host': host, 'path': '/ingest', 'active': True, 'online': True, **more}


@pytest.fixture
def build(core: FakeCore, connect: Connect, clock: MovedClock) -> Callable[..., Endpoints]:
    def begin(store: Memory | None = None, overrides: Mapping[str, str] | None = None, **options: Any) -> Endpoints:
        server = settings.Server(url=core.url + '/', service_overrides=overrides or {})
        return Endpoints(connect(core), server, store or Memory(), clock, **options)

    return begin


Build = Callable[..., Endpoints]


@pytest.mark.parametrize(
    ('services', 'nodes'),
    [
        ({'service': service()}, {'http://127.0.0.1:1/ingest'}),
        ({'service': [service()]}, {'http://127.0.0.1:1/ingest'}),
        (
            {'service': [service(), service('http://127.0.0.1:2/')]},
            {'http://127.0.0.1:1/ingest', 'http://127.0.0.1:2/ingest'},
        ),
        ({'service': [service(online=False), service('http://127.0.0.1:2')]}, {'http://127.0.0.1:2/ingest'}),
        ({'service': [service(active='false'), service('http://127.0.0.1:2')]}, {'http://127.0.0.1:2/ingest'}),
        ({'service': [service(maintenance=True), service('http://127.0.0.1:2')]}, {'http://127.0.0.1:2/ingest'}),
        ({'service': [service(type=SCHEDULER), service('http://127.0.0.1:2')]}, {'http://127.0.0.1:2/ingest'}),
        ({'service': [service('javascript:x'), service('http://127.0.0.1:2')]}, {'http://127.0.0.1:2/ingest'}),
        ({'service': service(path=12)}, {'http://127.0.0.1:1/12'}),
        ({'service': service('http://127.0.0.1:1/opencast', path='/ingest/')}, {'http://127.0.0.1:1/opencast/ingest'}),
    ],
)
def test_every_shape_of_an_answer_is_understood(core: FakeCore, build: Build, services: Any, nodes: set[str]) -> None:
    """Trap 8."""
    core.answer = Registry(services)
    offered: list[Sequence[str]] = []

    def choose(found: Sequence[str]) -> str:
        offered.append(found)
        return found[-1]

    endpoints = build(choose=choose)

    assert endpoints.get(INGEST) in nodes

    assert set(offered[0]) == nodes
    assert core.paths == [f'GET /services/available.json?serviceType={INGEST}']


@pytest.mark.parametrize('services', ['{"services":""}', '{"services":{}}', {'service': ''}, {'service': []}])
def test_no_node_online_passes_and_is_no_flood(core: FakeCore, build: Build, clock: MovedClock, services: Any) -> None:
    """Trap 9, H37, H41: thousands of questions a second once."""
    core.answer = registry = Registry(services)
    endpoints = build()

    for _ in range(50):
        with pytest.raises(Overloaded, match='no ingest node is online'):
            endpoints.get(INGEST, fresh=True)

    assert len(core.calls) == 1
    registry.services = {'service': service()}
    clock.time += 11
    assert endpoints.get(INGEST, fresh=True) == 'http://127.0.0.1:1/ingest'


@pytest.mark.parametrize('body', ['', 'null', '[]', '{"a":1}', '{"services":[1]}', '{"services":7}', '[' * 100_000])
def test_an_answer_of_another_kind_is_not_understood(core: FakeCore, build: Build, body: str) -> None:
    core.answer = lambda exchange: exchange.reply(200, body)

    with pytest.raises(NotUnderstood):
        build().get(INGEST)


def test_an_answer_is_used_for_an_hour(core: FakeCore, build: Build, clock: MovedClock) -> None:
    core.answer = Registry({'service': service()})
    endpoints = build()

    for _ in range(3):
        endpoints.get(INGEST)
    assert len(core.calls) == 1

    clock.time += 3601
    endpoints.get(INGEST)
    assert len(core.calls) == 2


def test_the_registry_is_asked_before_each_upload_and_after_a_failure(core: FakeCore, build: Build) -> None:
    """Trap 10."""
    core.answer = Registry({'service': service()})
    endpoints = build()

    endpoints.get(INGEST, fresh=True)
    endpoints.get(INGEST, fresh=True)
    assert len(core.calls) == 2

    endpoints.failed(INGEST)
    endpoints.get(INGEST)
    assert len(core.calls) == 3


@pytest.mark.parametrize('status', [401, 403, 500, 502])
def test_the_old_answer_stays_valid_while_the_registry_fails(
    core: FakeCore, build: Build, clock: MovedClock, status: int
) -> None:
    """H42."""
    core.answer = registry = Registry({'service': service()})
    endpoints = build()
    endpoints.get(INGEST)
    registry.status = status
    clock.time += 4000

    for _ in range(20):
        assert endpoints.get(INGEST, fresh=True) == 'http://127.0.0.1:1/ingest'

    assert len(core.calls) == 2


def test_no_node_online_counts_more_than_an_old_answer_for_an_upload(
    core: FakeCore, build: Build, clock: MovedClock
) -> None:
    core.answer = registry = Registry({'service': service()})
    endpoints = build()
    endpoints.get(INGEST)
    registry.services = ''

    with pytest.raises(Overloaded):
        endpoints.get(INGEST, fresh=True)


def test_the_calendar_stays_where_it_was_when_the_registry_lists_none(
    core: FakeCore, build: Build, clock: MovedClock
) -> None:
    core.answer = registry = Registry({'service': service(type=SCHEDULER, path='/recordings')})
    endpoints = build()
    endpoints.get(SCHEDULER)
    registry.services = ''
    clock.time += 4000

    assert endpoints.get(SCHEDULER) == 'http://127.0.0.1:1/recordings'


def test_without_any_answer_the_error_is_told(core: FakeCore, build: Build) -> None:
    core.answer = lambda exchange: exchange.reply(403, 'no')

    with pytest.raises(Refused) as caught:
        build().get(INGEST)

    assert caught.value.status == 403


def test_endpoints_survive_a_restart_with_the_core_away(core: FakeCore, build: Build) -> None:
    core.answer = Registry({'service': service()})
    store = Memory({CAPTURE_ADMIN: ['http://127.0.0.1:9/capture-admin']})
    build(store).get(INGEST)
    assert store.stored == {
        CAPTURE_ADMIN: ['http://127.0.0.1:9/capture-admin'],
        INGEST: ['http://127.0.0.1:1/ingest'],
    }

    core.answer = lambda exchange: exchange.reply(503)
    assert build(store).get(INGEST) == 'http://127.0.0.1:1/ingest'


@pytest.mark.parametrize('stored', [{INGEST: ['x', '']}, {INGEST: ['ftp://host/ingest']}])
def test_stored_nonsense_is_no_endpoint(core: FakeCore, build: Build, stored: Any) -> None:
    core.answer = lambda exchange: exchange.reply(503)

    with pytest.raises(Overloaded):
        build(Memory(stored)).get(INGEST)


def test_an_override_wins_without_a_question(core: FakeCore, build: Build) -> None:
    endpoints = build(overrides={INGEST: 'http://127.0.0.1:5/special/'})

    assert endpoints.get(INGEST, fresh=True) == 'http://127.0.0.1:5/special'
    assert core.calls == []


def test_all_nodes_are_used(core: FakeCore, build: Build) -> None:
    core.answer = Registry({'service': [service(f'http://127.0.0.1:{port}') for port in (1, 2, 3)]})
    endpoints = build()

    assert len({endpoints.get(INGEST) for _ in range(200)}) == 3


def test_the_nodes_of_the_registry_get_the_credentials(
    core: FakeCore, start: Callable[[], FakeCore], connect: Connect, clock: MovedClock
) -> None:
    node = start()
    core.answer = Registry({'service': service(node.url)})
    http = connect(core)

    base = Endpoints(http, settings.Server(url=core.url), Memory(), clock).get(INGEST)

    assert http.get(f'{base}/createMediaPackage').status == 200
    assert node.paths == ['GET /ingest/createMediaPackage']


def test_an_http_node_of_an_https_core_is_a_loud_warning(
    core: FakeCore,
    connect: Connect,
    clock: MovedClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    core.answer = Registry({'service': service('http://ingest.example.org')})
    http = connect(core)
    server = settings.Server(url='https://core.example.org')
    answered = _Answered(http, core.url)

    for _ in range(2):
        Endpoints.get(Endpoints(answered, server, Memory(), clock), INGEST)

    assert all(record.levelno == logging.WARNING for record in caplog.records)
    assert 'http://ingest.example.org/ingest' in caplog.text
    assert 'unprotected' in caplog.text


class _Answered(Http):
    """An https core, whose questions are answered by the test's server."""

    def __init__(self, http: Http, url: str) -> None:
        super().__init__(http.server, http.limits)
        self._behind, self._url = http, url

    def get(self, url: str, **options: Any) -> Any:
        return self._behind.get(url.replace('https://core.example.org', self._url), **options)
