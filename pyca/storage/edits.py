"""What people change about recordings, through the page or the API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, update

from pyca.errors import PycaError
from pyca.states import EventStatus
from pyca.storage.database import Database
from pyca.storage.recording_rows import DELETED, SELECT, E, P, Recorded, find, note, recorded_of
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

        The status "finished recording" means: upload it now (peers C22). The folder keeps its name.
        """
        with self._database.write() as connection:
            newest = connection.execute(SELECT.where(E.uid == uid).order_by(E.start.desc()).limit(1)).first()
            if newest is None:
                return None
            start, now = newest.start, self._database.clock.now()
            _refuse_in_use([newest], now)
            if newest.status == EventStatus.UPLOADING and newest.name is not None:
                raise InUse(f'{uid} is being uploaded')
            if edit.start not in (None, start) and find(connection, uid, edit.start) is not None:
                raise InUse(f'there is another recording of {uid} that begins then')
            _apply(connection, uid, start, edit)
            start = start if edit.start is None else edit.start
            if edit.status is EventStatus.FINISHED_RECORDING:
                note(connection, uid, start, now, phase='queued', next_try=0.0, outcome=None, cause='')
            else:
                note(connection, uid, start, now)
            row = find(connection, uid, start)
            return None if row is None else recorded_of(row)

    def delete(self, uid: str) -> list[Recorded]:
        """Delete all recordings of a uid from the database; answers what they were.

        Their folders stay until somebody removes them, and do not bring the rows back. Only a recording that should
        have ended long ago and comes to an end all the same does: what it recorded would be lost otherwise.
        """
        now = self._database.clock.now()
        with self._database.write() as connection:
            rows = connection.execute(SELECT.where(E.uid == uid).order_by(E.start.desc())).all()
            _refuse_in_use(rows, now)
            connection.execute(delete(recorded_event).where(E.uid == uid))
            for row in rows:
                if row.status == EventStatus.RECORDING:
                    connection.execute(delete(pyca_recording).where(P.uid == uid, P.start == row.start))
                else:
                    note(connection, uid, row.start, now, phase=DELETED)
            return [recorded_of(row) for row in rows]

    def deletable(self, uid: str) -> list[Recorded]:
        """What `delete` would delete; InUse as it would."""
        with self._database.read() as connection:
            rows = connection.execute(SELECT.where(E.uid == uid).order_by(E.start.desc())).all()
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


def _refuse_in_use(rows: Iterable[AnyRow], now: float) -> None:
    for row in rows:
        if reason := in_use(recorded_of(row), now):
            raise InUse(reason)


def _apply(connection: Connection, uid: str, start: Any, edit: Edit) -> None:
    given = {'start': edit.start, 'end': edit.end, 'status': edit.status}
    values = {name: int(value) for name, value in given.items() if value is not None}
    if values:
        connection.execute(update(recorded_event).where(E.uid == uid, E.start == start).values(values))
    if edit.start is not None:
        note(connection, uid, start, 0.0)  # a row of ours, named after the folder, hence after the old start
        connection.execute(update(pyca_recording).where(P.uid == uid, P.start == start).values(start=edit.start))
