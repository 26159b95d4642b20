"""Two agents in one room, the second of them for the day on which the first one fails."""

from __future__ import annotations

from pyca.demo.standin import StandIn
from tests.program.agent import Agent, MakeAgent, ScheduleEvent, end_of, wait_for
from tests.program.test_lecture import delivered, states, the, times

MARGIN = 3


def asked_about(core: StandIn, uid: str) -> list[str]:
    """When the core was asked how the primary agent fared with this."""
    path = f'/capture-admin/recordings/{uid}.json'
    return [request.path for request in core.requests if request.path == path and request.status]


def test_a_backup_delivers_what_the_primary_did_not_and_nothing_else(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    primary = make_agent('primary')
    backup = make_agent('backup', agent={'backup_mode': True, 'backup_copy': 'upload', 'backup_margin': MARGIN})
    works = primary.sections['capture']['command']
    primary.sections['capture']['command'] = 'false'
    failed = schedule(10, 4)
    backup.start()
    primary.start()

    wait_for(lambda: [delivery.uid for delivery in core.deliveries] == [failed], limit=120)
    primary.stop()
    assert set(states(core, failed)) <= {'capturing', 'capture_error'}
    assert states(core, failed)[-1] == 'capture_error'
    assert len(times(the(core, failed))) > 10

    primary.sections['capture']['command'] = works
    good = schedule(15, 4)
    primary.start()
    wait_for(delivered(core, good), limit=120)
    wait_for(lambda: asked_about(core, good), limit=120)
    wait_for(lambda: 'has delivered it' in held(backup, good), limit=120)

    assert sorted(delivery.uid for delivery in core.deliveries) == sorted([failed, good])
    assert states(core, good) == ['capturing', 'capture_finished', 'uploading', 'upload_finished']
    assert core.violations == []


def held(agent: Agent, uid: str) -> str:
    """What the agent says of an event that it holds."""
    child = agent.start('report', '--all', '--json')
    assert end_of(child) == 0
    return agent.logged().rpartition(uid)[2]
