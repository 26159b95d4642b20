"""Guesses at passwords, slowed down."""

from __future__ import annotations

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
            count, left = self._names.count(name, now)
            if count >= PER_NAME[0]:
                return left
            self._names.add(name, now)
        except StorageError:
            return 0.0
        if count + 1 == PER_NAME[0]:
            # the name itself is not said: people type passwords into the wrong field
            place = f', the last from {client}' if client else ''
            logger.warning('Somebody fails to log in to the web interface, %d times in a minute%s', count + 1, place)
        return 0.0
