"""What an agent does while it waits: counted, not timed."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pyca.context import Context
from pyca.demo.standin import StandIn
from pyca.loop import LONGEST_WAIT, Loop
from pyca.settings import Agent, Capture, Server, Settings, Ui
from pyca.wiring import RUN, ServiceGroups
from tests.storage.clocks import HandClock

START = 1_800_000_000


class Process:
    """The services of `run` on one clock: each is called when its wait is over or somebody rang."""

    def __init__(self, settings: Settings, clock: HandClock) -> None:
        self.clock = clock
        self.context = Context(settings, clock)
        self.loops = [loop for group in ServiceGroups(self.context, RUN).all for loop in group.loops]
        self._due = dict.fromkeys(self.loops, 0.0)
        self.turns: Counter[str] = Counter()

    def live(self, seconds: int) -> None:
        for _ in range(seconds):
            for loop in self.loops:
                while loop.bell.wait(0) or self._due[loop] <= self.clock.time:
                    self._turn(loop)
            self.clock.time += 1.0

    def _turn(self, loop: Loop) -> None:
        self.turns[loop.service.name] += 1
        wait = min(loop.turn(), LONGEST_WAIT)
        loop.pulse.beat()
        self._due[loop] = self.clock.time + max(wait, 0.001)
        self.clock.time += 0.001

    def close(self) -> None:
        for loop in self.loops:
            loop.service.close()
        self.context.database.close()


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that goes through SQLAlchemy; begins and commits are none."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        if not statement.startswith(('BEGIN', 'PRAGMA')):
            said.append(statement)

    event.listen(Engine, 'before_cursor_execute', note)
    try:
        yield said
    finally:
        event.remove(Engine, 'before_cursor_execute', note)


@pytest.fixture
def process(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], tuple[Process, StandIn]]]:
    """An agent with one event in an hour, at a core."""
    caplog.set_level(logging.WARNING)
    clock = HandClock(float(START))
    made: list[Process] = []
    with StandIn(tmp_path / 'core', clock) as core:

        def make() -> tuple[Process, StandIn]:
            core.add_event(agent='hall-1', start=START + 3600, end=START + 7200)
            settings = Settings(
                agent=Agent(name='hall-1', update_frequency=60, database=f'sqlite:///{tmp_path}/pyca.db'),
                capture=replace(Capture(), directory=str(tmp_path / 'recordings'), command='true'),
                server=Server(url=core.url, username='admin', password='opencast'),
                ui=Ui(url=''),
                source='pyca.conf',
            )
            made.append(Process(settings, clock))
            return made[-1], core

        yield make
        for each in made:
            each.close()


def test_a_minute_of_waiting_costs_little(process: Callable[[], tuple[Process, StandIn]]) -> None:
    agent, core = process()
    agent.live(120)
    requests = len(core.requests)
    before = Counter(agent.turns)

    with statements() as said:
        agent.live(300)

    asked = Counter(f'{request.method} {request.path.partition("?")[0]}' for request in core.requests[requests:])
    written = [statement for statement in said if not statement.startswith('SELECT')]
    turns = agent.turns - before
    assert core.events
    assert sum(asked.values()) <= 2 * 5 + 1, asked
    assert len(said) <= 60 * 5, Counter(said).most_common(10)
    assert len(written) <= 12 * 5, Counter(written).most_common(10)
    assert turns['heartbeat'] <= 61 * 5
    assert sum(turns.values()) - turns['heartbeat'] <= 40 * 5, turns
