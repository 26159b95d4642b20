"""What became of each event that the agent has to account for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from pyca.event import Event, Outcome, together
from pyca.states import EventStatus, ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.memory import Memory
from pyca.storage.recording_rows import DELETED, E, P
from pyca.storage.rows import AnyRow, choice, integer, status_of
from pyca.storage.services import Services
from pyca.storage.tables import pyca_recording, upcoming_event

FIRST_START = 'first start'
"""What the memory calls the time of the agent's first start."""

_U = upcoming_event.c
_COLUMNS = ('phase', 'outcome', 'cause', 'next_try', 'sent', 'total', 'name', 'gaps')
_ROWS = select(E.uid, E.start, E.end, E.title, E.status, *(P[name] for name in _COLUMNS)).outerjoin(
    pyca_recording, (P.uid == E.uid) & (P.start == E.start)
)

_ON_THE_WAY = {
    EventStatus.RECORDING: 'recording',
    EventStatus.PARTIAL_RECORDING: 'interrupted',
    EventStatus.FINISHED_RECORDING: 'queued',
    EventStatus.UPLOADING: 'uploading',
    EventStatus.FAILED_UPLOADING: 'waiting',
}
SILENT = 'the agent is not running, so this is what was known last'
DUE = 'its time has come, and nothing is recorded yet'
UNKNOWN = 'it is over, and the agent has not said yet what became of it'


class Line(NamedTuple):
    """One event. `state` is the outcome in a word, or while there is none where it stands on its way."""

    uid: str
    name: str
    start: int
    end: int
    title: str
    state: str
    outcome: Outcome | None
    cause: str = ''
    next_try: float | None = None
    sent: int = 0
    total: int = 0


@dataclass(frozen=True)
class Report:
    """The events that ended after `since` (None: all), the open ones from before, and what is not counted.

    `left` are rows of an older program that this one has not taken up, their state being the old status. `deleted` says
    how many recordings of the time a person has deleted, `nothing` why there is nothing to tell of.
    """

    since: float | None
    until: float
    first_start: float | None = None
    runs: bool = False
    lines: Sequence[Line] = ()
    before: Sequence[Line] = ()
    left: Sequence[Line] = ()
    deleted: int = 0
    nothing: str = ''


class Outcomes:
    """Answers what became of the events; several at once in one look."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def report(self, since: float | None, scheduled: Iterable[Event] = ()) -> Report:
        """`scheduled` are events that are known from elsewhere than the database, which may not be up to date."""
        now = self._database.clock.now()
        first = Memory(self._database).get(FIRST_START)
        first = float(first) if isinstance(first, (int, float)) else None
        runs = Services(self._database).all()[ServiceType.CAPTURE].status is not ServiceStatus.STOPPED
        with self._database.read() as connection:
            rows = connection.execute(_ROWS.order_by(E.start, E.uid)).all()
            known = {(row.uid, row.start) for row in connection.execute(select(P.uid, P.start))}
            begun = [*_begun(connection, now), *(event for event in scheduled if event.start <= now)]
            deleted = select(func.count()).where(P.phase == DELETED, P.start > (since or 0.0))
            gone = connection.execute(deleted).scalar_one()
        lines = [_line(row, now, runs) for row in rows if row.phase]
        open_ = {(event.uid, event.start): event for event in begun if event.end > (first or 0.0)}
        missing = [event for key, event in open_.items() if key not in known and not _covered(event, lines)]
        lines = sorted([*lines, *(_unknown(event, now) for event in missing)], key=lambda line: (line.start, line.uid))
        return Report(
            since=since,
            until=now,
            first_start=first,
            runs=runs,
            lines=[line for line in lines if since is None or line.end > since],
            before=[line for line in lines if since is not None and line.end <= since and is_open(line)],
            left=[_left(row) for row in rows if not row.phase],
            deleted=gone,
        )


def is_open(line: Line) -> bool:
    """Whether something is still to come: by itself, or by a person's decision."""
    return line.outcome in (None, Outcome.HELD)


def _begun(connection: Connection, now: float) -> Iterator[Event]:
    for row in connection.execute(select(_U.uid, _U.start, _U.end, _U.title).where(_U.start <= now)):
        yield Event(row.uid, row.start, row.end, row.title or '')


def _covered(event: Event, lines: Sequence[Line]) -> bool:
    """Whether one of the lines is about this event, which may have been moved since."""
    return any(line.uid == event.uid and line.start < event.end and event.start < line.end for line in lines)


def _line(row: AnyRow, now: float, runs: bool) -> Line:
    status = status_of(row.status)
    outcome = _outcome(row, status)
    state = outcome.value if outcome else _ON_THE_WAY[status]
    if outcome is None and row.phase == 'failing':
        state = 'failing'
    if status is EventStatus.FINISHED_RECORDING and row.next_try and row.next_try > now:
        state = 'waiting'
    stale = not runs and status in (EventStatus.RECORDING, EventStatus.PARTIAL_RECORDING)
    return Line(
        uid=row.uid,
        name=row.name,
        start=integer(row.start),
        end=integer(row.end),
        title=row.title or '',
        state=state,
        outcome=outcome,
        cause=together(_cause(row, outcome), SILENT if stale else ''),
        next_try=row.next_try if outcome is None else None,
        sent=row.sent or 0,
        total=row.total or 0,
    )


def _outcome(row: AnyRow, status: EventStatus) -> Outcome | None:
    """The status decides: it is what a person or another program may have set."""
    if status in _ON_THE_WAY:
        return None
    if status is EventStatus.FINISHED_UPLOADING:
        return Outcome.DELIVERED_WITH_GAPS if row.gaps else Outcome.DELIVERED
    if status is EventStatus.FAILED_RECORDING:
        return Outcome.MISSED if choice(Outcome, row.outcome) is Outcome.MISSED else Outcome.FAILED
    return Outcome.HELD


def _cause(row: AnyRow, outcome: Outcome | None) -> str:
    """Every outcome but that of a whole delivery has a cause; without one of ours somebody else has set the status."""
    if row.cause or outcome in (None, Outcome.DELIVERED):
        return row.cause or ''
    return 'parts are missing' if outcome is Outcome.DELIVERED_WITH_GAPS else 'somebody has set it to that by hand'


def _unknown(event: Event, now: float) -> Line:
    state, cause = ('due', DUE) if event.end > now else ('unknown', UNKNOWN)
    return Line(event.uid, event.name, event.start, event.end, event.title, state, None, cause)


def _left(row: AnyRow) -> Line:
    start, end = integer(row.start), integer(row.end)
    name = row.name or Event(str(row.uid), start, end).name
    return Line(str(row.uid), name, start, end, row.title or '', status_of(row.status).label, None)
