"""Tracks with a start time, files that the core fetches itself (contract 7.4, 7.6)."""

from __future__ import annotations

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock, Reply

PARTIAL = '/ingest/addPartialTrack'


@pytest.fixture
def source(core: StandIn) -> str:
    """Where a file can be fetched; its content is `fetched`."""
    core.faults.add(Fault(r'GET /.*camera', Kind.STATUS, times=None, status=200, body='fetched'))
    return f'{core.url}/somewhere/camera.mp4'


def partial(client: Client, package: str, start: str) -> Reply:
    fields = [('flavor', None, b'a/b'), ('startTime', None, start.encode()), ('mediaPackage', None, package.encode())]
    return client.form(PARTIAL, [*fields, ('f', 'a.mp4', b'x' + start.encode())])


def smil(core: StandIn) -> list[str]:
    """The start times that came along with the last delivery."""
    found = [file for file in core.deliveries[-1].catalogs if file.flavor == 'smil/source+partial']
    return found[0].path.read_text().split('begin="')[1:] if found else []


def test_a_core_of_today_ignores_start_times_of_forms(core: StandIn, client: Client, event: str) -> None:
    package = partial(client, client.begin(event), 'nonsense').text
    assert client.post('/ingest/ingest', mediaPackage=package).status == 200
    assert (len(core.deliveries[0].tracks), smil(core)) == (1, [])


def test_an_older_core_obeys_them(core: StandIn, client: Client, event: str) -> None:
    core.desk.old_servlets = True
    package = client.begin(event)
    assert partial(client, package, 'nonsense').status == 400
    package = partial(client, partial(client, package, '0').text, '2500').text
    client.post('/ingest/ingest', mediaPackage=package)
    assert [begin.partition('"')[0] for begin in smil(core)] == ['0ms', '2500ms']


@pytest.mark.parametrize('harm', ['restart', 'day'])
def test_start_times_are_forgotten(core: StandIn, client: Client, clock: HandClock, event: str, harm: str) -> None:
    core.desk.old_servlets = True
    package = partial(client, client.begin(event), '0').text
    if harm == 'restart':
        core.nodes[0].restart()
    else:
        clock.move(86400)
    assert client.post('/ingest/ingest', mediaPackage=package).status == 200
    assert (len(core.deliveries[0].tracks), smil(core)) == (1, [])


def test_a_file_is_fetched(core: StandIn, client: Client, event: str, source: str) -> None:
    package = client.post('/ingest/addTrack', url=source, flavor='a/b', mediaPackage=client.begin(event)).text
    package = client.post(PARTIAL, url=source, flavor='c/d', startTime='70', mediaPackage=package).text
    assert client.post('/ingest/ingest', mediaPackage=package).status == 200
    assert [track.path.read_bytes() for track in core.deliveries[0].tracks] == [b'fetched', b'fetched']
    assert len(smil(core)) == 1
    assert any('must not connect to the agent' in finding for finding in core.violations)


@pytest.mark.parametrize(
    ('fields', 'status'),
    [
        ({'url': 'file:///etc/hostname.txt'}, 500),
        ({'url': 'CORE/not-there.mp4'}, 500),
        ({'url': 'CORE/camera'}, 500),
        ({'url': ''}, 500),
        ({'flavor': 'ab'}, 500),
        ({'mediaPackage': '<x'}, 500),
        ({'mediaPackage': '<mediapackage id=" "/>'}, 400),
    ],
)
def test_what_cannot_be_fetched(
    core: StandIn, client: Client, source: str, fields: dict[str, str], status: int
) -> None:
    given = {'url': source, 'flavor': 'a/b', 'mediaPackage': client.begin(), **fields}
    given['url'] = given['url'].replace('CORE', core.url)
    assert client.post('/ingest/addTrack', **given).status == status


def test_a_fetched_partial_track_needs_its_start(client: Client, source: str) -> None:
    package = client.begin()
    assert client.post(PARTIAL, url=source, flavor='a/b', mediaPackage=package).status == 500
    assert client.post(PARTIAL, url=source, flavor='a/b', mediaPackage=package, startTime='x').status == 400


def test_one_request_may_name_its_file_and_its_catalog(core: StandIn, client: Client, source: str) -> None:
    core.faults.add(Fault(r'GET /.*episode\.xml', Kind.STATUS, status=200, body='<x/>'))
    fields = {'flavor': 'a/b', 'mediaUri': source, 'episodeDCCatalogUri': f'{core.url}/episode.xml'}
    parts = [(name, None, value.encode()) for name, value in fields.items()]
    assert client.form('/ingest/addMediaPackage/fast', parts).status == 200
    assert [track.filename for track in core.deliveries[0].tracks] == ['camera.mp4']
    assert [catalog.flavor for catalog in core.deliveries[0].catalogs] == ['dublincore/episode']
    assert client.form('/ingest/addMediaPackage/fast', [parts[0], ('mediaUri', None, b'ftp://x/y.mp4')]).status == 500
