"""Orders of people, on their way to the capture service."""

from __future__ import annotations

import time
from collections.abc import Callable

from pyca.order import Order
from pyca.states import ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.orders import Orders, OrderState, Placed
from pyca.storage.services import Services

PATIENCE = 3.0
"""Seconds for which the answer is waited for: the recorder of an order begins within two."""
PAUSE = 0.1


class Counter:
    """Where orders are placed; it waits a moment for the answer."""

    def __init__(self, database: Database, pause: Callable[[float], None] = time.sleep) -> None:
        """`pause`: how it waits."""
        self._services = Services(database)
        self._orders = Orders(database)
        self._pause = pause

    @property
    def attended(self) -> bool:
        """Whether there is a capture service that could obey."""
        return self._services.all()[ServiceType.CAPTURE].status is not ServiceStatus.STOPPED

    def place(self, order: Order) -> Placed | None:
        """Place an order, which gets its key by that; it comes back as it stands a moment later."""
        number = self._orders.place(order)
        for _ in range(round(PATIENCE / PAUSE)):
            placed = self._orders.get(number)
            if placed is None or placed.state is not OrderState.OPEN:
                return placed
            self._pause(PAUSE)
        return self._orders.get(number)

    def get(self, number: int) -> Placed | None:
        return self._orders.get(number)
