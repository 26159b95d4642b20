"""One question, one transaction."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.exc import OperationalError

from pyca.errors import StorageError
from pyca.event import Event
from pyca.storage.database import Database
from pyca.storage.engine import ask
from pyca.storage.memory import Memory
from pyca.storage.tables import pyca_memory
from pyca.storage.upcoming import Upcoming
from tests.storage.clocks import HandClock


def test_making_one_touches_nothing(clock: HandClock) -> None:
    Database('sqlite:////no/such/folder/pyca.db', clock)
    assert not Path('/no').exists()


def test_what_was_written_can_be_read_by_another_program(database: Database, url: str, clock: HandClock) -> None:
    Memory(database).put('key', [1, 2])
    other = Database(url, clock)
    assert Memory(other).get('key') == [1, 2]
    other.close()


def test_an_error_takes_back_the_whole_transaction(database: Database) -> None:
    before = database.change()
    with pytest.raises(ZeroDivisionError):
        _write_half(database)
    assert Memory(database).get('half') is None
    assert database.change() == before


def _write_half(database: Database) -> None:
    with database.write() as connection:
        connection.execute(pyca_memory.insert().values(key='half', value=b'1'))
        raise ZeroDivisionError


def test_the_change_number_grows_with_each_transaction_that_changed_rows(database: Database) -> None:
    first = database.change()
    Memory(database).put('key', 1)
    second = database.change()
    with database.write() as connection:
        connection.execute(pyca_memory.update().where(pyca_memory.c.key == 'no such').values(value=b'2'))
        connection.execute(select(pyca_memory)).all()
    assert second == first + 1
    assert database.change() == second


def test_an_upper_layer_hears_only_one_kind_of_error(database: Database) -> None:
    with pytest.raises(StorageError, match=r'^The database .*\.$'), database.write() as connection:
        connection.exec_driver_sql('SELECT * FROM nowhere')


def test_a_missing_table_is_made_again(new: Database) -> None:
    with new.write() as connection:
        connection.exec_driver_sql('DROP TABLE pyca_memory')
    with pytest.raises(StorageError):
        Memory(new).get('key')
    Memory(new).put('key', 1)
    assert Memory(new).get('key') == 1


def test_a_writer_has_the_database_for_itself_before_it_writes(database: Database, url: str, clock: HandClock) -> None:
    other = Database(url, clock, timeout=0.1)
    with database.write() as connection:
        connection.execute(select(pyca_memory)).all()
        with pytest.raises(StorageError, match='another program has kept it locked'):
            Memory(other).put('key', 1)
    Memory(other).put('key', 1)
    other.close()


def test_many_threads_lose_no_write(database: Database) -> None:
    def write(number: int) -> None:
        for step in range(5):
            Memory(database).put(f'{number} {step}', step)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    before = database.change()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.change() == before + 30


def test_a_forked_child_has_connections_of_its_own(database: Database) -> None:
    Memory(database).put('parent', 1)
    context = multiprocessing.get_context('fork')
    child = context.Process(target=lambda: Memory(database).put('child', Memory(database).get('parent')))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert Memory(database).get('child') == 1


def test_after_closing_the_next_question_opens_it_again(database: Database) -> None:
    Memory(database).put('key', 1)
    database.close()
    assert Memory(database).get('key') == 1


def test_a_driver_that_is_not_installed_is_named(clock: HandClock) -> None:
    with pytest.raises(StorageError, match='pg8000'):
        Database('postgresql+pg8000://db/pyca', clock).change()


def test_a_server_that_is_gone_is_an_error_that_ends_with_it(clock: HandClock, tmp_path: object) -> None:
    database = Database(f'postgresql://pyca:secret@/pyca?host={tmp_path}', clock, timeout=1)
    with pytest.raises(StorageError) as caught:
        Upcoming(database).replace([Event('a', 1, 2)], 'core', 1.0)
    assert 'pyca?host=' in str(caught.value)
    assert 'secret' not in str(caught.value)


def test_a_server_that_goes_between_two_questions_is_an_error_of_the_same_kind() -> None:
    """The quick question goes past SQLAlchemy, where a driver's own error would come through."""
    nowhere = create_engine('sqlite:////nowhere/at/all.db')
    with pytest.raises(OperationalError):
        ask(nowhere, 'SELECT 1')
