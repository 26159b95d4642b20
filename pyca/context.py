"""What the services of one process share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyca.clock import Clock, SystemClock
from pyca.loop import Pulse
from pyca.opencast.client import Core
from pyca.opencast.endpoints import Endpoints
from pyca.opencast.http import Http, Session
from pyca.opencast.skew import Skew
from pyca.recording.standby import Standby
from pyca.recording.store import Store
from pyca.settings import Http as Limits
from pyca.settings import Settings
from pyca.stop import Stop
from pyca.storage.contacts import Contacts
from pyca.storage.database import Database
from pyca.storage.faults import Faults
from pyca.storage.location import beside
from pyca.storage.memory import Memory
from pyca.storage.nodes import KnownNodes
from pyca.storage.recorded import Recordings
from pyca.storage.services import Services


class Context:
    """The objects that are made once."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.database = Database(settings.agent.database, self.clock)
        self.memory = Memory(self.database)
        self.recordings = Recordings(self.database)
        self.faults = Faults(self.database)
        self.contacts = Contacts(self.database)
        self.services = Services(self.database, self.contacts)
        self._session = Session()
        self._skew = Skew(self.contacts.offset)
        directory = settings.capture.directory
        self.store = Store(Path(directory), standby=Standby(beside(settings.agent.database, directory)))

    def core(self, stop: Stop, pulse: Pulse, *, rate: int = 0, held: Callable[[], bool] | None = None) -> Core:
        """A way to the core for one service; a stop ends its requests, `held` keeps files from going out."""
        server, limits = self.settings.server, self.settings.http
        ended = lambda: stop.requested  # noqa: E731
        http = Http(
            server,
            limits,
            rate=rate,
            interrupted=ended,
            beat=pulse.beat,
            clock=self.clock,
            heard=self._skew.heard,
            held=held,
            session=self._session,
        )
        return self._core(http)

    def last_word(self, limit: float) -> Core:
        """A way to the core for the very last message, ended by the limit in seconds and not by a stop."""
        end = self.clock.monotonic() + limit
        limits = Limits(max(1, int(limit)), max(1, int(limit)))
        late = lambda: self.clock.monotonic() > end  # noqa: E731
        http = Http(self.settings.server, limits, interrupted=late, clock=self.clock, session=self._session)
        return self._core(http)

    def _core(self, http: Http) -> Core:
        endpoints = Endpoints(http, self.settings.server, KnownNodes(self.memory), self.clock)
        return Core(http, endpoints, self.settings.agent.name, self.settings.agent.series)
