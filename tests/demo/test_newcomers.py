"""Events that nobody scheduled: what strict mode wants of them, and who may ask whether they are archived."""

from __future__ import annotations

import pytest

from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock

GOOD = {
    'title': 'Visitors',
    'identifier': '{id}',
    'spatial': 'hall-1',
    'created': '2026-11-22T09:00:00Z',
    'temporal': 'start=2026-11-22T09:00:00Z; end=2026-11-22T10:00:00Z; scheme=W3C-DTF;',
}


def come(client: Client, **changed: str) -> str:
    """Ingest a new event with a catalog; gives its id."""
    package = client.begin('a.new-one')
    terms = ''.join(f'<d:{name}>{value}</d:{name}>' for name, value in {**GOOD, **changed}.items() if value)
    catalog = f'<dublincore xmlns:d="http://purl.org/dc/terms/">{terms}</dublincore>'.replace('{id}', 'a.new-one')
    package = client.post('/ingest/addDCCatalog', mediaPackage=package, dublinCore=catalog).text
    assert client.post('/ingest/ingest', mediaPackage=package).status == 200
    return 'a.new-one'


def test_a_whole_catalog_is_all_right(core: StandIn, client: Client) -> None:
    come(client)
    assert core.violations == []


@pytest.mark.parametrize(
    ('changed', 'says'),
    [
        ({'title': ''}, 'has no title'),
        ({'spatial': ''}, 'has no spatial'),
        ({'identifier': 'other'}, 'is called other'),
        ({'created': '2026-11-22T09:00:00'}, 'not UTC'),
        ({'created': '2026-11-22T10:00:00+01:00'}, 'not UTC'),
        ({'created': 'today'}, 'no time'),
        ({'temporal': ''}, 'no time'),
        ({'created': '2026-11-22T09:00:01Z'}, 'do not go together'),
        ({'temporal': 'start=2026-11-22T09:00:00Z; end=2026-11-22T09:00:00Z;'}, 'do not go together'),
    ],
)
def test_what_a_catalog_lacks_is_found(core: StandIn, client: Client, changed: dict[str, str], says: str) -> None:
    come(client, **changed)
    assert [says in finding for finding in core.violations] == [True]


def test_an_event_without_a_catalog_is_found(core: StandIn, client: Client) -> None:
    assert client.post('/ingest/ingest', mediaPackage=client.begin('a')).status == 200
    assert core.violations == ['The new event a came with 0 episode catalogs instead of one.']


def test_the_archive_has_it_once_its_workflow_has_archived_it(core: StandIn, client: Client, clock: HandClock) -> None:
    core.archive_after = 100
    uid = come(client)
    assert client.get(f'/assets/episode/{uid}').status == 404
    clock.move(100)
    answer = client.get(f'/assets/episode/{uid}')
    assert (answer.status, f'id="{uid}"' in answer.text) == (200, True)
    assert client.get(f'/recordings/{uid}/technical.json').status == 404


def test_an_agent_may_not_ask_the_archive(core: StandIn) -> None:
    client = Client(core.url, 'capture-agent', 'lecture-hall')
    assert client.get('/assets/episode/a').status == 403
