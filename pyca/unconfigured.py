"""What runs instead of the services while nobody has chosen a core."""

from __future__ import annotations

import logging

from pyca.clock import Clock
from pyca.faultboard import Faults
from pyca.states import Fault, ServiceType

logger = logging.getLogger(__name__)

TEXT = (
    'Nothing is recorded: no configuration file names an Opencast ("url" in [server]), and the default is a public '
    'demonstration server. Write etc/pyca.conf or /etc/pyca/pyca.conf, or name a file with -c, and start again.'
)


class Unconfigured:
    """Says loudly that nothing is recorded, in the log and to whoever reads the database (H47)."""

    name = 'capture'
    busy = False

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self._said = False

    def step(self) -> float:
        if not self._said:
            logger.error(TEXT)
            self._said = True
        self._faults.raise_(ServiceType.CAPTURE, Fault.CONFIGURATION, TEXT, self._clock.now())
        return 60.0

    def close(self) -> None:
        """Nothing was begun."""
