"""The changes of recordings that the core has not been told yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from pyca.event import UNSCHEDULED
from pyca.states import RecordingState
from pyca.storage.database import Database
from pyca.storage.rows import AnyRow, choice, value_of
from pyca.storage.tables import pyca_report, recorded_event

_E = recorded_event.c
_R = pyca_report.c


@dataclass(frozen=True)
class Report:
    """One change to be told. `created` is in seconds since the epoch."""

    id: int
    uid: str
    state: RecordingState
    created: float


class Reports:
    """A queue for each event: told in order, over outages and restarts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, uid: str, state: RecordingState, at: float) -> None:
        """Queue a change; the one that is last in the queue already is not repeated."""
        with self._database.write() as connection:
            append(connection, uid, state, at)

    def pending(self) -> list[Report]:
        """All that waits, oldest first."""
        with self._database.read() as connection:
            return _reports(connection.execute(select(pyca_report).order_by(_R.id)))

    def next(self) -> list[Report]:
        """What may be sent now: the oldest of each event, first of the event that changed last.

        So what is going on now does not wait behind the history that a lost database leaves to be told again.
        """
        each = select(func.min(_R.id).label('oldest'), func.max(_R.id).label('newest')).group_by(_R.uid).subquery()
        question = select(pyca_report).join(each, _R.id == each.c.oldest).order_by(each.c.newest.desc())
        with self._database.read() as connection:
            return _reports(connection.execute(question))

    def sent(self, id: int) -> None:  # noqa: A002 - the field's name
        """Take out one that the core has."""
        with self._database.write() as connection:
            connection.execute(delete(pyca_report).where(_R.id == id))

    def drop(self, uid: str) -> None:
        """Take out all of an event that the core does not know."""
        with self._database.write() as connection:
            connection.execute(delete(pyca_report).where(_R.uid == uid))


def append(connection: Connection, uid: str, state: RecordingState | None, at: float) -> None:
    """Queue a change within somebody else's transaction; None is no change.

    None of what the core has not scheduled (trap 15).
    """
    if state is None:
        return
    data = select(_E.data).where(_E.uid == uid).order_by(_E.start.desc()).limit(1)
    details = value_of(connection.execute(data).scalar())
    if isinstance(details, dict) and details.get(UNSCHEDULED) is True:
        return
    last = select(_R.state).where(_R.uid == uid).order_by(_R.id.desc()).limit(1)
    if connection.execute(last).scalar() != state.value:
        connection.execute(insert(pyca_report).values(uid=uid, state=state.value, created=at))


def _reports(rows: Iterable[AnyRow]) -> list[Report]:
    states = [(row, choice(RecordingState, row.state)) for row in rows]
    return [Report(row.id, row.uid, state, row.created) for row, state in states if state is not None]
