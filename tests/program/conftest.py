"""A stand-in core and agents for the tests of the whole program."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyca.demo.standin import StandIn
from tests.program.agent import Agent
from tests.program.machine import spare, watched


@pytest.fixture(autouse=True)
def stalls() -> Iterator[None]:
    """Noted while a test runs."""
    with watched():
        yield


@pytest.fixture
def core(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', strict=True) as standin:
        yield standin


@pytest.fixture
def make_agent(tmp_path: Path, core: StandIn, request: pytest.FixtureRequest) -> Iterator[Callable[..., Agent]]:
    """Makes agents against the stand-in core; shows their log when the test fails."""
    agents: list[Agent] = []

    def make(folder: str = 'agent', **options: dict[str, Any]) -> Agent:
        agents.append(Agent(tmp_path / folder, core, **options))
        return agents[-1]

    yield make
    for agent in agents:
        agent.clean()
        if agent.log.exists():
            print(f'--- {agent.log}\n{agent.logged()[-20000:]}')  # noqa: T201


@pytest.fixture
def schedule(core: StandIn) -> Callable[..., str]:
    """Schedules an event on the agent; times in seconds from now, all of a test's coming ones later by `spare`, and by
    what a machine that seems to do nothing may do next."""
    later = 2.0 + spare()

    def add(begins_in: float, seconds: float, **more: Any) -> str:
        start = int(time.time() + begins_in + (later if begins_in > 0 else 0.0))
        return core.add_event(agent='hall-1', start=start, end=start + int(seconds), **more)

    return add
