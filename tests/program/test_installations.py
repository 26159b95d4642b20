"""The real program at cores that are not the default one: several nodes, a lean account, a private certificate."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.opencast.authority import Authority
from tests.program.agent import Agent, MakeAgent, ScheduleEvent, wait_for
from tests.program.test_lecture import delivered, states, the
from tests.program.test_upload_harm import SIZE, TRACK, finished, recorded, the_delivery


def test_nodes_come_and_go_and_each_upload_stays_on_one(core: StandIn, make_agent: MakeAgent) -> None:
    """One node alone, which breaks off and goes away; another one for the next recording; the first one comes back."""
    core.nodes[0].state = 'maintenance'
    first = core.nodes.add()
    agent = make_agent()
    uids = ('one', 'two', 'three')
    for uid in uids:
        recorded(agent, core, uid)
    harm = core.faults.add(Fault(TRACK, Kind.RESET, bytes=SIZE // 2, after=3))
    agent.start()
    wait_for(lambda: harm.hits, limit=120)
    first.state = 'offline'
    first.stop()
    second = core.nodes.add()

    wait_for(lambda: len(core.deliveries) == 2, limit=90)
    first.start()
    first.state = 'NORMAL'
    wait_for(lambda: all(finished(core, uid) for uid in uids), limit=120)

    for uid in uids:
        the_delivery(core, uid)
    taken = [request.node for request in core.requests if request.path.endswith(TRACK) and request.status == 200]
    assert sorted(taken) == sorted([first.url] * 4 + [second.url] * 2)
    assert core.violations == []


@pytest.fixture
def secure(tmp_path: Path) -> Authority:
    return Authority(tmp_path / 'authority')


@pytest.fixture
def core(tmp_path: Path, request: pytest.FixtureRequest) -> object:
    tls = request.getfixturevalue('secure').server() if 'secure' in request.fixturenames else None
    with StandIn(tmp_path / 'core', tls=tls, strict=True) as standin:
        yield standin


def lecture_with(core: StandIn, agent: Agent, uid: str) -> None:
    """Record it with the account of a capture agent, and look at what the core saw of that."""
    agent.sections['server'].update(username='capture-agent', password='lecture-hall')
    agent.start()
    wait_for(delivered(core, uid), limit=120)
    assert agent.stop() == 0

    the(core, uid)
    assert states(core, uid) == ['capturing', 'capture_finished', 'uploading', 'upload_finished']
    assert not [request.path for request in core.requests if request.status in (302, 403)]
    assert not [request.path for request in core.requests if request.status == 401 and request.bytes_in]
    begun = core.events[uid].start
    assert len({request.session for request in core.requests if request.at >= begun}) == 1
    assert core.violations == []


def test_an_account_with_the_role_of_agents_alone_is_enough(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """Contract 3.3; the core has one session for the whole event (trap 5)."""
    lecture_with(core, make_agent(server={'auth_method': 'basic'}), schedule(7, 3))


def test_digest_login_through_a_private_authority(
    secure: Authority, core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """No body is sent twice, and the core has one session for the whole event."""
    agent = make_agent(server={'auth_method': 'digest', 'certificate': secure.file})
    lecture_with(core, agent, schedule(7, 3))
