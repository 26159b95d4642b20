"""An application over a real database, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pyca.settings import Agent, Settings, Ui
from pyca.storage.database import Database
from pyca.ui.application import create_app
from tests.ui.site import Site

MakeApp = Callable[[Ui], Flask]
Serve = Callable[..., FlaskClient]


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(tmp_path: Path, clock: HandClock) -> Iterator[Database]:
    made = Database(f'sqlite:///{tmp_path}/pyca.db', clock, timeout=60)
    yield made
    made.close()


@pytest.fixture
def make_app(database: Database, clock: HandClock) -> MakeApp:
    """Makes the application of one worker; several share the database."""
    return lambda ui: create_app(Settings(agent=Agent(name='hall-1'), ui=ui), database, clock)


@pytest.fixture
def serve(make_app: MakeApp) -> Serve:
    """A client of a worker whose section [ui] has these options."""
    return lambda **options: make_app(Ui(**options)).test_client()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, ui=Ui(password='secret'))
    made.client = made.visit()
    yield made
    made.close()
