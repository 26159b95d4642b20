"""Somebody who answers the orders that the web interface places."""

from __future__ import annotations

from pyca.order import OrderKind
from pyca.storage.orders import Orders
from tests.ui.site import Site


class Clerk:
    """Answers orders while the web waits for it."""

    def __init__(self, site: Site) -> None:
        self.orders = Orders(site.database)
        self.seen: list[tuple[OrderKind, int, str]] = []
        self.answer: tuple[bool, str] | None = (True, 'Done.')

    def __call__(self, _seconds: float) -> None:
        for placed in self.orders.open():
            order = placed.order
            if self.answer is not None:
                self.seen.append((order.kind, order.minutes, order.title))
                self.orders.answer(placed.id, done=self.answer[0], text=self.answer[1])
