"""An address of the site's own in front of several nodes, which the registry knows nothing of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyca.demo.standin import StandIn
from pyca.errors import Refused
from pyca.ingest.final import lost
from pyca.opencast.client import Core
from pyca.opencast.endpoints import INGEST, Endpoints
from pyca.opencast.http import Http
from pyca.settings import Http as Limits
from pyca.settings import Server
from tests.opencast.conftest import MovedClock
from tests.opencast.test_client import Nowhere

Through = Callable[[str], Core]


@pytest.fixture
def standin(tmp_path: Path, clock: MovedClock) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', clock) as standin:
        standin.nodes.add()
        standin.nodes.add()
        yield standin


@pytest.fixture
def through(standin: StandIn, clock: MovedClock) -> Iterator[Through]:
    opened: list[Http] = []

    def begin(address: str) -> Core:
        overrides = {INGEST: f'{address}/ingest/'}
        server = Server(url=standin.url, username='capture-agent', password='lecture-hall', service_overrides=overrides)
        opened.append(Http(server, Limits(), clock=clock))
        return Core(opened[-1], Endpoints(opened[-1], server, Nowhere(), clock), 'hall-1')

    yield begin
    for http in opened:
        http.close()


def upload(core: Core, uid: str, file: Path) -> str:
    node = core.ingest_node()
    package = core.create_mediapackage(node, uid)
    for _ in range(3):
        package = core.add_track(node, package, 'presenter/source', file, None)
    return core.ingest(node, package, {'workflowInstanceId': uid})


def test_a_balancer_that_knows_sessions_keeps_an_upload_on_one_node(
    standin: StandIn, through: Through, clock: MovedClock, tmp_path: Path
) -> None:
    """The cookies are kept, by which it knows them (contract 7.10)."""
    uid = standin.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 60)
    file = tmp_path / 'camera.mkv'
    file.write_bytes(b'picture and tone')

    upload(through(standin.nodes.balancer(sticky=True).url), uid, file)

    (delivery,) = standin.deliveries
    assert (delivery.uid, len(delivery.tracks)) == (uid, 3)
    assert len({request.session for request in standin.requests}) == 1
    assert not [request for request in standin.requests if request.path.startswith('/services')]


def test_a_balancer_that_spreads_an_upload_is_noticed_and_nothing_ingested(
    standin: StandIn, through: Through, clock: MovedClock, tmp_path: Path
) -> None:
    """The ingest service then begins anew, a few times, and says so."""
    uid = standin.add_event(agent='hall-1', start=clock.now(), end=clock.now() + 60)
    file = tmp_path / 'camera.mkv'
    file.write_bytes(b'picture and tone')

    with pytest.raises(Refused) as caught:
        upload(through(standin.nodes.balancer().url), uid, file)

    assert lost(caught.value)
    assert standin.deliveries == []
