"""The pulse of the process in the database, with an ear for what other processes change there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pyca.clock import Clock
from pyca.errors import StorageError
from pyca.loop import Loop
from pyca.states import ServiceStatus, ServiceType
from pyca.stop import Bell

logger = logging.getLogger(__name__)

SILENT = 120.0
"""Seconds without a sign of life after which a service is shown as stopped."""
INTERVAL = 1.0
REPEAT = 60.0
JUMP = 10_000
"""A database that was replaced by another one counts from elsewhere."""


class Services(Protocol):
    """Where the states of the services are kept."""

    def set(self, service: ServiceType, status: ServiceStatus, text: str = '', *, at: float | None = None) -> None: ...


class Database(Protocol):
    """The counter of changes."""

    def change(self) -> int: ...


class Heartbeat:
    """Once a second: say how the services are, wake them if somebody else has changed something.

    It has a thread of its own, since the database may make it wait and the services must not.
    """

    name = 'heartbeat'
    busy = False

    def __init__(
        self,
        database: Database,
        services: Services,
        loops: Mapping[ServiceType, Loop],
        bells: Sequence[Bell],
        clock: Clock,
    ) -> None:
        """`bells` are rung when the database changed."""
        self._database = database
        self._services = services
        self._loops = loops
        self._bells = bells
        self._clock = clock
        self._seen = -1
        self._said: dict[ServiceType, tuple[ServiceStatus, float]] = {}
        self.on_new_database: Callable[[], None] = lambda: None
        """Called when the database is another one than before, the first time included."""

    def step(self) -> float:
        change = self._database.change()
        if change != self._seen:
            if not 0 <= change - self._seen < JUMP:
                self._said.clear()
                self.on_new_database()
            self._seen = change
            for bell in self._bells:
                bell.ring()
        for service, loop in self._loops.items():
            self._say(service, _status(loop))
        return INTERVAL

    def _say(self, service: ServiceType, status: ServiceStatus) -> None:
        """Write a state when it is another one, and each minute, since silence means that a service is gone."""
        now = self._clock.monotonic()
        before, at = self._said.get(service, (None, 0.0))
        if status is not before or now - at >= REPEAT:
            self._services.set(service, status, at=self._clock.now())
            self._said[service] = (status, now)

    def close(self) -> None:
        """Leave no service behind that looks alive."""
        try:
            for service in self._loops:
                self._services.set(service, ServiceStatus.STOPPED, at=self._clock.now())
        except StorageError as error:
            logger.warning('The database still shows the services as running: %s', error)


def _status(loop: Loop) -> ServiceStatus:
    if loop.pulse.age > SILENT:
        return ServiceStatus.STOPPED
    return ServiceStatus.BUSY if loop.busy else ServiceStatus.IDLE
