"""How often logins have failed lately."""

from __future__ import annotations

import hashlib

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, not_, select, update

from pyca.storage.database import Database
from pyca.storage.engine import WROTE
from pyca.storage.tables import pyca_login_failure

MOST = 2000
"""Words of one kind that are counted at a time: whoever guesses from ever new addresses must not fill the disk."""

_F = pyca_login_failure.c


class LoginFailures:
    """Counts of one kind by word, such as an address; each begins with a first failure, lasts `window` seconds.

    Beyond `most` words the one with the fewest failures is forgotten, so that one that fails on and on stays counted
    however many others fail once.
    """

    def __init__(self, database: Database, kind: str, window: float, most: int = MOST) -> None:
        self._database = database
        self._kind = kind
        self._window = window
        self._most = most

    def count(self, word: str, at: float) -> tuple[int, float]:
        """How many failures there were, with the seconds until they are forgotten."""
        question = select(_F.count, _F.since).where(_F.key == _key(word), _F.kind == self._kind, self._fresh(at))
        with self._database.read() as connection:
            row = connection.execute(question).first()
        return (row[0], row[1] + self._window - at) if row else (0, 0.0)

    def add(self, word: str, at: float) -> None:
        """Count one more."""
        with self._database.write() as connection:
            self._add(connection, _key(word), at)
            connection.info.pop(WROTE, None)  # no news that anybody would wake up for

    def _add(self, connection: Connection, key: str, at: float) -> None:
        ours = _F.kind == self._kind
        connection.execute(delete(pyca_login_failure).where(ours, not_(self._fresh(at))))
        more = update(pyca_login_failure).where(ours, _F.key == key).values(count=_F.count + 1)
        if connection.execute(more).rowcount:
            return
        self._make_room(connection)
        row = {'kind': self._kind, 'key': key, 'count': 1, 'since': at}
        connection.execute(insert(pyca_login_failure).values(row))

    def _make_room(self, connection: Connection) -> None:
        ours = _F.kind == self._kind
        rows = connection.execute(select(func.count()).select_from(pyca_login_failure).where(ours)).scalar() or 0
        if rows >= self._most:
            least = select(_F.key).where(ours).order_by(_F.count, _F.since).limit(rows - self._most + 1)
            connection.execute(delete(pyca_login_failure).where(ours, _F.key.in_(least)))

    def _fresh(self, at: float) -> ColumnElement[bool]:
        """Neither over nor in the future: a clock that was set back must not keep failures alive."""
        return and_(_F.since > at - self._window, _F.since <= at)


def _key(word: str) -> str:
    return hashlib.sha256(word.encode('utf-8', 'surrogatepass')).hexdigest()[:32]
