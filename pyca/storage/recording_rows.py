"""One recording in its two tables: what old code knows of it, what is ours."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, insert, select, update

from pyca.event import Event, Outcome, Track
from pyca.states import EventStatus
from pyca.storage import counts
from pyca.storage.rows import AnyRow, choice, event_data, event_of, status_of, tracks_blob, tracks_of
from pyca.storage.tables import clean, pyca_recording, recorded_event

E = recorded_event.c
P = pyca_recording.c

DELETED = 'deleted'
"""The phase of a recording whose row a person has deleted; its journal must not bring it back."""

TAKEN = 'finished'
"""The phase of what an old installation has recorded and this agent uploads: what a journal says of a recording that is
over."""

ANEW: dict[str, Any] = {'attempts': 0, 'next_try': None, 'sent': 0, 'total': 0}
"""An upload that has not begun."""

_OVER = {
    str(int(status))
    for status in (
        EventStatus.FAILED_RECORDING,
        EventStatus.FINISHED_RECORDING,
        EventStatus.PAUSED_AFTER_RECORDING,
    )
}
"""What a journal says of a recording that is over."""

_OURS = ('name', 'phase', 'outcome', 'cause', 'attempts', 'next_try', 'sent', 'total', 'said', 'flaws', 'gaps')

SELECT = select(
    *(E.uid, E.start, E.end, E.title, E.data, E.status, E.tracks),
    *(P[name] for name in _OURS),
).outerjoin(pyca_recording, (P.uid == E.uid) & (P.start == E.start))


@dataclass(frozen=True)
class Recorded:
    """One recorded event. Times are seconds since the epoch, `sent` of `total` are bytes.

    `ours` is False for a row of an old installation that this agent has not taken up; what a person changes of it,
    other than to have it uploaded, leaves it without a phase.
    """

    event: Event
    status: EventStatus
    tracks: tuple[Track, ...]
    name: str
    phase: str
    outcome: Outcome | None
    cause: str
    attempts: int
    next_try: float | None
    sent: int
    total: int
    ours: bool


def recorded_of(row: AnyRow) -> Recorded:
    event = event_of(row)
    return Recorded(
        event=event,
        status=status_of(row.status),
        tracks=tracks_of(row.tracks),
        name=row.name or event.name,
        phase=row.phase or '',
        outcome=choice(Outcome, row.outcome),
        cause=row.cause or '',
        attempts=row.attempts or 0,
        next_try=row.next_try,
        sent=row.sent or 0,
        total=row.total or 0,
        ours=bool(row.phase),
    )


def find(connection: Connection, uid: str, start: int) -> AnyRow | None:
    return connection.execute(SELECT.where(E.uid == uid, E.start == start)).first()


def started(connection: Connection, event: Event) -> int:
    """The start under which the recording of an event is kept: its own, or the one that a person has given it."""
    named = select(P.start).where(P.uid == event.uid, P.name == event.name)
    found = connection.execute(named.order_by(P.start.desc()).limit(1)).scalar()
    return event.start if found is None else int(found)


def move(connection: Connection, uid: str, start: int, to: EventStatus, old: Collection[int] | None = None) -> bool:
    """Set the status where it is one of the `old`; tells whether this call was the one that did."""
    statement = update(recorded_event).where(E.uid == uid, E.start == start).values(status=int(to))
    if old is not None:
        statement = statement.where(E.status.in_([int(status) for status in old]))
    return connection.execute(statement).rowcount == 1


def note(connection: Connection, uid: str, start: int, updated: float, **values: Any) -> None:
    """Keep something of ours about a recording, which thereby becomes ours, save where `phase` is said to be none.

    What is a matter of counters is counted.
    """
    values = {**values, 'updated': updated}
    taken = {'phase': case((P.phase == '', TAKEN), else_=P.phase), **values}
    found = connection.execute(update(pyca_recording).where(P.uid == uid, P.start == start).values(taken))
    if not found.rowcount:
        name = Event(uid, start, start).name
        first = {'name': name, 'phase': TAKEN, 'cause': '', 'attempts': 0, 'sent': 0, 'total': 0}
        connection.execute(insert(pyca_recording).values({'uid': uid, 'start': start, **first, **values}))
    count = counts.Count(uploaded=values.get('sent') or None, outcome=choice(Outcome, values.get('outcome')))
    if count != counts.NOTHING:
        named = select(P.name).where(P.uid == uid, P.start == start)
        counts.raise_to(connection, connection.execute(named).scalar_one(), count)


def caused(cause: str | None) -> dict[str, str]:
    """A cause among the values of a row; None leaves it as it is."""
    return {} if cause is None else {'cause': cause}


def keep(connection: Connection, event: Event, **values: Any) -> None:
    """Write the row that old code knows. A new one needs a `status` among the values."""
    values = {'end': event.end, 'title': event.title, 'data': event_data(event.data), **values}
    where = (E.uid == event.uid, E.start == event.start)
    if not connection.execute(update(recorded_event).where(*where).values(values)).rowcount:
        connection.execute(insert(recorded_event).values({'uid': event.uid, 'start': event.start, **values}))


def is_deleted(connection: Connection, uid: str, start: int, begun: float = 0.0) -> bool:
    """Whether a person has deleted its row. What began after that has not been deleted."""
    row = connection.execute(select(P.phase, P.updated).where(P.uid == uid, P.start == start)).first()
    return row is not None and row.phase == DELETED and row.updated >= begun


@dataclass(frozen=True)
class Said:
    """What a journal says of its recording. Others move the row on; only what the journal says anew counts.

    `flaws` say in words what keeps the recording from being as it should, `gaps` that parts of the event are missing.
    Both stay, while the `cause` of a state goes with it. `resumed`: it went on after it had been over.
    `begun`: when its last recorder was to start.
    """

    status: EventStatus
    phase: str
    tracks: tuple[Track, ...] = ()
    outcome: Outcome | None = None
    cause: str = ''
    flaws: str = ''
    gaps: bool = False
    resumed: bool = False
    begun: float = 0.0

    def is_known(self, row: AnyRow | None, event: Event) -> bool:
        """Whether the journal has said just this before."""
        return (
            row is not None
            and row.said == self._text
            and (row.end, row.title or '', tracks_of(row.tracks)) == (event.end, clean(event.title), self.tracks)
        )

    def resumes(self, row: AnyRow) -> bool:
        """Whether the journal says that a recording which was over goes on.

        It does so only while the core has nothing of it for good. What a person has put aside stays aside.
        """
        status = (row.said or '').partition(' ')[0]
        aside = row.status == EventStatus.PAUSED_AFTER_RECORDING and row.phase != 'held'
        was_over = status in _OVER and row.status != EventStatus.FINISHED_UPLOADING and not aside
        return self.resumed and was_over and self.status in (EventStatus.RECORDING, EventStatus.PARTIAL_RECORDING)

    def tell(self, connection: Connection, row: AnyRow | None, event: Event, at: float) -> bool:
        """Write it; tells whether the phase is another one than before."""
        before = (row.said if row is not None else None) or ''
        status, _, rest = before.partition(' ')
        phase = rest.partition(' ')[0]
        values: dict[str, Any] = {'tracks': tracks_blob(self.tracks)}
        if status != str(int(self.status)):
            values['status'] = int(self.status)
        keep(connection, event, **values)
        ours: dict[str, Any] = {}
        if before != self._text:
            outcome = self.outcome.value if self.outcome else None
            ours = {'phase': self.phase, 'cause': self.cause, 'outcome': outcome, 'said': self._text}
        if row is None or self.resumes(row):
            ours |= ANEW
        note(connection, event.uid, event.start, at, flaws=self.flaws, gaps=int(self.gaps), **ours)
        return phase != self.phase

    @property
    def _text(self) -> str:
        return clean(f'{int(self.status)} {self.phase} {self.cause}')
