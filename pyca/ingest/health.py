"""How the uploads fare, all together."""

from __future__ import annotations

import threading

from pyca.errors import CoreError
from pyca.event import Event
from pyca.faultboard import FaultBoard
from pyca.ingest.attempt import Kind, Result
from pyca.ingest.outage import Outage
from pyca.ingest.outside import Outside
from pyca.ingest.troubles import Troubles
from pyca.states import ServiceType


class Health:
    """What is wrong with the core, or with uploads. Whoever carries one tells it, from any thread."""

    def __init__(self, outside: Outside) -> None:
        self._lock = threading.Lock()
        self._clock = outside.clock
        self._alarms = FaultBoard(outside.faults, ServiceType.INGEST)
        self._outage = Outage(outside.clock, self._alarms, outside.spread)
        self._troubles = Troubles(outside.clock, self._alarms)

    def pause(self) -> float:
        """Seconds until the core may be asked again."""
        with self._lock:
            return self._outage.remaining()

    @property
    def failing(self) -> bool:
        """Whether the core has not been heard since it was away, or refused the login."""
        with self._lock:
            return self._outage.failing

    def note(self, event: Event, result: Result) -> None:
        """Take notice of how a step of an upload ended."""
        with self._lock:
            if result.error is not None:
                self._outage.note(result.error)
            elif result.heard:
                self._outage.over()
            if result.heard and result.kind is not Kind.WAIT:
                self._troubles.heard(event)

    def failed(self, event: Event, cause: str, seconds: float, error: CoreError | None) -> None:
        """A try has failed, the next one is due in so many seconds."""
        with self._lock:
            self._troubles.failed(event, cause, seconds, error)

    def over(self, event: Event) -> None:
        """Nothing more is tried with this one."""
        with self._lock:
            self._troubles.over(event)

    def rest(self) -> None:
        """Nothing is to be uploaded: what was wrong with uploads is nobody's trouble any more."""
        with self._lock:
            self._outage.over()
            self._troubles.forget()

    def publish(self) -> None:
        """Let everybody read what has changed. Raises StorageError; then a later call does it."""
        with self._lock:
            self._alarms.publish(self._clock.now())
