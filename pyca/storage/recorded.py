"""Recorded events: the index over their folders, the queue of their uploads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from pyca.event import Event, Outcome, together
from pyca.states import ADOPTED, EventStatus, Moment, RecordingState
from pyca.storage import counts, reports
from pyca.storage.counts import NOTHING, Count
from pyca.storage.database import Database
from pyca.storage.recording_rows import (
    ANEW,
    DELETED,
    SELECT,
    E,
    P,
    Recorded,
    Said,
    caused,
    find,
    is_deleted,
    keep,
    move,
    note,
    recorded_of,
    started,
)
from pyca.storage.rows import integer, status_of, tracks_blob, tracks_of

__all__ = ['Recorded', 'Recordings', 'Said']

_BEYOND_CAPTURE = frozenset(
    {
        EventStatus.UPLOADING,
        EventStatus.FAILED_UPLOADING,
        EventStatus.FINISHED_UPLOADING,
        EventStatus.PAUSED_AFTER_RECORDING,
    }
)

_WAITING = (E.status == EventStatus.FINISHED_RECORDING) | ((E.status == EventStatus.FAILED_UPLOADING) & (P.phase != ''))
"""What is to be uploaded. Failed uploads of an old installation only once they are adopted: there may be years of them
(peers C21)."""


class Entry(NamedTuple):
    """A recording in short."""

    uid: str
    start: int
    phase: str


class Recordings:
    """What was recorded of events. One start of one uid is one row; changes name both."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, uid: str, start: int | None = None) -> Recorded | None:
        """The recording of this start, the newest one when no start is given."""
        question = SELECT.where(E.uid == uid).order_by(E.start.desc()).limit(1)
        if start is not None:
            question = question.where(E.start == start)
        with self._database.read() as connection:
            row = connection.execute(question).first()
            return None if row is None else recorded_of(row)

    def of(self, event: Event) -> Recorded | None:
        """The recording of this event, also when a person has given it another start since."""
        with self._database.read() as connection:
            row = find(connection, event.uid, started(connection, event))
            return None if row is None else recorded_of(row)

    def all(self, *statuses: EventStatus, limit: int | None = None) -> list[Recorded]:
        """The recordings, newest start first; those in one of the statuses if any is given."""
        question = SELECT.order_by(E.start.desc(), E.uid).limit(limit)
        if statuses:
            question = question.where(E.status.in_([int(status) for status in statuses]))
        with self._database.read() as connection:
            return [recorded_of(row) for row in connection.execute(question)]

    def counts(self) -> dict[EventStatus, int]:
        """How many there are in each status, every status included."""
        with self._database.read() as connection:
            rows = connection.execute(select(E.status, func.count()).group_by(E.status)).all()
        counts = dict.fromkeys(EventStatus, 0)
        for number, count in rows:
            counts[status_of(number)] += count
        return counts

    def entries(self) -> dict[str, Entry]:
        """Each recording of ours by its name, in short; also those whose rows a person has deleted."""
        with self._database.read() as connection:
            rows = connection.execute(select(P.name, P.uid, P.start, P.phase))
            return {row.name: Entry(row.uid, row.start, row.phase) for row in rows}

    def mirror(self, event: Event, said: Said, report: RecordingState | None = None, count: Count = NOTHING) -> bool:
        """Bring in what the journal of a recording says; tells whether it was news.

        A changed phase queues the `report`. Saying the same again changes nothing, also when somebody else has moved
        the row since; nor is it moved back once its upload has begun, save for a recording that goes on, or brought
        back once a person has deleted it, save for what has been recorded since. The `count` is noted in any case.
        """
        name = event.name
        with self._database.read() as connection:
            event = replace(event, start=started(connection, event))
            known = said.is_known(find(connection, event.uid, event.start), event)
            if known and not counts.is_news(connection, name, count):
                return False
        with self._database.write() as connection:
            counts.raise_to(connection, name, count)
            row = find(connection, event.uid, event.start)
            if row is None and is_deleted(connection, event.uid, event.start, said.begun):
                return False
            if row is not None and status_of(row.status) in _BEYOND_CAPTURE and not said.resumes(row):
                if tracks_of(row.tracks) != said.tracks:
                    keep(connection, event, tracks=tracks_blob(said.tracks))
                return False
            now = self._now()
            if said.tell(connection, row, event, now) and report is not None:
                reports.append(connection, event.uid, report, now)
            return True

    def claim(self, now: float, but_not: frozenset[str] = frozenset()) -> Recorded | None:
        """Take the upload that is due for longest, `but_not` of these events; None without one. Each is taken once."""
        due = SELECT.where(_WAITING, P.next_try.is_(None) | (P.next_try <= now)).order_by(E.end, E.start, E.uid)
        with self._database.read() as connection:
            rows = connection.execute(due.with_only_columns(E.uid, E.start, E.status)).all()
        for uid, start, status in (row for row in rows if row.uid not in but_not):
            with self._database.write() as connection:
                if move(connection, uid, start, EventStatus.UPLOADING, [status]):
                    note(connection, uid, start, self._now())
                    row = find(connection, uid, start)
                    return None if row is None else recorded_of(row)
        return None

    def claimed(self) -> list[Recorded]:
        """What was taken and not given back: after a crash, what is to be taken over."""
        return self.all(EventStatus.UPLOADING)

    def is_claimed(self, uid: str, start: int) -> bool:
        """Whether it is still to be uploaded by whoever has claimed it; a person may have changed its status."""
        question = select(E.status).where(E.uid == uid, E.start == start)
        with self._database.read() as connection:
            return bool(connection.execute(question).scalar() == EventStatus.UPLOADING)

    def adopt(self, since: float, until: float) -> int:
        """Queue the uploads that an older installation began, of events that ended in this time; tells how many."""
        begun = (EventStatus.UPLOADING, EventStatus.FAILED_UPLOADING)
        question = SELECT.where(P.name.is_(None), E.status.in_([int(status) for status in begun]))
        with self._database.read() as connection:
            found = [row for row in connection.execute(question) if since <= integer(row.end) <= until]
        for row in found:
            with self._database.write() as connection:
                move(connection, row.uid, row.start, EventStatus.FAILED_UPLOADING, begun)
                note(connection, row.uid, row.start, self._now(), phase=ADOPTED)
        return len(found)

    def next_due(self) -> float | None:
        """When the next upload is due, 0 for at once; None if nothing waits."""
        with self._database.read() as connection:
            return connection.execute(
                SELECT.where(_WAITING).with_only_columns(func.min(func.coalesce(P.next_try, 0.0)))
            ).scalar()

    def delay(self, uid: str, start: int, next_try: float, cause: str | None = None) -> None:
        """Leave the upload for later, for this cause if any; a claimed one is put back as it was."""
        with self._database.write() as connection:
            row = find(connection, uid, start)
            if row is None:
                return
            back = EventStatus.FAILED_UPLOADING if row.attempts else EventStatus.FINISHED_RECORDING
            move(connection, uid, start, back, [EventStatus.UPLOADING])
            note(connection, uid, start, self._now(), next_try=next_try, **caused(cause))

    def progress(self, uid: str, start: int, sent: int, total: int, cause: str | None = None) -> None:
        """How far the upload is, in bytes, with the cause if it does not move."""
        with self._database.write() as connection:
            note(connection, uid, start, self._now(), sent=sent, total=total, **caused(cause))

    def uploading(self, uid: str, start: int, at: float) -> None:
        """The upload has begun, or begun again."""
        with self._database.write() as connection:
            claimed = move(connection, uid, start, EventStatus.UPLOADING, [EventStatus.UPLOADING])
            if claimed and self._enter(connection, uid, start, 'uploading', cause=''):
                reports.append(connection, uid, Moment.UPLOADING.told, at)

    def resumed(self, uid: str, start: int) -> None:
        """Give back a claimed one, since its recording goes on; nothing of its upload counts."""
        with self._database.write() as connection:
            if not move(connection, uid, start, EventStatus.RECORDING, [EventStatus.UPLOADING]):
                return
            said = f'{int(EventStatus.RECORDING)} recording '  # as its journal would have it said
            note(connection, uid, start, self._now(), phase='recording', said=said, outcome=None, cause='', **ANEW)
            reports.append(connection, uid, Moment.RESUMED.told, self._now())

    def uploaded(self, uid: str, start: int, at: float, cause: str = '', left_out: str = '') -> None:
        """The core has it. What keeps it from being whole is the cause that stays; `left_out` says what it lacks."""
        with self._database.write() as connection:
            row = find(connection, uid, start)
            if row is None:  # a person has deleted it meanwhile
                return
            move(connection, uid, start, EventStatus.FINISHED_UPLOADING)
            gaps = int(bool(row.gaps or left_out))
            outcome = Outcome.DELIVERED_WITH_GAPS if gaps else Outcome.DELIVERED
            words = together(cause or row.flaws or '', left_out)
            values = {'outcome': outcome.value, 'next_try': None, 'cause': words, 'gaps': gaps}
            if self._enter(connection, uid, start, 'delivered', **values):
                reports.append(connection, uid, Moment.DELIVERED.told, at)

    def upload_failed(self, uid: str, start: int, next_try: float, cause: str) -> None:
        """The try has failed; the next one is due at `next_try`. The core hears of it once until a new try begins."""
        with self._database.write() as connection:
            if not move(connection, uid, start, EventStatus.FAILED_UPLOADING, [EventStatus.UPLOADING]):
                return
            values = {'next_try': next_try, 'cause': cause, 'attempts': func.coalesce(P.attempts, 0) + 1}
            note(connection, uid, start, self._now())
            if self._enter(connection, uid, start, 'waiting', **values):
                reports.append(connection, uid, Moment.WAITING.told, self._now())

    def hold(self, uid: str, start: int, cause: str) -> None:
        """A person has to decide; nothing more happens by itself. To the core it is an upload that failed."""
        with self._database.write() as connection:
            before = find(connection, uid, start)
            if before is None:
                return
            move(connection, uid, start, EventStatus.PAUSED_AFTER_RECORDING)
            self._enter(connection, uid, start, 'held', cause=cause, outcome=Outcome.HELD.value, next_try=None)
            if before.phase not in ('waiting', 'held'):
                reports.append(connection, uid, Moment.STUCK.told, self._now())

    def _enter(self, connection: Connection, uid: str, start: int, phase: str, **values: Any) -> bool:
        """Keep a phase with what belongs to it; tells whether the recording was in another one.

        One whose row a person has deleted stays deleted.
        """
        before = connection.execute(select(P.phase).where(P.uid == uid, P.start == start)).scalar()
        if before != DELETED:
            note(connection, uid, start, self._now(), phase=phase, **values)
        return bool(before != phase)

    def _now(self) -> float:
        return self._database.clock.now()
