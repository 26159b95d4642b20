"""Has a recording begun that nobody scheduled, for the page as for the command line."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace

from pyca.clock import Clock
from pyca.errors import CoreError, Interrupted, Overloaded, PycaError, Refused, Unreachable
from pyca.opencast.causes import once
from pyca.opencast.client import Core
from pyca.opencast.endpoints import Endpoints
from pyca.opencast.episode import Episode
from pyca.opencast.http import Http
from pyca.opencast.scheduling import commit, prepare
from pyca.order import Order, OrderKind, unscheduled_title
from pyca.settings import Http as Limits
from pyca.settings import Settings
from pyca.states import EventStatus
from pyca.storage.counter import Counter
from pyca.storage.database import Database
from pyca.storage.memory import Memory
from pyca.storage.nodes import KnownNodes
from pyca.storage.orders import Placed
from pyca.storage.recorded import Recordings
from pyca.storage.upcoming import Upcoming

logger = logging.getLogger(__name__)

LONGEST = 1440
"""Minutes of a recording, or of its extension."""
PATIENCE = 2.0
"""Seconds for which the core is waited for. Somebody stands in the room and wants to be recorded."""


def perhaps_done(error: CoreError | Interrupted) -> bool:
    """Whether the core may have done what it was asked, without an answer that says so."""
    return isinstance(error, Interrupted) or (isinstance(error, (Unreachable, Overloaded)) and error.sent)


Connect = Callable[[Callable[[], bool]], Http]
"""Makes the connection to the core, which ends when it is told that it is late."""


class Conflict(PycaError):
    """The core has another event at that time."""


@dataclass(frozen=True)
class Begun:
    """The order as it stands, None if it got lost. `unannounced`: why the core is not known to have
    scheduled it, if it should."""

    placed: Placed | None
    unannounced: str = ''


class OnTheSpot:
    """Places the orders."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        counter: Counter,
        connect: Connect | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._counter = counter
        self._recordings = Recordings(database)
        self._upcoming = Upcoming(database)
        self._nodes = KnownNodes(Memory(database))
        limits = Limits(timeout=round(PATIENCE), connection_timeout=round(PATIENCE))
        self._connect = connect or (lambda late: Http(settings.server, limits, interrupted=late, clock=clock))

    def record(self, minutes: int, title: str) -> Begun:
        """Begin one, put into the core's schedule before where that is wanted, but also when it cannot be done.

        Raises Conflict and StorageError.
        """
        now = self._clock.now()
        order = Order('', str(uuid.uuid4()), OrderKind.RECORD, minutes, title)
        if not title:
            order = Order('', order.uid, order.kind, minutes, unscheduled_title(self._settings.agent.name, now))
        unannounced = ''
        if self._settings.capture.schedule_first and not self._settings.agent.backup_mode and self._device_is_free():
            order, unannounced = self._announced(order, int(now))
        if unannounced:
            logger.warning('%s is recorded, but the core did not say that it scheduled it: %s', order.uid, unannounced)
        return Begun(self._counter.place(order), unannounced)

    def _announced(self, order: Order, start: int) -> tuple[Order, str]:
        """Put it into the core's schedule, up to the next event. Beside it: why that is not known to be done."""
        coming = [event.start for event in self._upcoming.all() if event.start > start]
        minutes = min([order.minutes, *((other - start) // 60 for other in coming)])
        if minutes < 1:  # too short to begin at all: the capture service says so
            return order, ''
        agent, deadline = self._settings.agent.name, self._clock.monotonic() + PATIENCE
        wanted = Episode(agent, start, start + 60 * minutes, order.title)
        with closing(self._connect(lambda: self._clock.monotonic() > deadline)) as http:
            endpoints = Endpoints(http, self._settings.server, self._nodes, self._clock)
            core, tried = Core(http, endpoints, agent), order
            try:
                node, package = prepare(core, wanted, order.uid)
                tried = replace(order, uid=package.id, minutes=minutes, start=start, doubtful=True)
                commit(core, node, package, self._settings.ingest.workflow)
            except (CoreError, Interrupted) as error:
                if isinstance(error, Refused) and error.status == 409:
                    raise Conflict('The core has another event at that time') from error
                reason = once(str(error)) if isinstance(error, CoreError) else 'the core did not answer in time'
                lost = tried.doubtful and perhaps_done(error)
                return (tried, f'{reason}; perhaps it has all the same') if lost else (order, reason)
        return replace(tried, doubtful=False), ''

    def _device_is_free(self) -> bool:
        """Otherwise the capture service refuses, and the core would have an event for nothing."""
        return self._settings.capture.overlap == 'parallel' or not any(
            row.ours and row.event.end > self._clock.now() for row in self._recordings.all(EventStatus.RECORDING)
        )
