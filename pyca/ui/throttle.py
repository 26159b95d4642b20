"""Guesses at passwords, slowed down."""

from __future__ import annotations

import hashlib
import logging

from pyca.clock import Clock
from pyca.errors import StorageError
from pyca.storage.database import Database
from pyca.storage.login_failures import LoginFailures

logger = logging.getLogger(__name__)

PER_NAME = (5, 60.0)
"""Failures with one user name, and in how many seconds, after which further ones are told to wait."""
PER_CLIENT = (100, 600.0)
"""Different wrong passwords from one client, and in how many seconds, after which it is not listened to."""

NAMES = 200
"""So many counts are kept for all the names that there are, a name always in the same one.

Whoever makes up names can neither fill the disk nor push the names that matter out of what is counted. Names that
exist are treated like all others: an answer must not tell which do.
"""


class Throttle:
    """Counts failed logins in the database, so that all processes count together.

    A right password always passes where clients cannot be told apart, or one could lock out another. A client that can
    be told apart, and guesses on and on, is not even asked.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._names = LoginFailures(database, 'name', PER_NAME[1])
        self._clients = LoginFailures(database, 'client', PER_CLIENT[1])
        self._clock = clock

    def blocked(self, client: str) -> float:
        """Seconds for which nothing from this client is tried, 0 for none."""
        if not client:
            return 0.0
        try:
            count, left = self._clients.count(client, self._clock.now())
        except StorageError:
            return 0.0
        return left if count >= PER_CLIENT[0] else 0.0

    def failed(self, name: str, client: str, *, new: bool) -> float:
        """Count a failure; returns the seconds to wait, 0 for none. Only a new wrong password is a guess of the client.

        Without a database nothing can be counted, nor is there anything to see.
        """
        now = self._clock.now()
        try:
            if new and client:
                self._clients.add(client, now)
            word = _shared(name)
            count, left = self._names.count(word, now)
            if count >= PER_NAME[0]:
                return left
            self._names.add(word, now)
        except StorageError:
            return 0.0
        if count + 1 == PER_NAME[0]:
            # the name itself is not said: people type passwords into the wrong field
            place = f', the last from {client}' if client else ''
            logger.warning('Somebody fails to log in to the web interface, %d times in a minute%s', count + 1, place)
        return 0.0


def _shared(name: str) -> str:
    """The count that this name shares with others."""
    digest = hashlib.sha256(name.encode('utf-8', 'surrogatepass')).digest()
    return str(int.from_bytes(digest[:8], 'big') % NAMES)
