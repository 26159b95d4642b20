"""The drafted CA API 2.0, against the stand-in core in that version and in that of today."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca import config
from pyca.agentstate import AgentStateService, Ports
from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.opencast.capabilities import document
from pyca.opencast.client import Core
from pyca.opencast.endpoints import Endpoints
from pyca.opencast.http import Http
from pyca.settings import Settings
from pyca.states import EventStatus
from tests.opencast.test_client import Nowhere
from tests.services.agentstate_fakes import NOW, World

FILE = """
[agent]
name = hall-1
version2 = {on}
[server]
username = capture-agent
password = lecture-hall
"""
BOTH = 'capturing_and_uploading'


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', strict=True) as core:
        yield core
        assert core.violations == []


class Hall(World):
    """An agent that talks to the stand-in core."""

    def __init__(self, standin: StandIn, settings: Settings) -> None:
        super().__init__()
        self.standin = standin
        server = config.parse(f'{FILE.format(on=False)}\nurl = {standin.url}', 'pyca.conf').server
        self.http = Http(server, settings.http)
        core = Core(self.http, Endpoints(self.http, server, Nowhere(), self.clock), 'hall-1')
        told = lambda: document(settings, 'UTC')  # noqa: E731
        stored = (self.recordings, self.reports, self.faults)
        self.service = AgentStateService(
            settings.agent, '', Ports(core, self._farewell, *stored, configuration=told), self.clock
        )

    def busy(self) -> list[str]:
        """It records one event while it uploads another one; what the core has heard of the agent."""
        for uid in ('a', 'b'):
            self.begin(self.standin.add_event(uid, agent='hall-1', start=NOW, end=NOW + 3600))
        self.become('b', EventStatus.UPLOADING, 'uploading')
        self.settle()
        return self.heard()

    def heard(self) -> list[str]:
        """The states of the agent that the core has taken."""
        agent = self.standin.agents.get('hall-1')
        return [state for _, state in agent.history] if agent is not None else []


@pytest.fixture
def hall(standin: StandIn, request: pytest.FixtureRequest) -> Iterator[Hall]:
    hall = Hall(standin, config.parse(FILE.format(on=getattr(request, 'param', True)), 'pyca.conf'))
    yield hall
    hall.http.close()


def test_both_at_once_has_its_word_at_a_core_of_version_2(standin: StandIn, hall: Hall) -> None:
    standin.version2 = True
    assert hall.busy() == [BOTH]


def test_a_core_of_today_that_does_not_know_the_word_gets_its_own_at_once(standin: StandIn, hall: Hall) -> None:
    assert hall.busy() == ['capturing']
    refused = [request for request in standin.requests if request.status == 400]
    assert len(refused) == 1

    hall.clock.pass_(120)
    hall.settle()
    assert len([request for request in standin.requests if request.status == 400]) == 1


@pytest.mark.parametrize('status', [404, 500])
def test_a_core_of_version_2_in_trouble_gets_the_word_again(standin: StandIn, hall: Hall, status: int) -> None:
    standin.version2 = True
    standin.faults.add(Fault('/capture-admin/agents/', Kind.STATUS, status=status))
    assert hall.busy() == []
    hall.clock.pass_(60)
    hall.settle()
    assert hall.heard() == [BOTH]


@pytest.mark.parametrize('hall', [False], indirect=True)
def test_nothing_of_it_is_said_unless_it_is_wanted(standin: StandIn, hall: Hall) -> None:
    standin.version2 = True
    assert hall.busy() == ['capturing']
    assert standin.agents['hall-1'].configuration == {}


def test_the_agent_is_of_version_2_without_any_inputs(standin: StandIn, hall: Hall) -> None:
    standin.version2 = True
    hall.settle()

    kept = standin.agents['hall-1'].configuration
    assert kept['opencast.agent.version'] == '2'
    assert (kept['capture.stream.capable'], kept['capture.local.startpaused']) == ('0', '0')
    assert 'capture.device.names' not in kept


def test_a_core_of_today_keeps_the_same_as_plain_keys(standin: StandIn, hall: Hall) -> None:
    hall.settle()

    kept = standin.agents['hall-1'].configuration
    assert kept['vendor.name'] == 'pyCA'
    assert 'opencast.agent.version' not in kept
