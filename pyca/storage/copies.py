"""The recordings of a backup agent, which wait for what becomes of the primary agent's."""

from __future__ import annotations

from pyca.states import BACKUP, EventStatus
from pyca.storage.database import Database
from pyca.storage.recording_rows import SELECT, E, P, Recorded, find, move, note, recorded_of

_HELD = (E.status == int(EventStatus.PAUSED_AFTER_RECORDING)) & (P.phase == 'held')
OFFERED = f'{BACKUP}: '
"""How the cause of a copy begins that a person may want."""


class Copies:
    """What is decided about a copy counts only while nobody else has decided about it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def undecided(self) -> list[Recorded]:
        """Those of which nobody knows yet how the primary agent fared, by their end."""
        with self._database.read() as connection:
            rows = connection.execute(SELECT.where(_HELD, P.cause == BACKUP).order_by(E.end, E.uid)).all()
        return [recorded_of(row) for row in rows]

    def offered(self) -> list[Recorded]:
        """Those that a person may want, since the primary agent did not deliver."""
        with self._database.read() as connection:
            rows = connection.execute(SELECT.where(_HELD, P.cause.startswith(OFFERED)).order_by(E.end, E.uid)).all()
        return [recorded_of(row) for row in rows]

    def close(self, copy: Recorded, cause: str) -> None:
        """Leave it held, with another cause."""
        self._decide(copy, cause=cause)

    def release(self, copy: Recorded) -> bool:
        """Have it uploaded; tells whether it will be."""
        return self._decide(copy, EventStatus.FINISHED_RECORDING, phase='queued', next_try=0.0, outcome=None, cause='')

    def _decide(self, copy: Recorded, status: EventStatus | None = None, **values: object) -> bool:
        uid, start = copy.event.uid, copy.event.start
        with self._database.write() as connection:
            row = find(connection, uid, start)
            if row is None or row.status != EventStatus.PAUSED_AFTER_RECORDING or row.cause != BACKUP:
                return False
            if status is not None:
                move(connection, uid, start, status)
            note(connection, uid, start, self._database.clock.now(), **values)
            return True
