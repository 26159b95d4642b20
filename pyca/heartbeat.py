"""The pulse of the process in the database, with an ear for what other processes change there."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyca.clock import Clock
from pyca.errors import StorageError
from pyca.loop import Loop
from pyca.states import SILENT, ServiceStatus, ServiceType
from pyca.stop import Bell

logger = logging.getLogger(__name__)

INTERVAL = 1.0
REPEAT = 60.0
JUMP = 10_000
"""A database that was replaced by another one counts from elsewhere."""


class Services(Protocol):
    """Where the states of the services are kept."""

    def beat(self, states: Mapping[ServiceType, ServiceStatus], at: float) -> None: ...


class Database(Protocol):
    """The counter of changes."""

    def change(self) -> int: ...


@dataclass(frozen=True)
class Listeners:
    """`bells` are rung when the database changed; `renewed` is called before when it is another one, also the first."""

    bells: Sequence[Bell]
    renewed: Callable[[], None]


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
        listeners: Listeners,
        clock: Clock,
    ) -> None:
        self._database = database
        self._services = services
        self._loops = loops
        self._listeners = listeners
        self._clock = clock
        self._seen = -1
        self._said: dict[ServiceType, ServiceStatus] = {}
        self._said_at = 0.0

    def step(self) -> float:
        change = self._database.change()
        if change != self._seen:
            if not 0 <= change - self._seen < JUMP:
                self._said.clear()
                self._listeners.renewed()
            self._seen = change
            for bell in self._listeners.bells:
                bell.ring()
        self._say({service: _status(loop) for service, loop in self._loops.items()})
        return INTERVAL

    def _say(self, states: dict[ServiceType, ServiceStatus]) -> None:
        """Write the states when one is another than before, and each minute: silence means that a service is gone."""
        now = self._clock.monotonic()
        if states != self._said or now - self._said_at >= REPEAT:
            self._services.beat(states, self._clock.now())
            self._said, self._said_at = states, now

    def close(self) -> None:
        """Leave no service behind that looks alive."""
        try:
            self._services.beat(dict.fromkeys(self._loops, ServiceStatus.STOPPED), self._clock.now())
        except StorageError as error:
            logger.warning('The database still shows the services as running: %s', error)


def _status(loop: Loop) -> ServiceStatus:
    if loop.pulse.age > SILENT:
        return ServiceStatus.STOPPED
    return ServiceStatus.BUSY if loop.busy else ServiceStatus.IDLE
