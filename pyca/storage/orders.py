"""What people want done with recordings, with what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from sqlalchemy import delete, insert, select, update

from pyca.order import Order, OrderKind
from pyca.storage.database import Database
from pyca.storage.rows import AnyRow, blob, choice, integer, value_of
from pyca.storage.tables import pyca_order

_O = pyca_order.c

KEPT = 86_400.0
"""Seconds for which an answer can be read."""


class OrderState(str, Enum):
    """Where an order stands."""

    OPEN = 'open'
    DONE = 'done'
    REFUSED = 'refused'


_ANY = f"SELECT count(*) FROM pyca_order WHERE state = '{OrderState.OPEN.value}'"


@dataclass(frozen=True)
class Placed:
    """An order in the database. `answer` is a sentence, empty while it is open; `created` seconds since the epoch."""

    id: int
    order: Order
    created: float
    state: OrderState
    answer: str


class Orders:
    """Whoever has access to the database places them; the process that records obeys them within two seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def place(self, order: Order) -> int:
        """Want this; gives the number under which the answer is found. The order gets its key by that."""
        now = self._database.clock.now()
        details = {'minutes': order.minutes, 'title': order.title, 'start': order.start, 'doubtful': order.doubtful}
        values = {'uid': order.uid, 'kind': order.kind.value, 'details': blob(details), 'created': now}
        with self._database.write() as connection:
            connection.execute(delete(pyca_order).where(_O.created < now - KEPT))
            statement = insert(pyca_order).values(**values, state=OrderState.OPEN.value, answer='')
            key = connection.execute(statement).inserted_primary_key
            return int(key[0]) if key else 0

    def get(self, id: int) -> Placed | None:  # noqa: A002 - the field's name
        """The order with its answer; None if it was placed too long ago."""
        with self._database.read() as connection:
            return next(iter(_placed(connection.execute(select(pyca_order).where(_O.id == id)))), None)

    def open(self) -> list[Placed]:
        """All that have no answer yet, oldest first."""
        if not self._database.number(_ANY):
            return []
        question = select(pyca_order).where(_O.state == OrderState.OPEN.value).order_by(_O.id)
        with self._database.read() as connection:
            return _placed(connection.execute(question))

    def answer(self, id: int, *, done: bool, text: str) -> None:  # noqa: A002 - the field's name
        """Say what became of it, once."""
        state = OrderState.DONE if done else OrderState.REFUSED
        statement = update(pyca_order).where(_O.id == id, _O.state == OrderState.OPEN.value)
        with self._database.write() as connection:
            connection.execute(statement.values(state=state.value, answer=text))


def _placed(rows: Iterable[AnyRow]) -> list[Placed]:
    found = []
    for row in rows:
        kind, state, details = choice(OrderKind, row.kind), choice(OrderState, row.state), value_of(row.details)
        if kind is not None and state is not None and isinstance(details, dict):
            minutes, title = integer(details.get('minutes')), str(details.get('title', ''))
            start, doubtful = integer(details.get('start')), details.get('doubtful') is True
            order = Order(f'{row.id}@{row.created:.3f}', row.uid, kind, minutes, title, start, doubtful)
            found.append(Placed(row.id, order, row.created, state, row.answer))
    return found
