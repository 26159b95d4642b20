"""A lecture arrives with the agent's database on PostgreSQL, whatever becomes of the server."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from pyca.demo.standin import StandIn
from tests.program.agent import PROMPT, MakeAgent, ScheduleEvent, Stamp, longest_gap, stamps, wait_for
from tests.program.machine import punctual
from tests.storage import postgres


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    programs = postgres.programs()
    if programs is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('PostgreSQL is not installed: apt-get install postgresql')
        pytest.skip('PostgreSQL is not installed')
    with postgres.cluster(programs) as running:
        yield running


def delivered(core: StandIn, uid: str) -> bool:
    return 'upload_finished' in [state for _, state in core.recordings.get(uid, [])]


def recorded(core: StandIn, uid: str) -> list[Stamp]:
    (delivery,) = [delivery for delivery in core.deliveries if delivery.uid == uid]
    (track,) = delivery.tracks
    return stamps(track.path.read_bytes())


@pytest.mark.parametrize('commands', [['run'], ['schedule', 'capture', 'ingest', 'agentstate']])
def test_a_lecture_arrives(
    core: StandIn,
    make_agent: MakeAgent,
    schedule: ScheduleEvent,
    server: postgres.Server,
    commands: list[str],
) -> None:
    """Peers C18: the URL of a compose file, without the name of a driver; four processes that begin at once."""
    agent = make_agent(agent={'database': server.url % 'postgres'})
    uid = schedule(8, 4)
    services = [agent.start(command) for command in commands]

    wait_for(lambda: delivered(core, uid), limit=120)

    assert [agent.stop(service) for service in services] == [0] * len(services)
    assert punctual(recorded(core, uid)[0], core.events[uid].start, PROMPT)
    states = [state for _, state in core.recordings[uid]]
    assert [state for n, state in enumerate(states) if not n or states[n - 1] != state] == [
        'capturing',
        'capture_finished',
        'uploading',
        'upload_finished',
    ]
    assert core.violations == []


@pytest.mark.parametrize('harm', ['ends', 'hangs'])
def test_a_server_that_goes_away_costs_no_second(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent, server: postgres.Server, harm: str
) -> None:
    """H16: the recorder was started only after the database had been written to."""
    agent = make_agent(agent={'database': server.url % 'postgres'})
    agent.start()
    known = agent.recordings / 'schedule.json'
    wait_for(known.exists)
    uid = schedule(17 if harm == 'ends' else 12, 8)
    event = core.events[uid]
    wait_for(lambda: uid in known.read_text())
    if harm == 'hangs':
        wait_for(agent.writing)

    server.stop() if harm == 'ends' else server.signal(signal.SIGSTOP)
    try:
        if harm == 'ends':
            agent.stop()
            agent.start()
        wait_for(lambda: time.time() > event.end + 2)
    finally:
        server.start() if harm == 'ends' else server.signal(signal.SIGCONT)
    wait_for(lambda: delivered(core, uid), limit=120)

    times = recorded(core, uid)
    assert punctual(times[0], event.start, PROMPT)
    assert abs(times[-1] - event.end) < 1.5
    assert longest_gap(times) < 1
    assert core.violations == []
    assert agent.stop() == 0
    assert 'Traceback' not in agent.logged()
