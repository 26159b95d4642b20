"""The shape of the database, brought up to date when it is old."""

from __future__ import annotations

import logging
import os

from sqlalchemy import Column as _Column
from sqlalchemy import Connection, MetaData, Table, inspect, select
from sqlalchemy import String as _String

from pyca.errors import StorageError
from pyca.storage.tables import metadata, pyca_change, recorded_event

logger = logging.getLogger(__name__)

REVISION = '0002'
"""The newest revision in `migrations/versions`."""

ADVISORY_LOCK = 0x70794341
"""The number under which PostgreSQL lets one agent at a time change the tables."""

_VERSION = Table('alembic_version', MetaData(), _Column('version_num', _String(32), primary_key=True))


def is_current(connection: Connection) -> bool:
    """Whether all tables are there in their newest shape. Two short questions."""
    present = set(inspect(connection).get_table_names())
    if _VERSION.name not in present or not present.issuperset(metadata.tables):
        return False
    if _revision(connection) != REVISION:
        return False
    return connection.execute(select(pyca_change.c.number)).first() is not None


def bring_current(connection: Connection) -> None:
    """Create what is missing, in the transaction of `connection`; old rows stay."""
    _VERSION.create(connection, checkfirst=True)
    before = _revision(connection)
    if before is None:
        connection.execute(_VERSION.insert().values(version_num=REVISION))
    elif before != REVISION:
        _migrate(connection)
    metadata.create_all(connection)
    for index in recorded_event.indexes:
        index.create(connection, checkfirst=True)  # not made with a table that was there
    if connection.execute(select(pyca_change.c.number)).first() is None:
        # counting begins anywhere, so that nobody takes a new database for the one before it
        connection.execute(pyca_change.insert().values(id=1, number=int.from_bytes(os.urandom(6), 'big')))
    logger.info('The tables of the database are up to date (revision %s)', REVISION)


def _revision(connection: Connection) -> str | None:
    """The revision of the tables; None in a database that this program has not seen before."""
    return connection.execute(select(_VERSION.c.version_num)).scalars().first()


def _migrate(connection: Connection) -> None:
    """Change tables of an earlier release. Alembic is large, and is imported for this alone."""
    from pyca.storage.migrations.upgrade import UnknownRevision, upgrade

    try:
        upgrade(connection, REVISION)
    except UnknownRevision as error:
        raise StorageError('The database was made by a newer pyCA; install that one, or use another file.') from error
