"""The agent's inputs on their way to the core."""

from __future__ import annotations

import logging

from pyca.agentstate.ports import Ports
from pyca.backoff import Backoff
from pyca.clock import Clock
from pyca.errors import CoreError, LoginFailed, NotUnderstood, Refused
from pyca.states import Fault, ServiceType

logger = logging.getLogger(__name__)

AGAIN = 3600.0
"""Seconds after which the core is told anew: it may have been reset. The same after a refusal."""


class Announcing:
    """Tells the core which inputs there are: at first, when they change, each hour.

    Whatever becomes of it, the states of agent and recordings are told all the same.
    """

    def __init__(self, ports: Ports, clock: Clock) -> None:
        self._ports = ports
        self._clock = clock
        self._backoff = Backoff(5.0, 600.0)
        self._tried = ''
        self._due = float('-inf')
        self._blamed = True  # an earlier run may have left it behind

    def step(self) -> None:
        """Tell it if it is time. Raises Interrupted only."""
        given = self._ports.configuration()
        now = self._clock.monotonic()
        if not given:
            self._cured()
        elif given != self._tried or now >= self._due:
            changed, self._tried = given != self._tried, given
            self._due = now + self._post(given, news=changed)

    def wait(self) -> float:
        """Seconds until it is time again."""
        return max(0.0, self._due - self._clock.monotonic()) if self._tried else AGAIN

    def _post(self, given: str, *, news: bool) -> float:
        """Returns the seconds until the next time."""
        try:
            self._ports.core.post_configuration(given)
        except (Refused, NotUnderstood, LoginFailed) as error:
            log = logger.warning if news or not self._blamed else logger.debug
            log('the core does not take the inputs of this agent: %s', error)
            text = f'Opencast does not take the list of inputs: {error}'
            self._ports.faults.raise_(ServiceType.AGENTSTATE, Fault.CAPABILITIES, text, self._clock.now())
            self._blamed = True
            return AGAIN
        except CoreError as error:
            logger.debug('the core cannot be told now which inputs there are: %s', error)
            return self._backoff.failed()
        (logger.info if news else logger.debug)('the core knows the inputs of this agent')
        self._backoff.succeeded()
        self._cured()
        return AGAIN

    def _cured(self) -> None:
        if self._blamed:
            self._ports.faults.clear(ServiceType.AGENTSTATE, Fault.CAPABILITIES)
            self._blamed = False
