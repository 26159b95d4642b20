"""A secret that every process of an installation knows."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, insert, select

from pyca.storage.database import Database
from pyca.storage.rows import blob, value_of
from pyca.storage.tables import pyca_memory

KEY = 'ui secret'


def shared_secret(database: Database) -> str:
    """The secret of this database, made by whoever asks first; a new database has another one."""
    question = select(pyca_memory.c.value).where(pyca_memory.c.key == KEY)
    with database.read() as connection:
        known = value_of(connection.execute(question).scalar())
    if isinstance(known, str):
        return known
    with database.write() as connection:
        known = value_of(connection.execute(question).scalar())  # another worker may have been faster
        if not isinstance(known, str):
            known = secrets.token_hex(32)
            connection.execute(delete(pyca_memory).where(pyca_memory.c.key == KEY))
            connection.execute(insert(pyca_memory).values(key=KEY, value=blob(known)))
    return known
