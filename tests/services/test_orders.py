"""Orders of people on their way to the capture service, and the answers back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca.accounts.orders import PATIENCE, Errands
from pyca.order import Answer, Desk, Order, OrderKind
from pyca.storage.database import Database
from pyca.storage.orders import Orders, OrderState
from tests.storage.clocks import HandClock


class Office:
    """A database with orders, the errands, the desk of the capture service."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.database = Database(f'sqlite:///{folder}/pyca.db', self.clock)
        self.orders = Orders(self.database)
        self.rung: list[str] = []
        self.begin()

    def begin(self) -> None:
        """A process that has just been started."""
        self.desk = Desk(lambda: self.rung.append('capture'), lambda: self.rung.append('clerk'))
        self.errands = Errands(self.orders, self.desk, self.clock)

    def answer(self, number: int) -> tuple[OrderState, str]:
        placed = self.orders.get(number)
        assert placed is not None
        return placed.state, placed.answer


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.database.close()


def test_an_order_reaches_capture_once_and_its_answer_who_asked(office: Office) -> None:
    number = office.orders.place(Order('', 'a', OrderKind.EXTEND, 10))
    office.errands.step()
    office.errands.step()
    assert office.rung == ['capture']
    (order,) = office.desk.take()
    assert (order.uid, order.kind, order.minutes) == ('a', OrderKind.EXTEND, 10)

    office.desk.answer(order, Answer(True, 'It is recorded until 11:15:00.'))
    assert office.rung == ['capture', 'clerk']
    office.errands.step()

    assert office.answer(number) == (OrderState.DONE, 'It is recorded until 11:15:00.')
    office.errands.step()
    assert office.desk.take() == []


def test_an_order_without_an_answer_is_handed_in_again_after_a_restart_under_the_same_key(office: Office) -> None:
    office.orders.place(Order('', 'a', OrderKind.END))
    office.errands.step()
    (before,) = office.desk.take()

    office.begin()
    office.errands.step()

    assert office.desk.take() == [before]


def test_what_was_wanted_too_long_ago_is_refused(office: Office) -> None:
    number = office.orders.place(Order('', 'a', OrderKind.END))
    office.clock.time += PATIENCE + 1
    office.errands.step()

    assert office.desk.take() == []
    assert office.answer(number) == (OrderState.REFUSED, 'The capture service was not there to do it.')
