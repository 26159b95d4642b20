"""What people change about recordings, through the page or the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select, update

from pyca.states import EventStatus
from pyca.storage.database import Database
from pyca.storage.recording_rows import DELETED, SELECT, E, P, Recorded, find, note, recorded_of
from pyca.storage.tables import pyca_recording, recorded_event


@dataclass(frozen=True)
class Edit:
    """The new values of a recording; None leaves one as it is."""

    start: int | None = None
    end: int | None = None
    status: EventStatus | None = None


class Edits:
    """Changes without asking what the agent itself would do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def change(self, uid: str, edit: Edit) -> Recorded | None:
        """Change the newest recording of a uid; None if there is none.

        The status "finished recording" means: upload it now (peers C22). The folder keeps its name.
        """
        with self._database.write() as connection:
            start = connection.execute(select(E.start).where(E.uid == uid).order_by(E.start.desc()).limit(1)).scalar()
            if start is None:
                return None
            _apply(connection, uid, start, edit)
            now = self._database.clock.now()
            start = start if edit.start is None else edit.start
            if edit.status is EventStatus.FINISHED_RECORDING:
                note(connection, uid, start, now, phase='queued', next_try=0.0, outcome=None, cause='')
            else:
                note(connection, uid, start, now)
            row = find(connection, uid, start)
            return None if row is None else recorded_of(row)

    def delete(self, uid: str) -> list[Recorded]:
        """Delete all recordings of a uid from the database; answers what they were.

        Their folders stay until somebody removes them, and do not bring the rows back. Only a recording that is still
        running does: what it records would be lost otherwise.
        """
        with self._database.write() as connection:
            rows = connection.execute(SELECT.where(E.uid == uid).order_by(E.start.desc())).all()
            connection.execute(delete(recorded_event).where(E.uid == uid))
            for row in rows:
                if row.status == EventStatus.RECORDING:
                    connection.execute(delete(pyca_recording).where(P.uid == uid, P.start == row.start))
                else:
                    note(connection, uid, row.start, self._database.clock.now(), phase=DELETED)
            return [recorded_of(row) for row in rows]


def _apply(connection: Connection, uid: str, start: Any, edit: Edit) -> None:
    given = {'start': edit.start, 'end': edit.end, 'status': edit.status}
    values = {name: int(value) for name, value in given.items() if value is not None}
    if values:
        connection.execute(update(recorded_event).where(E.uid == uid, E.start == start).values(values))
    if edit.start is not None:
        note(connection, uid, start, 0.0)  # a row of ours, named after the folder, hence after the old start
        connection.execute(update(pyca_recording).where(P.uid == uid, P.start == start).values(start=edit.start))
