"""The waits that concern every upload: a core that is away, or that refuses the login."""

from __future__ import annotations

from pyca.clock import Clock
from pyca.errors import CoreError, LoginFailed, Overloaded, Unreachable
from pyca.ingest.backoff import Spread, after
from pyca.ingest.outside import Faults
from pyca.states import Fault, ServiceType


class Outage:
    """Keeps many waiting recordings from asking a core in trouble one after the other."""

    def __init__(self, clock: Clock, faults: Faults, spread: Spread) -> None:
        self._clock = clock
        self._faults = faults
        self._spread = spread
        self._failures = 0
        self._until = clock.monotonic()
        self._login: str | None = None
        self._published: str | None = None

    def remaining(self) -> float:
        """Seconds until the core may be asked again."""
        return max(0.0, self._until - self._clock.monotonic())

    def note(self, error: CoreError) -> None:
        """Take notice of a failure; one that concerns a single recording shows that the core is there."""
        if not isinstance(error, (Unreachable, Overloaded, LoginFailed)):
            self._failures = 0
            return
        self._failures += 1
        self._until = self._clock.monotonic() + after(error, self._failures, self._spread)
        if isinstance(error, LoginFailed):
            self._login = str(error)

    def over(self) -> None:
        """The core gave a good answer."""
        self._failures = 0
        self._login = ''

    def publish(self) -> None:
        """Raise or clear the fault for everybody to read; does nothing while nothing is known. Raises StorageError."""
        if self._login is None or self._login == self._published:
            return
        if self._login:
            self._faults.raise_(ServiceType.INGEST, Fault.LOGIN_REFUSED, self._login, self._clock.now())
        else:
            self._faults.clear(ServiceType.INGEST, Fault.LOGIN_REFUSED)
        self._published = self._login
