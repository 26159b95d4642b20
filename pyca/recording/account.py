"""What the capture service asks of whoever keeps the accounts."""

from __future__ import annotations

from typing import Protocol

from pyca.event import Event
from pyca.recording.journal import Journal
from pyca.states import Fault


class Account(Protocol):
    """Who is told what happened to a recording. It must neither wait nor raise."""

    def recording(self, journal: Journal) -> None: ...

    def missed(self, event: Event, cause: str) -> None: ...

    def fault(self, fault: Fault, text: str) -> None:
        """An empty text: the fault is cured."""
