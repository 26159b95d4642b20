"""The loop that every service runs in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from pyca.backoff import doubled
from pyca.clock import Clock
from pyca.errors import Interrupted, PycaError
from pyca.stop import Bell, Stop

logger = logging.getLogger(__name__)

LONGEST_WAIT = 10.0
"""Seconds. A clock that steps, or a machine that slept, costs at most this much."""


class Service(Protocol):
    """What a service supplies: one turn of its work."""

    @property
    def name(self) -> str: ...

    @property
    def busy(self) -> bool:
        """Whether it is in the middle of something that a person would call work: a recording, an upload."""

    def step(self) -> float:
        """Do one piece of work; returns the seconds until it wants to be called again, 0 if more is waiting."""

    def close(self) -> None:
        """Called once after the last step, however that one ended."""


class Pulse:
    """The last sign of life of a thread, on the monotonic clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.monotonic()

    def beat(self) -> None:
        self._last = self._clock.monotonic()

    def beating(self, question: Callable[[], bool]) -> Callable[[], bool]:
        """The same question for long work to ask now and then; that it asks is a sign of life."""

        def ask() -> bool:
            self.beat()
            return question()

        return ask

    @property
    def age(self) -> float:
        """Seconds since the last sign of life."""
        return self._clock.monotonic() - self._last


class Loop:
    """Calls a service's `step()` until the stop is requested; the one place where its errors end.

    A step that raises is tried again after 1, 2, 4 ... seconds, `patience` at most. The same complaint is logged
    once, and once more when it is over.
    """

    def __init__(self, service: Service, *, stop: Stop, bell: Bell, pulse: Pulse, patience: float = 60.0) -> None:
        self.service = service
        self.stop = stop
        self.bell = bell
        self.pulse = pulse
        self.patience = patience
        self._failures = 0
        self._complaint = ''
        self._stepping = threading.Event()

    @property
    def busy(self) -> bool:
        """Whether the service works right now."""
        return self._stepping.is_set() or self.service.busy

    def run(self) -> None:
        """Returns after the stop was requested. Whoever runs it closes the service then."""
        while not self.stop.requested:
            wait = self.turn()
            self.pulse.beat()
            self.bell.wait(min(wait, LONGEST_WAIT))

    def turn(self) -> float:
        """One step with its errors caught; returns the seconds to wait."""
        self._stepping.set()
        try:
            wait = self.service.step()
        except Interrupted:
            return 0.0
        except PycaError as error:
            return self._failed(error, trace=False)
        except Exception as error:
            return self._failed(error, trace=True)
        finally:
            self._stepping.clear()
        if self._failures:
            logger.info('%s: works again', self.service.name)
        self._failures, self._complaint = 0, ''
        return wait

    def _failed(self, error: Exception, *, trace: bool) -> float:
        complaint = f'{type(error).__name__}: {error}'
        if complaint != self._complaint:
            log = logger.error if trace else logger.warning
            log('%s: %s', self.service.name, complaint if trace else error, exc_info=error if trace else None)
        self._complaint = complaint
        self._failures += 1
        return doubled(self._failures, 1.0, self.patience)
