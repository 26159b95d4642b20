"""What the recordings have of the agent around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyca.event import Event
from pyca.order import Desk
from pyca.recording.journal import Journal
from pyca.states import Fault


class Account(Protocol):
    """Who is told what happens to them. It must neither wait nor raise."""

    def recording(self, journal: Journal) -> None: ...

    def missed(self, event: Event, cause: str) -> None: ...

    def fault(self, fault: Fault, text: str) -> None:
        """An empty text: the fault is cured."""


@dataclass(frozen=True)
class CapturePorts:
    """`desk`: where orders of people come in; `selected`: the inputs that an event wants; `pause`: how an end waits."""

    account: Account
    desk: Desk
    selected: Callable[[Event], Sequence[str]]
    pause: Callable[[float], None] = time.sleep
