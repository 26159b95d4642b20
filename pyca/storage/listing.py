"""Lists of events for people: paged, searched, without what is large in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select, tuple_
from sqlalchemy.sql.elements import ColumnElement

from pyca.event import Event, Outcome
from pyca.states import EventStatus
from pyca.storage.database import Database
from pyca.storage.recording_rows import SELECT, E, P, Recorded, recorded_of
from pyca.storage.rows import AnyRow, choice, integer, status_of
from pyca.storage.tables import pyca_recording, recorded_event, upcoming_event

_U = upcoming_event.c
_OURS = ('name', 'phase', 'outcome', 'cause', 'attempts', 'next_try', 'sent', 'total', 'updated')
_COMING = select(_U.uid, _U.start, _U.end, _U.title).where(_U.end > bindparam('since')).order_by(_U.start, _U.uid)
_COUNT_COMING = select(func.count()).select_from(upcoming_event).where(_U.end > bindparam('since'))
_COUNT = select(func.count()).select_from(recorded_event)
"""Made once: to put a statement together takes longer than to answer it."""
_OUTCOMES = (
    select(P.outcome, func.count().label('number'))
    .join(recorded_event, (P.uid == E.uid) & (P.start == E.start))
    .group_by(P.outcome)
)
_SHORT = select(*(E.uid, E.start, E.end, E.title, E.status), *(P[name] for name in _OURS)).outerjoin(
    pyca_recording, (P.uid == E.uid) & (P.start == E.start)
)


@dataclass(frozen=True)
class Planned:
    """An event that is to come, in short."""

    uid: str
    start: int
    end: int
    title: str


@dataclass(frozen=True)
class Entry:
    """A recorded event in short. `ours` is False for a row of an old installation that this agent has not taken up."""

    uid: str
    start: int
    end: int
    title: str
    status: EventStatus
    name: str
    phase: str
    outcome: Outcome | None
    cause: str
    attempts: int
    next_try: float | None
    sent: int
    total: int
    updated: float | None
    ours: bool


@dataclass(frozen=True)
class Filter:
    """What a list is to show: a text in title or uid, and one of the statuses or outcomes if any is given."""

    text: str = ''
    statuses: tuple[EventStatus, ...] = ()
    outcomes: tuple[Outcome, ...] = ()


class Listing:
    """Reads lists of any length in the time of their pages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recorded(self, wanted: Filter, limit: int | None = None, offset: int = 0) -> list[Entry]:
        """Recorded events, newest start first."""
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(_page(_SHORT, wanted, limit, offset))]

    def whole(self, wanted: Filter, limit: int | None = None, offset: int = 0) -> list[Recorded]:
        """The same with everything that is stored of each."""
        with self._database.read() as connection:
            return [recorded_of(row) for row in connection.execute(_page(SELECT, wanted, limit, offset))]

    def count(self, wanted: Filter) -> int:
        """How many recorded events the whole list has."""
        question = _COUNT
        if wanted.outcomes:
            question = question.outerjoin(pyca_recording, (P.uid == E.uid) & (P.start == E.start))
        with self._database.read() as connection:
            return int(connection.execute(_narrowed(question, wanted)).scalar_one())

    def outcomes(self) -> dict[Outcome, int]:
        """How many recorded events came to each outcome."""
        with self._database.read() as connection:
            found = {choice(Outcome, row.outcome): row.number for row in connection.execute(_OUTCOMES)}
        return {outcome: found.get(outcome, 0) for outcome in Outcome}

    def upcoming(self, since: float, text: str = '', limit: int | None = None) -> list[Planned]:
        """The events that end after `since`, next one first."""
        question = _about(_COMING, text).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(question, {'since': since})
            return [Planned(str(row.uid), integer(row.start), integer(row.end), row.title or '') for row in rows]

    def count_upcoming(self, since: float, text: str = '') -> int:
        with self._database.read() as connection:
            return int(connection.execute(_about(_COUNT_COMING, text), {'since': since}).scalar_one())


def _about(question: Select[Any], text: str) -> Select[Any]:
    return question.where(_contains(_U.title, _U.uid, text)) if text else question


def _page(question: Select[Any], wanted: Filter, limit: int | None, offset: int) -> Select[Any]:
    """First which rows, by an index alone; then these rows."""
    keys = select(E.uid, E.start)
    if wanted.outcomes:
        keys = keys.outerjoin(pyca_recording, (P.uid == E.uid) & (P.start == E.start))
    keys = _narrowed(keys, wanted).order_by(E.start.desc(), E.uid).limit(limit).offset(offset)
    return question.where(tuple_(E.uid, E.start).in_(keys)).order_by(E.start.desc(), E.uid)


def _narrowed(question: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.text:
        question = question.where(_contains(E.title, E.uid, wanted.text))
    either: list[ColumnElement[bool]] = []
    if wanted.statuses:
        either.append(E.status.in_([int(status) for status in wanted.statuses]))
    if wanted.outcomes:
        either.append(P.outcome.in_([outcome.value for outcome in wanted.outcomes]))
    return question.where(or_(*either)) if either else question


def _contains(title: Any, uid: Any, text: str) -> ColumnElement[bool]:
    return or_(title.icontains(text, autoescape=True), uid.icontains(text, autoescape=True))


def _entry(row: AnyRow) -> Entry:
    uid, start = str(row.uid), integer(row.start)
    return Entry(
        uid=uid,
        start=start,
        end=integer(row.end),
        title=row.title or '',
        status=status_of(row.status),
        name=row.name or Event(uid, start, start).name,
        phase=row.phase or '',
        outcome=choice(Outcome, row.outcome),
        cause=row.cause or '',
        attempts=row.attempts or 0,
        next_try=row.next_try,
        sent=row.sent or 0,
        total=row.total or 0,
        updated=row.updated,
        ours=bool(row.phase),
    )
