"""The database: a connection for the length of one question."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from pyca.clock import Clock
from pyca.errors import StorageError
from pyca.storage import mounts
from pyca.storage.engine import BEGIN, WROTE, ask
from pyca.storage.location import Location, locate
from pyca.storage.opening import Opened, Opener
from pyca.storage.sentences import means_damage, means_missing_table, means_read_only, sentence
from pyca.storage.tables import pyca_change

_COUNTER = select(pyca_change.c.number)
_QUESTION = 'SELECT number FROM pyca_change'
_BUMP = pyca_change.update().values(number=pyca_change.c.number + 1)


class Database:
    """Reads and writes one database, through whatever happens to its file.

    Making one touches nothing; the first question opens it, creates what is missing, and says in the log what was
    found. It may be used by many threads, and after a fork. `timeout` is how many seconds a question waits for a lock.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        timeout: float = 5.0,
        place: Callable[[str], Location] = locate,
        file_system: Callable[[Path], str] = mounts.file_system,
    ) -> None:
        self.clock = clock
        self._url = url
        self._timeout = timeout
        self._place = place
        self._file_system = file_system
        self._location: Location | None = None
        self._opened: Opened | None = None
        self._opening = threading.Lock()
        self._pid = os.getpid()
        self._inherited: list[Opened] = []
        self._shared = threading.local()

    @property
    def resolved(self) -> str:
        """The URL in full and without its password."""
        return self._where().shown

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to ask with."""
        shared: Connection | None = getattr(self._shared, 'connection', None)
        if shared is not None:
            yield shared
            return
        with self._guarded() as opened, opened.engine.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within the block this thread asks all its questions through one connection, which is half of their cost.

        On SQLite the answers are those of one moment. Nothing may be written meanwhile.
        """
        before: Connection | None = getattr(self._shared, 'connection', None)
        with self.read() as connection:
            self._shared.connection = connection
            try:
                yield
            finally:
                self._shared.connection = before

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection whose changes are kept together when the block ends, or not at all when it raises.

        Writers come one after the other, on every kind of database.
        """
        with self._guarded() as opened:
            options = {BEGIN: 'BEGIN IMMEDIATE'}
            with opened.engine.connect().execution_options(**options) as connection, connection.begin():
                if connection.dialect.name != 'sqlite':
                    connection.execute(_COUNTER.with_for_update())
                connection.info.pop(WROTE, None)
                yield connection
                if connection.info.pop(WROTE, False):
                    connection.execute(_BUMP)
            if not opened.holds():
                raise StorageError(f'The database {self.resolved}: its file was replaced while it was written.')

    def change(self) -> int:
        """A number that differs when anything has been written since. Cheap enough to ask each second."""
        return self.number(_QUESTION)

    def number(self, question: str) -> int:
        """The one number that a cheap question asks for, 0 if there is none."""
        with self._guarded() as opened:
            return int(ask(opened.engine, question) or 0)

    def close(self) -> None:
        """Give back all connections; the next question opens them again."""
        with self._opening:
            if self._opened is not None and self._opened.pid == os.getpid():
                self._opened.leave()
            self._opened = None

    def _where(self) -> Location:
        if self._location is None:
            self._location = self._place(self._url)
        return self._location

    @contextmanager
    def _guarded(self) -> Iterator[Opened]:
        """What a question needs; whatever goes wrong with it becomes a sentence."""
        opened: Opened | None = None
        try:
            opened = self._open()
            yield opened
        except (SQLAlchemyError, OSError, ImportError) as error:
            if opened is not None:
                self._learn(opened, error)
            raise StorageError(sentence(self.resolved, error)) from error

    def _open(self) -> Opened:
        opened = self._opened
        if opened is not None and opened.holds():
            return opened
        if self._pid != os.getpid():
            # the lock may have been taken by a thread that does not exist here
            self._opening, self._pid = threading.Lock(), os.getpid()
        with self._opening:
            if self._opened is not None and not self._opened.holds():
                self._forget(self._opened)
            if self._opened is None:
                self._opened = self._opener().open()
            return self._opened

    def _forget(self, opened: Opened) -> None:
        self._opened = None
        if opened.pid == os.getpid():
            opened.leave()
        else:
            # connections of the parent: closing them here would end them there
            self._inherited.append(opened)

    def _learn(self, opened: Opened, error: Exception) -> None:
        """Let the next question open the database anew if the error says that it is not what it was."""
        if means_read_only(error):
            opened.engine.dispose()
            # What other threads give back to the old pool stays open until it is collected, and keeps SQLite read-only.
            gc.collect()
        damaged = opened.path is not None and means_damage(error)
        if not damaged and not means_missing_table(error):
            return
        with self._opening:
            if self._opened is opened:
                self._opened = None
                if damaged:
                    self._opener().replace_damaged(opened)
                else:
                    opened.leave()

    def _opener(self) -> Opener:
        return Opener(self._where(), self._timeout, self._file_system)
