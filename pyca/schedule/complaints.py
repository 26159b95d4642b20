"""What is wrong with the calendar, said once for each change."""

from __future__ import annotations

import logging

from pyca.schedule.ports import Faults
from pyca.states import Fault, ServiceType

logger = logging.getLogger(__name__)


class Complaints:
    """The faults of the schedule service: logged at once, stored by `store`, which may fail without harm."""

    def __init__(self, faults: Faults, *kinds: Fault) -> None:
        self._faults = faults
        self._wanted: dict[Fault, str] = dict.fromkeys(kinds, '')
        self._stored: dict[Fault, str | None] = dict.fromkeys(kinds, None)

    def set(self, fault: Fault, text: str) -> None:
        """This is wrong now; an empty text says that it is not."""
        if text == self._wanted[fault]:
            return
        if text:
            logger.warning('%s: %s', fault.value, text)
        else:
            logger.info('%s: over', fault.value)
        self._wanted[fault] = text

    def unset(self, *faults: Fault) -> None:
        for fault in faults:
            self.set(fault, '')

    def store(self, at: float) -> None:
        """Write down what differs; what an earlier run has left behind counts as different."""
        for fault, text in self._wanted.items():
            if text == self._stored[fault]:
                continue
            if text:
                self._faults.raise_(ServiceType.SCHEDULE, fault, text, at)
            else:
                self._faults.clear(ServiceType.SCHEDULE, fault)
            self._stored[fault] = text
