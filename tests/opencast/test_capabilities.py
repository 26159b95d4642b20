"""The inputs of an agent on their way to the stand-in core, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca import config
from pyca.demo.standin import StandIn
from pyca.errors import Refused
from pyca.opencast.capabilities import document, properties
from pyca.opencast.client import Core
from pyca.opencast.endpoints import Endpoints
from pyca.opencast.http import Http
from pyca.settings import Settings
from tests.opencast.conftest import MovedClock
from tests.opencast.test_client import Nowhere

INPUTS = """
[inputs]
format = {kind}
[[camera]]
flavors = presenter/source
files = '{{{{dir}}}}/camera.mkv'
device = /dev/video0
src = 'rtsp://me:hunter2@10.0.0.7/1?a=1&b=<2>'
[["left 'screen' é"]]
flavors = presentation/source, presentation/audio
files = '{{{{dir}}}}/l.mkv', '{{{{dir}}}}/l.flac'
bitrate = 4000000
"""


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', strict=True) as core:
        core.canaries.add('hunter2')
        yield core
        assert core.violations == []


def settings(core: StandIn, kind: str = 'json') -> Settings:
    text = f'[server]\nurl = {core.url}\nusername = admin\npassword = opencast\n{INPUTS.format(kind=kind)}'
    return config.parse(text, 'pyca.conf')


def client(core: StandIn) -> Core:
    server = settings(core).server
    http = Http(server, settings(core).http)
    return Core(http, Endpoints(http, server, Nowhere(), MovedClock()), 'hall 1')


@pytest.mark.parametrize('kind', ['json', 'xml'])
def test_the_core_keeps_what_it_was_told_in_either_form(standin: StandIn, kind: str) -> None:
    """Trap 13: it refuses the XML of its own manual, and shows everybody what it keeps."""
    chosen = settings(standin, kind)
    client(standin).post_configuration(document(chosen, 'Europe/Berlin'))
    kept = standin.agents['hall 1'].configuration
    assert kept == properties(chosen, 'Europe/Berlin')
    assert kept['capture.device.names'] == "camera,left 'screen' é"
    assert kept["capture.device.left 'screen' é.flavor"] == 'presentation/source,presentation/audio'
    assert kept['capture.device.timezone'] == 'Europe/Berlin'


def test_the_capabilities_that_the_core_offers_are_those_of_the_inputs(standin: StandIn) -> None:
    client(standin).post_configuration(document(settings(standin), 'UTC'))
    offered = standin.agents['hall 1'].capabilities()
    assert set(offered) == {
        'capture.device.names',
        'capture.device.camera.flavor',
        'capture.device.camera.device',
        'capture.device.camera.src',
        "capture.device.left 'screen' é.flavor",
        "capture.device.left 'screen' é.bitrate",
    }


def test_a_newer_list_replaces_the_old_one(standin: StandIn) -> None:
    core = client(standin)
    core.post_configuration('{"capture.device.names":"old","capture.device.old.flavor":"a/b"}')
    core.post_configuration(document(settings(standin), ''))
    assert 'capture.device.old.flavor' not in standin.agents['hall 1'].configuration


def test_a_list_that_the_core_cannot_read_is_refused(standin: StandIn) -> None:
    with pytest.raises(Refused) as caught:
        client(standin).post_configuration(' {"a":"b"}')
    assert caught.value.status == 400


def test_an_event_that_is_scheduled_later_carries_the_inputs_and_its_selection(standin: StandIn) -> None:
    client(standin).post_configuration(document(settings(standin), 'UTC'))
    uid = standin.add_event(agent='hall 1', start=1e9, end=1e9 + 60)
    standin.select_inputs(uid, 'camera')
    carried = standin.events[uid].agent_properties()
    assert carried['capture.device.names'] == 'camera'
    assert carried['capture.device.camera.device'] == '/dev/video0'
