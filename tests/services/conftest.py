"""What several tests of services begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pyca.demo.standin import StandIn
from tests.services.ingest_world import HandClock
from tests.services.test_capture import Hall
from tests.services.upload_site import Site


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Callable[..., Hall]]:
    """Makes capture services over one folder."""
    halls: list[Hall] = []

    def make(**options: Any) -> Hall:
        halls.append(Hall(tmp_path / 'recordings', **options))
        return halls[-1]

    yield make
    for each in halls:
        each.service.close()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def core(tmp_path: Path, clock: HandClock) -> Iterator[StandIn]:
    """A core over real connections, whose time the test moves."""
    with StandIn(tmp_path / 'core', clock, strict=True) as standin:
        yield standin


@pytest.fixture
def site(tmp_path: Path, core: StandIn, clock: HandClock) -> Iterator[Site]:
    """An upload service over real connections."""
    site = Site(tmp_path / 'agent', core, clock)
    yield site
    site.close()
