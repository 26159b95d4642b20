"""How the database is opened: found, checked, created, replaced when it is damaged."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError

from pyca.errors import StorageError
from pyca.storage import mounts, schema, sqlite_file
from pyca.storage.engine import BEGIN, keep_log, make_engine
from pyca.storage.location import Location
from pyca.storage.sentences import means_damage
from pyca.storage.sqlite_file import Identity

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    """An engine with what it was opened for; of no use in another process or for another file."""

    engine: Engine
    pid: int
    path: Path | None
    file: Identity | None
    log: Identity | None

    def holds(self) -> bool:
        """Whether it still leads to the database of this name. Writes to a deleted file succeed silently."""
        if self.pid != os.getpid():
            return False
        return self.path is None or (self.file is not None and sqlite_file.identity(self.path) == self.file)

    def leave(self) -> None:
        """Give back the connections; those in use follow when their question is answered."""
        if self.path is not None and not self.holds():
            logger.warning('The database %s was deleted or replaced; opening it anew', self.path)
            sqlite_file.drop_log_of_replaced(self.path, self.log)
        self.engine.dispose()


class Opener:
    """Opens one database, as often as that is needed."""

    def __init__(
        self, location: Location, timeout: float, file_system: Callable[[Path], str] = mounts.file_system
    ) -> None:
        self._location = location
        self._timeout = timeout
        self._file_system = file_system

    def open(self) -> Opened:
        """A database with all its tables. A damaged one has been set aside before."""
        path = self._location.path
        if path is not None and not path.parent.is_dir():
            raise StorageError(
                f'The database {self._location.shown}: its folder {path.parent} does not exist;'
                ' create it or change agent.database.'
            )
        try:
            engine = self._prepared()
        except DatabaseError as error:
            if path is None or not means_damage(error):
                raise
            self._set_aside(path, sqlite_file.identity(path))
            engine = self._prepared()
        logger.info('Using the database %s', self._location.shown)
        log = None if path is None else sqlite_file.identity(sqlite_file.beside(path, '-wal'))
        return Opened(engine, os.getpid(), path, None if path is None else sqlite_file.identity(path), log)

    def replace_damaged(self, opened: Opened) -> None:
        """Set the file aside if it is as broken as a question to it made it look."""
        opened.engine.dispose()
        if opened.path is not None:
            self._set_aside(opened.path, opened.file)

    def _set_aside(self, path: Path, found: Identity | None) -> None:
        with sqlite_file.locked(path, self._timeout):
            if sqlite_file.identity(path) != found:
                return  # another process was faster
            engine = make_engine(self._location, self._timeout)
            try:
                broken = _is_broken(engine)
            finally:
                engine.dispose()
            if broken:
                target = sqlite_file.set_aside(path)
                logger.error('The database %s is damaged; it was set aside as %s', path, target)

    def _prepared(self) -> Engine:
        engine = make_engine(self._location, self._timeout)
        try:
            self._prepare(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _prepare(self, engine: Engine) -> None:
        path = self._location.path
        if path is not None:
            self._choose_journal(engine, path)
        with engine.connect() as connection:
            if schema.is_current(connection):
                return
        if path is None:
            self._bring_current(engine)
            return
        with sqlite_file.locked(path, self._timeout):
            self._bring_current(engine)

    def _choose_journal(self, engine: Engine, path: Path) -> None:
        kind = self._file_system(path.parent)
        ahead = mounts.shares_memory(kind)
        if not ahead:
            logger.warning('The database %s is on %s, where a write-ahead log does not hold; not using it', path, kind)
        with engine.connect().execution_options(**{BEGIN: ''}) as connection:
            keep_log(connection, ahead)

    def _bring_current(self, engine: Engine) -> None:
        with engine.connect().execution_options(**{BEGIN: 'BEGIN IMMEDIATE'}) as connection, connection.begin():
            _lock_server(connection)
            if not schema.is_current(connection):
                schema.bring_current(connection)


def _lock_server(connection: Connection) -> None:
    if connection.dialect.name == 'postgresql':
        connection.execute(text('SELECT pg_advisory_xact_lock(:key)'), {'key': schema.ADVISORY_LOCK})


def _is_broken(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            return bool(connection.execute(text('PRAGMA integrity_check(1)')).scalar() != 'ok')
    except DatabaseError as error:
        if means_damage(error):
            return True
        raise
