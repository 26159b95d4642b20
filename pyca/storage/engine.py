"""The connections to the database, set up as the agent needs them."""

from __future__ import annotations

import logging
from contextlib import closing
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import Engine, ExecutionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError

from pyca.storage.location import Location

logger = logging.getLogger(__name__)

BEGIN = 'pyca_begin'
"""Execution option of an SQLite connection: the statement that begins its transaction, empty for none."""
WROTE = 'pyca_wrote'
"""Set in the `info` of a connection whose transaction changed rows."""

_LIBPQ = ('psycopg2', 'psycopg')


def make_engine(location: Location, timeout: float) -> Engine:
    """An engine for this database; connects to nothing yet. No question waits longer than `timeout` for a lock."""
    if location.url.get_backend_name() == 'sqlite':
        engine = create_engine(location.url, connect_args={'timeout': timeout})
        event.listen(engine, 'connect', _prepare_sqlite)
        event.listen(engine, 'begin', _begin_sqlite)
    else:
        engine = create_engine(location.url, pool_pre_ping=True, connect_args=_patience(location, timeout))
        if engine.dialect.driver in _LIBPQ:
            event.listen(engine, 'connect', _LimitWaits(timeout))
    event.listen(engine, 'after_cursor_execute', _note_writes)
    return engine


def keep_log(connection: Connection, ahead: bool) -> None:
    """Use SQLite's write-ahead log, or its plain journal; where that cannot be changed now it stays as it is.

    The connection must not be in a transaction.
    """
    wanted = 'wal' if ahead else 'delete'
    present = str(connection.exec_driver_sql('PRAGMA journal_mode').scalar()).lower()
    if present == wanted or (not ahead and present != 'wal'):
        return
    try:
        connection.exec_driver_sql(f'PRAGMA journal_mode={wanted}')
    except OperationalError as error:
        logger.debug('The journal of the database stays %s: %s', present, error.orig)


def ask(engine: Engine, statement: str) -> Any:
    """The first value of the answer, straight from the driver: SQLAlchemy's own work costs five times the question."""
    try:
        with closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            row = cursor.fetchone()
            cursor.close()
    except engine.dialect.loaded_dbapi.Error as error:  # connecting, too, may raise what only the driver knows
        raise OperationalError(statement, None, error) from error
    return None if row is None else row[0]


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # the driver must not begin transactions by itself: it would do so too late, and never for writing at once
    connection.isolation_level = None
    connection.execute('PRAGMA synchronous=FULL')
    connection.execute('PRAGMA foreign_keys=ON')
    # that of SQLite knows no letters beyond ASCII, so that nobody who types "übung" would find "Übung"
    connection.create_function('lower', 1, _lower, deterministic=True)


def _lower(value: object) -> object:
    if isinstance(value, bytes):
        value = value.decode('utf-8', 'replace')
    return None if value is None else str(value).lower()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock first: one that read before could never get it after somebody else wrote."""
    statement = connection.get_execution_options().get(BEGIN, 'BEGIN')
    if statement:
        connection.exec_driver_sql(statement)


def _patience(location: Location, timeout: float) -> dict[str, Any]:
    """Limits for a server that is gone without a word; what the URL says about them wins."""
    if location.url.get_driver_name() not in _LIBPQ:
        return {}
    limits = {
        'connect_timeout': max(2, round(timeout)),
        'keepalives_idle': 10,
        'keepalives_interval': 5,
        'keepalives_count': 3,
        'tcp_user_timeout': 20_000,
        'application_name': 'pyca',
    }
    return {key: value for key, value in limits.items() if key not in location.url.query}


class _LimitWaits:
    """Tells each PostgreSQL session how long it may wait for a lock."""

    def __init__(self, timeout: float) -> None:
        self._milliseconds = max(1, round(timeout * 1000))

    def __call__(self, connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET lock_timeout = '{self._milliseconds}ms'")
        cursor.close()
        connection.commit()


def _note_writes(
    connection: Connection, cursor: Any, _statement: str, _parameters: object, context: ExecutionContext | None, *_: Any
) -> None:
    changes = context is not None and (context.isinsert or context.isupdate or context.isdelete)  # type: ignore[attr-defined]
    if changes and cursor.rowcount != 0:
        connection.info[WROTE] = True
