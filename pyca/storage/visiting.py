"""The database as somebody sees it who only looks in: nothing is created, changed in shape, or set aside."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import Engine

from pyca.errors import StorageError
from pyca.storage import schema, sqlite_file
from pyca.storage.database import Database
from pyca.storage.engine import make_engine
from pyca.storage.location import Location
from pyca.storage.opening import Opened, Opener


class NothingYet(StorageError):
    """The agent has not been started with this database yet."""


class Visited(Database):
    """A database that the agent made, for commands that may be called by another user than the agent's.

    A file that such a command created would belong to the wrong one, and keep the agent out.
    """

    def _opener(self) -> Opener:
        return _Visitor(self._where(), self._timeout, self._file_system)


class _Visitor(Opener):
    def open(self) -> Opened:
        path = self._location.path
        if path is not None and not path.exists():
            raise NothingYet(f'Nothing yet: there is no database {self._location.shown}; the agent creates it.')
        engine = make_engine(_readable(self._location), self._timeout)
        try:
            self._check(engine)
        except BaseException:
            engine.dispose()
            raise
        return Opened(engine, os.getpid(), path, None if path is None else sqlite_file.identity(path), None)

    def replace_damaged(self, opened: Opened) -> None:
        """That is for the agent to do, and to say in its log."""
        opened.engine.dispose()

    def _check(self, engine: Engine) -> None:
        with engine.connect() as connection:
            if not schema.is_current(connection):
                raise NothingYet(
                    f'Nothing yet: the database {self._location.shown} is that of another version;'
                    ' the agent takes it over when it is started.'
                )


def _readable(location: Location) -> Location:
    """Where a file cannot be written and nobody has it open, SQLite has to be told so, or it does not read it either.

    It would make the write-ahead log first; one that is there already is read as it is.
    """
    path = location.path
    if path is None or os.access(path.parent, os.W_OK) or _has_log(path):
        return location
    query = {'mode': 'ro', 'immutable': '1', 'uri': 'true'}
    return replace(location, url=location.url.set(database=f'file:{quote(str(path))}', query=query))


def _has_log(path: Path) -> bool:
    try:
        return sqlite_file.beside(path, '-wal').stat().st_size > 0
    except OSError:
        return False
