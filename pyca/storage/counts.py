"""What is counted for good, whatever becomes of the recordings later.

One row for each recording, by the name of its folder; a counter is the sum over all rows. What a row says is what the
journals say of this one recording, from its beginning, and it only rises. So the same told again (after a restart, by
two services at once, into a database that was lost or restored) counts nothing twice, and nobody has to know what was
counted before. A row is written together with what the services write anyway, and is never deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, func, insert, select, update

from pyca.event import Outcome
from pyca.storage.database import Database
from pyca.storage.memory import Memory
from pyca.storage.rows import AnyRow
from pyca.storage.tables import pyca_count

COMPLETE = 'counted'
"""What the memory calls that all journals of the folder have been counted into this database."""
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds of lateness; the promise is one."""

_BITS = {
    Outcome.DELIVERED: 1,
    Outcome.DELIVERED_WITH_GAPS: 2,
    Outcome.HELD: 4,
    Outcome.FAILED: 8,
    Outcome.MISSED: 16,
}
"""As the rows keep them."""
_BATCH = 200
_C = pyca_count.c
_COLUMNS = (_C.recorded, _C.uploaded, _C.restarts, _C.late, _C.outcomes)


@dataclass(frozen=True)
class Count:
    """What is known of one recording, None for what is not.

    Bytes that were `recorded`, and those that reached the core; `restarts` of its recorder; seconds for which its
    first start was `late`. An outcome counts once, also when another one follows.
    """

    recorded: int | None = None
    uploaded: int | None = None
    restarts: int | None = None
    late: float | None = None
    outcome: Outcome | None = None


NOTHING = Count()


class Lateness(NamedTuple):
    """So many starts, so many seconds late in all; for each of `BUCKETS` how many were not later."""

    number: int
    seconds: float
    within: tuple[int, ...]


@dataclass(frozen=True)
class Totals:
    """The sums over all recordings."""

    recorded: int
    uploaded: int
    restarts: int
    lateness: Lateness
    outcomes: Mapping[Outcome, int]


class Counts:
    """Reads the counters; writes what the journals in the folders say."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._memory = Memory(database)

    def totals(self) -> Totals | None:
        """All counters by one look at the rows; None until everything is in them, since a counter must not fall."""
        if self._memory.get(COMPLETE) is not True:
            return None
        with self._database.read() as connection:
            return _totals(connection.execute(select(*_sums())).one())

    def known(self) -> set[str]:
        """The names of the recordings whose journals have been counted."""
        with self._database.read() as connection:
            return set(connection.execute(select(_C.name).where(_C.recorded.is_not(None))).scalars())

    def note(self, counts: Iterable[tuple[str, Count]]) -> None:
        """Raise the rows of these recordings, a few at a time so that no other writer waits long."""
        remaining = iter(counts)
        while batch := list(islice(remaining, _BATCH)):
            with self._database.write() as connection:
                for name, count in batch:
                    raise_to(connection, name, count)

    def complete(self) -> None:
        """Everything is counted that the journals say."""
        self._memory.put(COMPLETE, True)


def is_news(connection: Connection, name: str, count: Count) -> bool:
    """Whether the row of this recording does not say so already."""
    return bool(_rise(_row(connection, name), count))


def raise_to(connection: Connection, name: str, count: Count) -> None:
    """Raise the row of one recording to what is known, within somebody else's transaction."""
    row = _row(connection, name)
    risen = _rise(row, count)
    if row is None and risen:
        connection.execute(
            insert(pyca_count).values({'name': name, 'uploaded': 0, 'restarts': 0, 'outcomes': 0, **risen})
        )
    elif risen:
        connection.execute(update(pyca_count).where(_C.name == name).values(risen))


def _row(connection: Connection, name: str) -> AnyRow | None:
    return connection.execute(select(*_COLUMNS).where(_C.name == name)).first()


def _rise(row: AnyRow | None, count: Count) -> dict[str, Any]:
    """The values that differ from those of the row. The first lateness stays."""
    risen: dict[str, Any] = {}
    before = (None, 0, 0) if row is None else (row.recorded, row.uploaded, row.restarts)
    now = (count.recorded, count.uploaded, count.restarts)
    for name, old, new in zip(('recorded', 'uploaded', 'restarts'), before, now, strict=True):
        if new is not None and (old is None or new > old):
            risen[name] = new
    if count.late is not None and (row is None or row.late is None):
        risen['late'] = count.late
    outcomes = 0 if row is None else row.outcomes
    if count.outcome is not None and not outcomes & _BITS[count.outcome]:
        risen['outcomes'] = outcomes | _BITS[count.outcome]
    return risen


def _sums() -> list[Any]:
    def many(condition: Any) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    plain = [func.coalesce(func.sum(column), 0) for column in (_C.recorded, _C.uploaded, _C.restarts, _C.late)]
    within = [many(_C.late <= border) for border in BUCKETS]
    outcomes = [many(_C.outcomes.bitwise_and(bit) != 0) for bit in _BITS.values()]
    return [*plain, func.count(_C.late), *within, *outcomes]


def _totals(row: AnyRow) -> Totals:
    recorded, uploaded, restarts, seconds, number, *rest = row
    within, outcomes = rest[: len(BUCKETS)], rest[len(BUCKETS) :]
    return Totals(
        recorded=int(recorded),
        uploaded=int(uploaded),
        restarts=int(restarts),
        lateness=Lateness(int(number), float(seconds), tuple(map(int, within))),
        outcomes={outcome: int(count) for outcome, count in zip(_BITS, outcomes, strict=True)},
    )
