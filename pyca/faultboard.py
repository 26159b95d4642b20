"""What is wrong with one service, written down when it changes."""

from __future__ import annotations

from typing import Protocol

from pyca.states import Fault, ServiceType


class Faults(Protocol):
    """What is wrong now; raises `StorageError`."""

    def raise_(self, service: ServiceType, fault: Fault, text: str, at: float) -> bool: ...

    def clear(self, service: ServiceType, fault: Fault | None = None) -> bool: ...


class FaultBoard:
    """The faults of a service. Those of which nobody has spoken yet stay as an earlier run has left them."""

    def __init__(self, faults: Faults, service: ServiceType, *absent: Fault) -> None:
        """`absent`: these are not there until somebody says so."""
        self._faults = faults
        self._service = service
        self._wanted: dict[Fault, str] = dict.fromkeys(absent, '')
        self._published: dict[Fault, str] = {}

    def set(self, fault: Fault, text: str = '') -> bool:
        """State a fault, or with an empty text that it is not there; tells whether that is news."""
        news = self._wanted.get(fault) != text
        self._wanted[fault] = text
        return news

    def publish(self, at: float) -> None:
        """Write what has changed. Raises StorageError; then it is written by a later call."""
        for fault, text in self._wanted.items():
            if self._published.get(fault) == text:
                continue
            if text:
                self._faults.raise_(self._service, fault, text, at)
            else:
                self._faults.clear(self._service, fault)
            self._published[fault] = text
