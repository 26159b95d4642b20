"""What is wrong with the calendar, said once for each change."""

from __future__ import annotations

import logging

from pyca.faultboard import FaultBoard, Faults
from pyca.states import Fault, ServiceType

logger = logging.getLogger(__name__)


class Complaints:
    """The faults of the schedule service: logged at once, stored by `store`, which may fail without harm."""

    def __init__(self, faults: Faults, *kinds: Fault) -> None:
        self._board = FaultBoard(faults, ServiceType.SCHEDULE, *kinds)

    def set(self, fault: Fault, text: str) -> None:
        """This is wrong now; an empty text says that it is not."""
        if not self._board.set(fault, text):
            return
        if text:
            logger.warning('%s: %s', fault.value, text)
        else:
            logger.info('%s: over', fault.value)

    def unset(self, *faults: Fault) -> None:
        for fault in faults:
            self.set(fault, '')

    def store(self, at: float) -> None:
        """Write down what differs; what an earlier run has left behind counts as different."""
        self._board.publish(at)
