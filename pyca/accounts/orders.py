"""Brings the orders of people to the capture service, its answers back to the database."""

from __future__ import annotations

from pyca.clock import Clock
from pyca.order import Desk
from pyca.storage.orders import Orders

PATIENCE = 60.0
"""Seconds; what was wanted longer ago is not wanted any more, and might end another lecture."""


class Errands:
    """Runs in the thread of the accounts: capture itself must not wait for a database."""

    def __init__(self, orders: Orders, desk: Desk, clock: Clock) -> None:
        self._orders = orders
        self._desk = desk
        self._clock = clock
        self._under_way: dict[str, int] = {}
        self._answers: dict[int, tuple[bool, str]] = {}

    def step(self) -> None:
        """Take in what is new, write down what is answered. Raises StorageError; then it is tried again."""
        for order, answer in self._desk.answers():
            self._answers[self._under_way.pop(order.key)] = answer.done, answer.text
        for number, (done, text) in list(self._answers.items()):
            self._orders.answer(number, done=done, text=text)
            del self._answers[number]
        for placed in self._orders.open():
            if placed.order.key in self._under_way:
                continue
            if placed.created < self._clock.now() - PATIENCE:
                self._orders.answer(placed.id, done=False, text='The capture service was not there to do it.')
                continue
            self._under_way[placed.order.key] = placed.id
            self._desk.hand_in(placed.order)
