"""The first question to a database: new, old, from upstream, from the future."""

from __future__ import annotations

import json
import logging
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from pyca.errors import StorageError
from pyca.event import Event, Track
from pyca.states import EventStatus, ServiceStatus, ServiceType
from pyca.storage import schema
from pyca.storage.database import Database
from pyca.storage.location import locate
from pyca.storage.memory import Memory
from pyca.storage.migrations.upgrade import upgrade
from pyca.storage.recorded import Recordings, Said
from pyca.storage.services import Services
from pyca.storage.tables import metadata
from pyca.storage.upcoming import Upcoming
from tests.program.installation import SCHEMA
from tests.storage.clocks import HandClock
from tests.storage.conftest import postgresql

ROOT = Path(__file__).parents[2]

UPSTREAM = f"""
{SCHEMA}INSERT INTO upcoming_event VALUES ('later', 2000, 2100, 'Later', '{{"x": 1}}', 1, NULL);
INSERT INTO recorded_event VALUES ('odd', 1000, 1100, NULL, 'no json', 77, 'no json');
INSERT INTO recorded_event VALUES ('text', 'soon', 'later', 'Text', x'ff', 7, NULL);
INSERT INTO recorded_event VALUES ('plain', 900, 950, 'Plain', '{{"uid": "plain"}}', 7,
    '[["presenter/source", "/a.webm"]]');
INSERT INTO service_states VALUES (2, 3);
INSERT INTO upstream_state VALUES ('https://core', '2023-11-14 22:13:20.000000');
"""

ASK = """
import sys
from pyca.clock import SystemClock
from pyca.storage.database import Database
from pyca.storage.memory import Memory
database = Database(sys.argv[1], SystemClock(), timeout=120)
Memory(database).put(sys.argv[2], 1)
print('alembic' in sys.modules, 'sqlalchemy.orm' in sys.modules)
"""


@pytest.fixture
def upstream(file: Path) -> Path:
    connection = sqlite3.connect(file)
    connection.executescript(UPSTREAM)
    connection.close()
    return file


def test_a_new_database_has_the_tables_that_the_code_expects(new: Database) -> None:
    with new.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_the_migrations_lead_to_the_same_tables(tmp_path: Path) -> None:
    engine = create_engine(f'sqlite:///{tmp_path}/migrated.db')
    with engine.begin() as connection:
        upgrade(connection, schema.REVISION)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert schema.is_current(connection) is False  # it has no counter yet
        schema.bring_current(connection)
        assert schema.is_current(connection)
    engine.dispose()


def test_the_tables_of_old_installations_are_made_as_they_were(
    upstream: Path, clock: HandClock, tmp_path: Path
) -> None:
    fresh = tmp_path / 'fresh.db'
    ours = Database(f'sqlite:///{fresh}', clock)
    ours.change()
    ours.close()
    old, new = sqlite3.connect(upstream), sqlite3.connect(fresh)
    for table in ('upcoming_event', 'recorded_event', 'service_states', 'upstream_state'):
        question = f'PRAGMA table_info({table})'
        assert new.execute(question).fetchall() == old.execute(question).fetchall()
    old.close()
    new.close()


def test_a_database_of_upstream_is_taken_over_with_all_it_holds(sqlite: Database, upstream: Path) -> None:
    recordings = Recordings(sqlite)
    assert [event.uid for event in Upcoming(sqlite).all()] == ['later']
    assert Upcoming(sqlite).synced() == 1_700_000_000
    capture = Services(sqlite).all()[ServiceType.CAPTURE]
    assert (capture.listed, capture.status) == (True, ServiceStatus.STOPPED)  # "busy", said by nobody who lives
    plain = recordings.get('plain')
    assert plain is not None
    assert (plain.ours, plain.name, plain.status) == (False, 'recording-900-plain', EventStatus.FINISHED_UPLOADING)
    assert plain.tracks == (Track('presenter/source', Path('/a.webm')),)


def test_a_postgresql_database_of_upstream_is_taken_over(server: str, clock: HandClock) -> None:
    """Peers C14, C18."""
    statements = UPSTREAM.replace('BLOB', 'BYTEA').replace('DATETIME', 'TIMESTAMP').replace("x'ff'", "'\\xff'")
    kept = [statement for statement in statements.split(';') if "'soon'" not in statement and statement.strip()]
    with postgresql(server) as url:
        engine = create_engine(url.replace('postgresql:', 'postgresql+psycopg2:'))
        with engine.begin() as connection:
            for statement in kept:
                connection.exec_driver_sql(statement)
        engine.dispose()
        database = Database(url, clock)
        assert [event.uid for event in Upcoming(database).all()] == ['later']
        assert Upcoming(database).synced() == 1_700_000_000
        plain, odd = Recordings(database).get('plain'), Recordings(database).get('odd')
        assert plain is not None
        assert odd is not None
        assert plain.tracks == (Track('presenter/source', Path('/a.webm')),)
        assert (plain.event.data, odd.status) == ({'uid': 'plain'}, EventStatus.PAUSED_AFTER_RECORDING)
        database.close()


def test_odd_rows_of_upstream_are_no_error(sqlite: Database, upstream: Path) -> None:
    odd, text = Recordings(sqlite).get('odd'), Recordings(sqlite).get('text')
    assert odd is not None
    assert text is not None
    assert (odd.event, odd.tracks, odd.status) == (Event('odd', 1000, 1100), (), EventStatus.PAUSED_AFTER_RECORDING)
    assert (text.event.start, text.event.end, text.event.data) == (0, 0, {})


def test_taking_over_changes_nothing_that_old_code_reads(sqlite: Database, upstream: Path) -> None:
    tables = ('upcoming_event', 'recorded_event', 'service_states', 'upstream_state')
    connection = sqlite3.connect(upstream)
    before = [connection.execute(f'SELECT * FROM {table}').fetchall() for table in tables]
    sqlite.change()
    assert [connection.execute(f'SELECT * FROM {table}').fetchall() for table in tables] == before
    connection.close()


def test_old_code_reads_what_ours_wrote(sqlite: Database, file: Path) -> None:
    event = Event('a', 1, 2, 'Title', {'summary': 'Grüße'})
    tracks = [Track('presenter/source', Path('/r/a.webm'))]
    Recordings(sqlite).mirror(event, Said(EventStatus.FINISHED_RECORDING, 'finished', tuple(tracks)))
    connection = sqlite3.connect(file)
    *columns, data, status, blob = connection.execute('SELECT * FROM recorded_event').fetchone()
    connection.close()
    assert (columns, status) == (['a', 1, 2, 'Title'], 4)
    assert json.loads(data.decode('utf-8')) == {'summary': 'Grüße'}
    assert json.loads(blob.decode('utf-8')) == [['presenter/source', '/r/a.webm']]


def test_five_programs_may_start_at_once_on_a_new_database(new_url: str, clock: HandClock) -> None:
    command = [sys.executable, '-W', 'error', '-c', ASK, new_url]
    children = [
        subprocess.Popen([*command, f'key {number}'], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for number in range(5)
    ]
    answers = [child.communicate(timeout=180) for child in children]
    assert [child.returncode for child in children] == [0] * 5, answers
    database = Database(new_url, clock)
    assert [Memory(database).get(f'key {number}') for number in range(5)] == [1] * 5
    database.close()


def test_alembic_is_loaded_only_when_the_tables_are_old(new_url: str, upstream: Path) -> None:
    """It takes 16 MiB; a new database and one of an old installation do without."""
    for url in (new_url, new_url, f'sqlite:///{upstream}'):
        command = [sys.executable, '-c', ASK, url, 'key']
        assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == 'False False\n'


def test_the_newest_revision_is_the_one_that_the_code_looks_for() -> None:
    folder = ROOT / 'pyca' / 'storage' / 'migrations' / 'versions'
    assert sorted(path.name for path in folder.glob('r*.py'))[-1].startswith(f'r{schema.REVISION}_')


def test_a_database_of_a_newer_version_is_refused_in_one_sentence(new: Database) -> None:
    with new.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'")
    new.close()
    with pytest.raises(StorageError, match='newer pyCA'):
        new.change()


def test_a_missing_folder_is_named(tmp_path: Path, clock: HandClock) -> None:
    database = Database(f'sqlite:///{tmp_path}/missing/pyca.db', clock)
    with pytest.raises(StorageError, match=f'{tmp_path}/missing does not exist'):
        database.change()
    (tmp_path / 'missing').mkdir()
    database.change()
    database.close()


def test_a_relative_database_that_exists_only_below_the_root_is_used(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    root, folder = tmp_path / 'root', tmp_path / 'home'
    root.mkdir()
    folder.mkdir()
    place = partial(locate, folder=folder, root=root)
    services = Database('sqlite:///pyca.db', clock, place=partial(locate, folder=root, root=root))
    Memory(services).put('key', 1)
    services.close()
    caplog.set_level(logging.INFO)
    by_hand = Database('sqlite:///pyca.db', clock, place=place)
    assert Memory(by_hand).get('key') == 1
    assert by_hand.resolved == f'sqlite:///{root}/pyca.db'
    assert f'using {root}/pyca.db' in caplog.text
    by_hand.close()


@pytest.mark.parametrize(('kind', 'mode'), [('ext4', 'wal'), ('', 'wal'), ('nfs4', 'delete'), ('fuse.sshfs', 'delete')])
def test_the_write_ahead_log_is_used_where_it_holds(file: Path, clock: HandClock, kind: str, mode: str) -> None:
    """H50: readers and writers held each other up."""
    for first in ('ext4', kind):  # a database that comes from a local disk, too
        database = Database(f'sqlite:///{file}', clock, file_system={file.parent: first}.__getitem__)
        Memory(database).put(first, 1)
        with database.read() as connection:
            found = connection.exec_driver_sql('PRAGMA journal_mode').scalar()
            safe = connection.exec_driver_sql('PRAGMA synchronous').scalar()
        database.close()
    assert (found, safe) == (mode, 2)


def test_a_network_share_is_said_once(file: Path, clock: HandClock, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(f'sqlite:///{file}', clock, file_system=lambda _: 'nfs4')
    for number in range(3):
        Memory(database).put('key', number)
    database.close()
    assert caplog.text.count('nfs4') == 1


def test_the_database_of_an_old_installation_gets_the_index(upstream: Path, clock: HandClock) -> None:
    ours = Database(f'sqlite:///{upstream}', clock)
    with ours.read() as connection:
        plan = connection.exec_driver_sql('EXPLAIN QUERY PLAN SELECT uid FROM recorded_event WHERE status = 2').all()
    ours.close()
    assert 'pyca_recorded_in_short' in str(plan)
