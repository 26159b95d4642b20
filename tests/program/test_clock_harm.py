"""The clock of the machine steps, or starts in the past, or the machine sleeps."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pyca.demo.standin import StandIn
from tests.harm import signal_each
from tests.program.agent import LINE, PROMPT, Agent, MakeAgent, wait_for
from tests.program.machine import held_up, spare
from tests.program.moved import MovedClock
from tests.program.test_lecture import delivered, states, the, times

HOUR = 3600
STEADY_COUNTER = f"""
import os, select, signal, sys, time
from itertools import count
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
stop = time.monotonic() + int(sys.argv[1])
with open(sys.argv[2], 'ab', buffering=0) as file:
    for number in count():
        if time.monotonic() >= stop:
            break
        file.write({LINE!r} % (os.getpid(), number, time.time()))
        select.select([], [], [], 0.05)
"""
"""A recorder that counts its seconds as a camera does, whatever the wall clock says meanwhile."""


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    return MovedClock(tmp_path / 'clock')


@pytest.fixture
def core(tmp_path: Path, clock: MovedClock) -> Iterator[StandIn]:
    """A core whose clock goes as the agent's does."""
    with StandIn(tmp_path / 'core', clock, strict=True) as standin:
        yield standin


@pytest.fixture
def agent(make_agent: MakeAgent, clock: MovedClock) -> Agent:
    made = make_agent()
    (made.folder / 'counter.py').write_text(STEADY_COUNTER)
    made.environment.update(clock.environment)
    return made


@pytest.fixture
def schedule(core: StandIn, clock: MovedClock) -> Callable[..., str]:
    def add(begins_in: float, seconds: float, **more: Any) -> str:
        start = int(clock.now() + begins_in)
        return core.add_event(agent='hall-1', start=start, end=start + int(seconds), **more)

    return add


def knows(agent: Agent, *uids: str) -> Callable[[], bool]:
    """Whether these events are in the file from which capture reads."""
    file = agent.recordings / 'schedule.json'
    return lambda: file.exists() and all(uid in file.read_text() for uid in uids)


def outcomes(agent: Agent) -> dict[str, tuple[str, str]]:
    """The outcome of each recording with its cause, by uid."""
    with closing(sqlite3.connect(agent.folder / 'pyca.db', timeout=30)) as database:
        rows = database.execute('SELECT uid, outcome, cause FROM pyca_recording').fetchall()
    return {uid: (outcome or '', cause or '') for uid, outcome, cause in rows}


def prompt(core: StandIn, uid: str) -> bool:
    """Whether its recording began in its second."""
    return 0 <= times(the(core, uid))[0] - core.events[uid].start < PROMPT + held_up()


def leap(agent: Agent, clock: MovedClock, to: float) -> None:
    """Move the clock, and have the agent look at it now and not up to ten seconds later: as if somebody used it."""
    clock.set(to)
    with closing(sqlite3.connect(agent.folder / 'pyca.db', timeout=30)) as database, database:
        database.execute('UPDATE pyca_change SET number = number + 1')


def test_a_clock_that_steps_starts_nothing_early_and_nothing_twice(
    core: StandIn, agent: Agent, clock: MovedClock, schedule: Callable[..., str]
) -> None:
    first, later = schedule(HOUR, 3), schedule(2 * HOUR, 10)
    agent.start()
    wait_for(knows(agent, first, later))
    leap(agent, clock, core.events[first].start - 5 - spare())
    wait_for(delivered(core, first))

    # back by an hour, with another start of the agent: what was recorded has its time once more
    agent.kill()
    clock.set(core.events[first].start - 4)
    agent.start()
    wait_for(lambda: clock.now() > core.events[first].end + 2)

    # back by an hour while a keeper waits for its second, then forward again
    leap(agent, clock, core.events[later].start - 7 - spare())
    wait_for(lambda: list(agent.recordings.glob(f'recording-*{later}/keeper-*.json')))
    clock.step(-HOUR)
    passed = time.monotonic() + 5
    wait_for(lambda: time.monotonic() > passed)
    assert len(agent.media()) == 1
    clock.step(HOUR)
    stepped = clock.now()
    wait_for(delivered(core, later))

    assert prompt(core, first)
    due = core.events[later].start
    assert due <= times(the(core, later))[0] < max(due, stepped) + PROMPT + held_up()
    assert len(agent.media()) == 2
    assert not any('capture_error' in states(core, uid) for uid in (first, later))


def test_a_machine_that_starts_in_1970_records_what_it_knows_once_its_clock_is_right(
    core: StandIn, agent: Agent, clock: MovedClock, schedule: Callable[..., str]
) -> None:
    """H40: without a battery a clock begins in 1970 until the network tells it better."""
    passed, coming = schedule(HOUR, 60), schedule(2 * HOUR, 3)
    agent.start()
    wait_for(knows(agent, passed, coming))
    agent.stop()

    clock.set(100)
    agent.start()
    wait_for(lambda: 'The clock of this machine is behind' in agent.logged())
    assert not list(agent.recordings.glob('recording-*'))
    leap(agent, clock, core.events[coming].start - 5 - spare())
    wait_for(delivered(core, coming))
    wait_for(lambda: states(core, passed) == ['capture_error'])

    assert prompt(core, coming)
    assert states(core, coming)[0] == 'capturing'
    assert outcomes(agent)[passed][0] == 'missed'


def test_what_a_machine_sleeps_through_is_said_and_what_follows_is_recorded(
    core: StandIn, agent: Agent, clock: MovedClock, schedule: Callable[..., str]
) -> None:
    running, after = schedule(HOUR, 10), schedule(2 * HOUR, 3)
    slept = core.add_event(agent='hall-1', start=core.events[running].end, end=core.events[running].end + 30)
    agent.start()
    wait_for(knows(agent, running, slept, after))
    leap(agent, clock, core.events[running].start - 5 - spare())
    wait_for(agent.writing)

    everything = agent.processes()
    signal_each(everything, signal.SIGSTOP)
    clock.set(core.events[after].start - 5 - spare())
    signal_each(everything, signal.SIGCONT)
    leap(agent, clock, clock.now())
    wait_for(delivered(core, running, after))
    wait_for(lambda: 'capture_error' in states(core, slept))

    assert prompt(core, running)
    assert prompt(core, after)
    assert 'SIGKILL' not in agent.logged()
    assert 'capturing' not in states(core, slept)
    assert outcomes(agent)[slept][1]
    assert len(agent.media()) == 2
