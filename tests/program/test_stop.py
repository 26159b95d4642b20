"""What a stop of the agent does to what it records, by our units and by those of older packages."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.recording.processes import all_processes, has_variable
from tests.harm import signal_each
from tests.program.agent import MARK, Agent, MakeAgent, ScheduleEvent, Stamp, end_of, longest_gap, stamps, wait_for
from tests.program.machine import held_up, spare


def statuses(agent: Agent) -> list[int]:
    with closing(sqlite3.connect(agent.folder / 'pyca.db', timeout=30)) as connection:
        return [status for (status,) in connection.execute('SELECT status FROM recorded_event')]


def told(core: StandIn, uid: str) -> list[str]:
    return [state for _, state in core.recordings.get(uid, [])]


def phases(agent: Agent) -> list[str]:
    return [json.loads(path.read_text())['phase'] for path in agent.recordings.glob('recording-*/recording.json')]


def recorders(agent: Agent) -> list[int]:
    """All but the agent itself."""
    own = {child.pid for child in agent.children}
    found = [pid for pid, now in all_processes() if now.state != 'Z' and has_variable(pid, MARK, str(agent.folder))]
    return [pid for pid in found if pid not in own]


def media(agent: Agent) -> list[Stamp]:
    return sorted(moment for path in agent.media() for moment in stamps(path.read_bytes()))


@pytest.mark.parametrize('everybody', [False, True], ids=['the agent alone', 'all processes'])
def test_a_stopped_recording_goes_on_and_is_not_uploaded_before_its_end(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent, everybody: bool
) -> None:
    """`KillMode=process`, as in our units, or `control-group`, as in those of older packages."""
    agent = make_agent()
    uid = schedule(5, 24 + spare())
    end = core.events[uid].end
    child = agent.start()
    wait_for(lambda: agent.writing() and 'capturing' in told(core, uid))

    asked = time.time()
    child.terminate()
    signal_each(recorders(agent) if everybody else [], signal.SIGTERM)
    assert end_of(child) == 0

    assert time.time() - asked < 10 + spare() + held_up(asked)
    wait_for(agent.at_rest)
    assert core.agents[agent.name].state == 'offline'
    assert (statuses(agent), phases(agent)) == ([8], ['interrupted'])

    agent.start()
    wait_for(lambda: told(core, uid)[-2:] == ['capture_error', 'capturing'])
    assert core.deliveries == []
    wait_for(lambda: 'upload_finished' in told(core, uid), limit=120)

    assert [delivery.uid for delivery in core.deliveries] == [uid]
    assert min(at for at, state in core.recordings[uid] if state == 'uploading') >= end
    assert end - media(agent)[-1] < 2
    assert statuses(agent) == [7]


def test_with_survive_stop_the_recorder_does_not_notice(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent(capture={'survive_stop': True})
    uid = schedule(5, 14)
    agent.start()
    wait_for(lambda: agent.writing() and core.agents[agent.name].state == 'capturing' and told(core, uid))

    assert agent.stop() == 0
    left = recorders(agent)
    assert len(left) == 2  # keeper, recorder
    assert core.agents[agent.name].state == 'capturing'
    assert set(told(core, uid)) == {'capturing'}

    agent.start()
    wait_for(lambda: 'upload_finished' in told(core, uid), limit=120)
    assert len(agent.media()) == 1
    assert longest_gap(media(agent)) < 1.5
    assert 'capture_error' not in told(core, uid)
    assert agent.stop() == 0
    wait_for(agent.at_rest)


def test_a_stop_during_an_upload_leaves_no_row_that_says_so(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    core.faults.add(Fault('/ingest/addTrack', Kind.STOP_READING, bytes=10, times=1))
    agent = make_agent()
    uid = schedule(5, 2)
    child = agent.start()
    wait_for(lambda: 'uploading' in told(core, uid) and statuses(agent) == [5])

    asked = time.time()
    child.send_signal(signal.SIGINT)
    assert end_of(child) == 0

    assert time.time() - asked < 10 + spare() + held_up(asked)
    assert statuses(agent)[0] not in (2, 5)
    agent.start()
    wait_for(lambda: 'upload_finished' in told(core, uid), limit=120)
    assert len(core.deliveries) == 1
