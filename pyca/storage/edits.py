"""What people change about recordings, through the page or the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.sql.elements import ColumnElement

from pyca.errors import PycaError
from pyca.event import Event
from pyca.states import EventStatus
from pyca.storage.database import Database
from pyca.storage.recording_rows import (
    DELETED,
    SELECT,
    E,
    P,
    Recorded,
    find,
    is_deleted,
    note,
    recorded_of,
    started,
)
from pyca.storage.rows import AnyRow
from pyca.storage.tables import pyca_recording, recorded_event

OVERDUE = 600.0
"""Seconds after its end from which a recording is not believed to run: whoever wrote so has not come back."""


class InUse(PycaError):
    """The agent works on it at this moment: nobody may change that under its hands."""


@dataclass(frozen=True)
class Edit:
    """The new values of a recording; None leaves one as it is."""

    start: int | None = None
    end: int | None = None
    status: EventStatus | None = None


class Edits:
    """Changes without asking what the agent itself would do; InUse while it does it (H19)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def change(self, uid: str, edit: Edit) -> Recorded | None:
        """Change the newest recording of a uid; None if there is none.

        The status "finished recording" means: upload it now (peers C22). Nothing else makes a row of an old
        installation one of ours (peers C21). The folder keeps its name.
        """
        with self._database.write() as connection:
            newest = connection.execute(SELECT.where(E.uid == uid).order_by(E.start.desc()).limit(1)).first()
            if newest is None:
                return None
            start, now = newest.start, self._database.clock.now()
            _refuse_in_use([newest], now)
            if newest.status == EventStatus.UPLOADING and newest.phase:
                raise InUse(f'{uid} is being uploaded')
            if edit.start is not None and edit.start != start:
                _refuse_taken(connection, uid, edit.start)
            note(connection, uid, start, now, phase=newest.phase or '')  # its folder keeps its name, whatever its start
            _apply(connection, uid, start, edit)
            start = start if edit.start is None else edit.start
            if edit.status is EventStatus.FINISHED_RECORDING:
                note(connection, uid, start, now, phase='queued', next_try=0.0, outcome=None, cause='')
            row = find(connection, uid, start)
            return None if row is None else recorded_of(row)

    def delete(self, uid: str, start: int | None = None) -> list[Recorded]:
        """Delete all recordings of a uid, or the one of this start, from the database; answers what they were.

        Their folders stay until somebody removes them, and do not bring the rows back. Only a recording that should
        have ended long ago and comes to an end all the same does: what it recorded would be lost otherwise.
        """
        now = self._database.clock.now()
        with self._database.write() as connection:
            rows = _of(connection, uid, start)
            _refuse_in_use(rows, now)
            connection.execute(delete(recorded_event).where(*_meant(uid, start)))
            for row in rows:
                if row.status == EventStatus.RECORDING:
                    connection.execute(delete(pyca_recording).where(P.uid == uid, P.start == row.start))
                else:
                    note(connection, uid, row.start, now, phase=DELETED)
            return [recorded_of(row) for row in rows]

    def has_deleted(self, event: Event) -> bool:
        """Whether a person has deleted what was recorded of it, also under the start that a person has given it."""
        with self._database.read() as connection:
            return is_deleted(connection, event.uid, started(connection, event))

    def deletable(self, uid: str, start: int | None = None) -> list[Recorded]:
        """What `delete` would delete; InUse, or StorageError where nothing can be written, as it would."""
        with self._database.write() as connection:
            rows = _of(connection, uid, start)
        _refuse_in_use(rows, self._database.clock.now())
        return [recorded_of(row) for row in rows]


def in_use(row: Recorded, now: float) -> str:
    """That it is being recorded at this moment, in words; empty if it is not.

    Rows of an old installation are nobody's work any more, nor is a recording that should have ended long ago.
    """
    if row.ours and row.status is EventStatus.RECORDING and now <= row.event.end + OVERDUE:
        return f'{row.event.uid} is being recorded'
    if row.status is EventStatus.PARTIAL_RECORDING and row.phase == 'interrupted' and now < row.event.end:
        return f'{row.event.uid} is recorded further as soon as the agent is back'
    return ''


def _of(connection: Connection, uid: str, start: int | None) -> Sequence[AnyRow]:
    return connection.execute(SELECT.where(*_meant(uid, start)).order_by(E.start.desc())).all()


def _meant(uid: str, start: int | None) -> list[ColumnElement[bool]]:
    return [E.uid == uid] if start is None else [E.uid == uid, E.start == start]


def _refuse_in_use(rows: Iterable[AnyRow], now: float) -> None:
    for row in rows:
        if reason := in_use(recorded_of(row), now):
            raise InUse(reason)


def _refuse_taken(connection: Connection, uid: str, start: int) -> None:
    """InUse where there is, or was, another recording that begins then: what is known of that one stays."""
    if find(connection, uid, start) is not None:
        raise InUse(f'there is another recording of {uid} that begins then')
    if connection.execute(select(P.start).where(P.uid == uid, P.start == start)).first() is not None:
        raise InUse(f'a recording of {uid} that began then was deleted; choose another start')


def _apply(connection: Connection, uid: str, start: Any, edit: Edit) -> None:
    given = {'start': edit.start, 'end': edit.end, 'status': edit.status}
    values = {name: int(value) for name, value in given.items() if value is not None}
    if values:
        connection.execute(update(recorded_event).where(E.uid == uid, E.start == start).values(values))
    if edit.start is not None:
        connection.execute(update(pyca_recording).where(P.uid == uid, P.start == start).values(start=edit.start))
