"""Orders of people, from the web to the capture service."""

from __future__ import annotations

import time
from collections.abc import Callable

from pyca.order import OrderKind
from pyca.states import ServiceStatus, ServiceType
from pyca.storage.orders import Orders, OrderState, Placed
from pyca.ui.overview.sources import Sources

PATIENCE = 3.0
"""Seconds for which the answer is waited for: the recorder of an order begins within two."""
PAUSE = 0.1


class Counter:
    """Where orders are placed; it waits a moment for the answer."""

    def __init__(self, sources: Sources, pause: Callable[[float], None] = time.sleep) -> None:
        """`pause`: how it waits."""
        self._sources = sources
        self._orders = Orders(sources.database)
        self._pause = pause

    @property
    def attended(self) -> bool:
        """Whether there is a capture service that could obey."""
        capture = self._sources.services.all()[ServiceType.CAPTURE]
        return capture.beat is not None and capture.status is not ServiceStatus.STOPPED

    def place(self, uid: str, kind: OrderKind, minutes: int = 0, title: str = '') -> Placed | None:
        """Place an order; it comes back as it stands a moment later."""
        number = self._orders.place(uid, kind, minutes, title)
        for _ in range(round(PATIENCE / PAUSE)):
            placed = self._orders.get(number)
            if placed is None or placed.state is not OrderState.OPEN:
                return placed
            self._pause(PAUSE)
        return self._orders.get(number)

    def get(self, number: int) -> Placed | None:
        return self._orders.get(number)
