"""The faults of the uploads, for everybody to read."""

from __future__ import annotations

from pyca.clock import Clock
from pyca.ingest.outside import Faults
from pyca.states import Fault, ServiceType

LASTING = 600.0
"""Seconds for which something must be wrong before it is a fault: cores are restarted, networks blink."""


class Alarms:
    """What is wrong now, written when it changes. Of what nobody has spoken yet, nothing is known."""

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self._wanted: dict[Fault, str] = {}
        self._published: dict[Fault, str] = {}

    def set(self, fault: Fault, text: str = '') -> None:
        """State a fault, or with an empty text that it is not there."""
        self._wanted[fault] = text

    def publish(self) -> None:
        """Write what has changed. Raises StorageError; then it is written by a later call."""
        for fault, text in self._wanted.items():
            if self._published.get(fault) == text:
                continue
            if text:
                self._faults.raise_(ServiceType.INGEST, fault, text, self._clock.now())
            else:
                self._faults.clear(ServiceType.INGEST, fault)
            self._published[fault] = text
