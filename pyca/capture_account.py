"""Who the capture service tells what happened."""

from __future__ import annotations

from typing import Protocol

from pyca.event import Event
from pyca.recording.journal import Journal
from pyca.states import Fault


class Account(Protocol):
    """It must neither wait nor raise."""

    def recording(self, journal: Journal) -> None: ...

    def missed(self, event: Event, cause: str) -> None: ...

    def fault(self, fault: Fault, text: str) -> None:
        """An empty text: the fault is cured."""
