"""What the services do, as each says of itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pyca.states import SILENT, ServiceStatus, ServiceType
from pyca.storage.contacts import Contacts
from pyca.storage.database import Database
from pyca.storage.rows import AnyRow, choice
from pyca.storage.tables import pyca_service, service_states

_S = service_states.c
_P = pyca_service.c
_SELECT = select(_S.type, _S.status, _P.text, _P.pid, _P.beat).outerjoin(pyca_service, _P.type == _S.type)


@dataclass(frozen=True)
class ServiceRow:
    """What one service does. `beat` is when it said so last, None if it never did.

    `listed`: whether the tables know of it; an installation that became ours left such lines.
    """

    service: ServiceType
    status: ServiceStatus
    text: str
    pid: int
    beat: float | None
    listed: bool = True


class Services:
    """The state of each service, for everyone to read."""

    def __init__(self, database: Database, contacts: Contacts | None = None) -> None:
        """`contacts`: what else this process has to say, written with each sign of life."""
        self._database = database
        self._contacts = contacts

    def beat(self, states: Mapping[ServiceType, ServiceStatus], at: float | None = None) -> None:
        """Say what services of this process do, all at once: each write wears out a memory card.

        It has to be said again before `SILENT` seconds are over.
        """
        now = self._database.clock.now() if at is None else at
        with self._database.write() as connection:
            for service, status in states.items():
                _put(connection, service_states, int(service), {'status': int(status)})
                _put(connection, pyca_service, int(service), {'text': '', 'pid': os.getpid(), 'beat': now})
            if self._contacts is not None:
                self._contacts.write(connection)

    def all(self) -> dict[ServiceType, ServiceRow]:
        """Every service; stopped is also one that never said anything, or has been silent for too long.

        After the clock was set back a service that lives says so again within a minute.
        """
        now = self._database.clock.now()
        with self._database.read() as connection:
            rows = {row.type: row for row in connection.execute(_SELECT)}
        return {service: _service(service, rows.get(int(service)), now) for service in ServiceType}


def _service(service: ServiceType, row: AnyRow | None, now: float) -> ServiceRow:
    if row is None:
        return ServiceRow(service, ServiceStatus.STOPPED, '', 0, None, listed=False)
    status = choice(ServiceStatus, row.status) or ServiceStatus.STOPPED
    # pyCA 4 gave no signs of life, and never took back what it had said; one from the future says nothing of now
    if row.beat is None or abs(now - row.beat) > SILENT:
        status = ServiceStatus.STOPPED
    return ServiceRow(service, status, row.text or '', row.pid or 0, row.beat)


def _put(connection: Connection, table: Any, service: int, values: dict[str, Any]) -> None:
    if not connection.execute(update(table).where(table.c.type == service).values(values)).rowcount:
        connection.execute(insert(table).values(type=service, **values))
