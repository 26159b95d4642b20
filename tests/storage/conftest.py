"""Both kinds of database, empty for each test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pyca.storage.database import Database
from tests.storage import postgres
from tests.storage.clocks import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope='session')
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server, with a place for the name of a database."""
    programs = postgres.programs()
    if programs is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('PostgreSQL is not installed: apt-get install postgresql')
        pytest.skip('PostgreSQL is not installed')
    with postgres.server(programs) as url:
        yield url


_numbers = itertools.count()


@pytest.fixture
def postgresql(server: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, as a compose file has it: without the name of a driver."""
    name = f'test{next(_numbers)}'
    engine = create_engine((server % 'postgres').replace('postgresql:', 'postgresql+psycopg2:'))
    engine = engine.execution_options(isolation_level='AUTOCOMMIT')
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE {name}'))
    yield server % name
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE {name} WITH (FORCE)'))
    engine.dispose()


@pytest.fixture(params=['sqlite', 'postgresql'])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of either kind."""
    if request.param == 'sqlite':
        return f'sqlite:///{tmp_path}/pyca.db'
    return str(request.getfixturevalue('postgresql'))


@pytest.fixture
def database(url: str, clock: HandClock) -> Iterator[Database]:
    """Every question must get the same answer from both kinds."""
    database = Database(url, clock)
    yield database
    database.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the SQLite database is."""
    return tmp_path / 'pyca.db'


@pytest.fixture
def sqlite(file: Path, clock: HandClock) -> Iterator[Database]:
    database = Database(f'sqlite:///{file}', clock, timeout=0.1)
    yield database
    database.close()
