from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca.demo.standin import StandIn
from tests.demo.client import Client, HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def core(tmp_path: Path, clock: HandClock) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', clock) as stand_in:
        yield stand_in


@pytest.fixture
def client(core: StandIn) -> Client:
    return Client(core.url)


@pytest.fixture
def event(core: StandIn, clock: HandClock) -> str:
    """An event that is over, of the agent hall-1."""
    return core.add_event(agent='hall-1', start=clock.now() - 60, end=clock.now(), title='Analysis')
