"""What others do to the file of an SQLite database."""

from __future__ import annotations

import logging
import multiprocessing
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest

from pyca.errors import StorageError
from pyca.storage import sqlite_file
from pyca.storage.database import Database
from pyca.storage.memory import Memory
from tests.storage.clocks import HandClock


def test_a_deleted_file_is_made_again(sqlite: Database, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    memory = Memory(sqlite)
    memory.put('key', 1)
    file.unlink()
    memory.put('other', 2)
    assert (memory.get('key'), memory.get('other')) == (None, 2)
    assert 'was deleted or replaced' in caplog.text
    connection = sqlite3.connect(file)
    assert connection.execute('SELECT key FROM pyca_memory').fetchall() == [('other',)]
    connection.close()


def test_a_watcher_sees_that_the_file_is_another_one(sqlite: Database, file: Path) -> None:
    before = sqlite.change()
    file.unlink()
    assert sqlite.change() != before


def test_a_restored_copy_is_used_without_the_log_of_the_file_before(
    sqlite: Database, file: Path, tmp_path: Path
) -> None:
    memory = Memory(sqlite)
    memory.put('key', 'old')
    sqlite.close()
    shutil.copy(file, tmp_path / 'copy.db')
    memory.put('key', 'new')  # in the write-ahead log alone
    os.replace(tmp_path / 'copy.db', file)
    assert memory.get('key') == 'old'
    memory.put('key', 'newest')
    sqlite.close()
    connection = sqlite3.connect(file)
    assert connection.execute('PRAGMA integrity_check').fetchone() == ('ok',)
    assert connection.execute('SELECT value FROM pyca_memory').fetchall() == [(b'"newest"',)]
    connection.close()


def test_a_write_into_a_file_that_vanished_meanwhile_is_an_error(sqlite: Database, file: Path) -> None:
    sqlite.change()

    def write() -> None:
        with sqlite.write() as connection:
            connection.exec_driver_sql("INSERT INTO pyca_memory VALUES ('key', x'31')")
            file.unlink()

    with pytest.raises(StorageError, match='was replaced while'):
        write()


def test_a_file_that_is_no_database_is_set_aside(
    sqlite: Database, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(b'garbage ' * 1000)
    Memory(sqlite).put('key', 1)
    assert Memory(sqlite).get('key') == 1
    assert (file.parent / 'pyca.db.damaged-0').read_bytes() == b'garbage ' * 1000
    assert [record.levelno for record in caplog.records if 'damaged' in record.message] == [logging.ERROR]


def test_each_damaged_file_is_kept(sqlite: Database, file: Path) -> None:
    for number in range(2):
        sqlite.close()
        file.write_bytes(b'garbage ' * 1000)
        sqlite.change()
        assert (file.parent / f'pyca.db.damaged-{number}').exists()


def test_damage_found_while_in_use_costs_one_question(sqlite: Database, file: Path) -> None:
    memory = Memory(sqlite)
    for number in range(200):
        memory.put(f'key {number}', 'x' * 500)
    sqlite.close()
    sqlite.change()  # opened while it looks sound
    with file.open('r+b') as content:
        content.seek(4096 * 12)
        content.write(b'\xa5' * 4096 * 20)
    with pytest.raises(StorageError, match='malformed'):
        _ = [memory.get(f'key {number}') for number in range(200)]
    memory.put('key', 1)
    assert memory.get('key') == 1
    assert (file.parent / 'pyca.db.damaged-0').exists()


def test_a_sound_file_is_never_set_aside(sqlite: Database, file: Path) -> None:
    Memory(sqlite).put('key', 1)
    with pytest.raises(StorageError), sqlite.read():
        raise OSError('database disk image is malformed')
    assert Memory(sqlite).get('key') == 1
    assert list(file.parent.glob('*damaged*')) == []


def test_a_locked_database_is_an_error_soon_and_reading_goes_on(sqlite: Database, file: Path) -> None:
    memory = Memory(sqlite)
    memory.put('key', 1)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute('BEGIN IMMEDIATE')
    with pytest.raises(StorageError, match=f'The database sqlite:///{file}: another program has kept it locked'):
        memory.put('key', 2)
    assert memory.get('key') == 1
    other.execute('ROLLBACK')
    other.close()
    memory.put('key', 2)
    assert memory.get('key') == 2


def test_a_full_disk_is_an_error_that_ends_when_there_is_room(sqlite: Database) -> None:
    memory = Memory(sqlite)
    with sqlite.write() as connection:
        pages = connection.exec_driver_sql('PRAGMA page_count').scalar()
        connection.exec_driver_sql(f'PRAGMA max_page_count = {pages}')
    with pytest.raises(StorageError, match='there is no room left to write'):
        memory.put('large', 'x' * 100_000)
    assert memory.get('large') is None
    with sqlite.write() as connection:
        connection.exec_driver_sql('PRAGMA max_page_count = 100000')
    memory.put('large', 'x' * 100_000)
    assert memory.get('large') == 'x' * 100_000


def test_a_file_that_may_not_be_written_can_still_be_read(clock: HandClock) -> None:
    # not in tmp_path: only its owner may enter that one
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, 'pyca.db')
        database = Database(f'sqlite:///{file}', clock)
        Memory(database).put('key', 1)
        database.close()
        file.chmod(0o444)
        Path(folder).chmod(0o777)
        here, there = multiprocessing.Pipe()
        child = multiprocessing.get_context('fork').Process(target=_read_and_write, args=(database, there))
        child.start()
        found = [here.recv() for _ in range(3)] if here.poll(60) else []
        child.join()
    assert found[::2] == [1, 1]
    assert found[1].startswith(f'The database sqlite:///{file}: it can be read but not written')


def _read_and_write(database: Database, answers: Any) -> None:
    if os.geteuid() == 0:  # nothing is read-only for root
        os.setgroups([])
        os.setgid(12345)
        os.setuid(12345)
    memory = Memory(database)
    answers.send(memory.get('key'))
    try:
        memory.put('key', 2)
    except StorageError as error:
        answers.send(str(error))
    answers.send(memory.get('key'))


def test_a_log_of_another_file_is_left_alone(file: Path) -> None:
    log = sqlite_file.beside(file, '-wal')
    log.write_bytes(b'of the new file')
    sqlite_file.drop_log_of_replaced(file, (0, 0))
    assert log.exists()


def test_only_one_program_prepares_a_database(file: Path) -> None:
    with (
        sqlite_file.locked(file, 1),
        pytest.raises(StorageError, match='still preparing it'),
        sqlite_file.locked(file, 0.1),
    ):
        pass
