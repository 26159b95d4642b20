"""Both kinds of database, empty for each test."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pyca.storage.database import Database
from pyca.storage.tables import metadata, pyca_change
from tests.storage import postgres
from tests.storage.clocks import HandClock

PATIENCE = 60
"""Seconds for a lock or a connection that is to be had, on a machine that stalls."""


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
        yield f'{url}&connect_timeout={PATIENCE}'


_numbers = itertools.count()


@contextmanager
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


@pytest.fixture(scope='session')
def prepared_server(server: str) -> Iterator[str]:
    """The URL of a PostgreSQL database that has all its tables."""
    with postgresql(server) as url:
        database = Database(url, HandClock(), timeout=PATIENCE)
        database.change()
        database.close()
        yield url


@pytest.fixture(scope='session')
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite database that has all its tables."""
    path = tmp_path_factory.mktemp('prepared') / 'pyca.db'
    database = Database(f'sqlite:///{path}', HandClock())
    database.change()
    database.close()
    return path


@pytest.fixture(params=['sqlite', 'postgresql'])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of either kind in which there is nothing, not even a table."""
    if request.param == 'sqlite':
        yield f'sqlite:///{tmp_path}/pyca.db'
    else:
        with postgresql(request.getfixturevalue('server')) as url:
            yield url


@pytest.fixture(params=['sqlite', 'postgresql'])
def url(request: pytest.FixtureRequest, file: Path) -> Iterator[str]:
    """The URL of a database of either kind without any rows."""
    if request.param == 'sqlite':
        shutil.copy(request.getfixturevalue('prepared_file'), file)
        yield f'sqlite:///{file}'
        return
    url = str(request.getfixturevalue('prepared_server'))
    yield url
    database = Database(url, HandClock(), timeout=PATIENCE)
    with database.write() as connection:
        for table in metadata.sorted_tables:
            if table is not pyca_change:
                connection.execute(table.delete())
    database.close()


@pytest.fixture
def database(url: str, clock: HandClock) -> Iterator[Database]:
    """Every question must get the same answer from both kinds."""
    database = Database(url, clock, timeout=PATIENCE)
    yield database
    database.close()


@pytest.fixture
def new(new_url: str, clock: HandClock) -> Iterator[Database]:
    """A database of either kind that its first question has to create."""
    database = Database(new_url, clock, timeout=PATIENCE)
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
