"""What people want done with recordings."""

from __future__ import annotations

from pyca.order import Order, OrderKind
from pyca.storage.database import Database
from pyca.storage.orders import KEPT, Orders, OrderState
from tests.storage.clocks import HandClock


def test_an_order_waits_until_it_is_answered(database: Database) -> None:
    orders = Orders(database)
    first, second = orders.place(Order('', 'a', OrderKind.END)), orders.place(Order('', 'a', OrderKind.EXTEND, 10))

    assert [(each.id, each.order.uid, each.order.kind, each.order.minutes) for each in orders.open()] == [
        (first, 'a', OrderKind.END, 0),
        (second, 'a', OrderKind.EXTEND, 10),
    ]
    orders.answer(first, done=False, text='It is not being recorded.')
    orders.answer(first, done=True, text='It was ended.')

    answered, waiting = orders.get(first), orders.get(second)
    assert answered is not None
    assert (answered.state, answered.answer) == (OrderState.REFUSED, 'It is not being recorded.')
    assert waiting is not None
    assert (waiting.state, waiting.answer) == (OrderState.OPEN, '')
    assert [each.id for each in orders.open()] == [second]


def test_an_order_is_news_for_every_process(database: Database) -> None:
    before = database.change()
    Orders(database).place(Order('', 'a', OrderKind.END))
    assert database.change() == before + 1


def test_old_orders_go_and_their_numbers_are_not_given_again(database: Database, clock: HandClock) -> None:
    orders = Orders(database)
    first = orders.place(Order('', 'a', OrderKind.END))
    clock.time += KEPT + 1
    second = orders.place(Order('', 'a', OrderKind.END))

    assert orders.get(first) is None
    assert second > first
