"""The waits that concern every upload: a core that is away, or that refuses the login."""

from __future__ import annotations

import logging

from pyca.clock import Clock
from pyca.errors import CoreError, LoginFailed, Overloaded, Refused, Unreachable
from pyca.faultboard import FaultBoard
from pyca.ingest.backoff import Spread, after
from pyca.states import Fault

logger = logging.getLogger(__name__)

LASTING = 600.0
"""Seconds for which something must be wrong before it is a fault: cores are restarted, networks blink."""
NO_LOGIN = (401, 407)
"""Refusals that leave open whether the core takes the account. Any other one is no fault of the login."""


class Outage:
    """Keeps many waiting recordings from asking a core in trouble one after the other."""

    def __init__(self, clock: Clock, alarms: FaultBoard, spread: Spread) -> None:
        self._clock = clock
        self._alarms = alarms
        self._spread = spread
        self._failures = 0
        self._until = clock.monotonic()
        self._since: float | None = None

    def remaining(self) -> float:
        """Seconds until the core may be asked again."""
        return max(0.0, self._until - self._clock.monotonic())

    @property
    def failing(self) -> bool:
        """Whether the core has not been heard since the last failure."""
        return self._failures > 0

    def note(self, error: CoreError) -> None:
        """Take notice of a failure; one that concerns a single recording shows that the core is there."""
        if not isinstance(error, (Unreachable, Overloaded, LoginFailed)):
            self._there()
            if isinstance(error, Refused) and error.status not in NO_LOGIN:
                self._alarms.set(Fault.LOGIN_REFUSED)
            return
        now = self._clock.monotonic()
        if now >= self._until:  # else it was asked before the wait began, and says nothing new
            self._failures += 1
        self._until = max(self._until, now + after(error, max(1, self._failures), self._spread))
        if isinstance(error, LoginFailed):
            self._alarms.set(Fault.LOGIN_REFUSED, str(error))
            return
        self._since = now if self._since is None else self._since
        if now - self._since >= LASTING:
            self._alarms.set(Fault.CORE_UNREACHABLE, f'Nothing can be uploaded: {error}')

    def over(self) -> None:
        """The core gave a good answer, or nobody wants anything of it."""
        self._there()
        self._alarms.set(Fault.LOGIN_REFUSED)

    def _there(self) -> None:
        self._failures, self._since, self._until = 0, None, self._clock.monotonic()
        self._alarms.set(Fault.CORE_UNREACHABLE)


def node_trouble(error: CoreError | None) -> bool:
    """Whether it may be the node that is in trouble, and not the one upload."""
    return isinstance(error, (Unreachable, Overloaded)) or (isinstance(error, Refused) and error.status >= 500)
