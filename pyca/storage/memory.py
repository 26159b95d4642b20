"""Small things that a service has to know again after a restart."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update

from pyca.storage.database import Database
from pyca.storage.rows import blob, value_of
from pyca.storage.tables import pyca_memory

_M = pyca_memory.c


class Memory:
    """JSON values by key."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> Any | None:
        """The value, None if there is none."""
        return value_of(self._read(key))

    def put(self, key: str, value: Any) -> None:
        """Keep a value; one that is there already is not written again."""
        content = blob(value)
        if self._read(key) == content:
            return
        with self._database.write() as connection:
            keep(connection, key, content)

    def _read(self, key: str) -> bytes | None:
        with self._database.read() as connection:
            content: bytes | None = connection.execute(select(_M.value).where(_M.key == key)).scalar()
            return content


def keep(connection: Connection, key: str, content: bytes) -> None:
    """Keep a value within somebody else's transaction."""
    if not connection.execute(update(pyca_memory).where(_M.key == key).values(value=content)).rowcount:
        connection.execute(insert(pyca_memory).values(key=key, value=content))
