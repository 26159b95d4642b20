"""What is wrong with the agent now."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from pyca.states import Fault, ServiceType
from pyca.storage.database import Database
from pyca.storage.rows import choice
from pyca.storage.tables import clean, pyca_fault

_F = pyca_fault.c
_SELECT = select(pyca_fault).order_by(_F.since, _F.service, _F.fault)


@dataclass(frozen=True)
class FaultRow:
    """One fault with the service that has it. `since` is in seconds since the epoch."""

    fault: Fault
    text: str
    since: float
    service: ServiceType


class Faults:
    """Faults come from services, one of a kind from each, and stay until the service takes them back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def raise_(self, service: ServiceType, fault: Fault, text: str, at: float) -> bool:
        """State a fault; tells whether it, or its text, is new. A new text does not change since when it is."""
        where = (_F.service == int(service), _F.fault == fault.value)
        question = select(_F.text).where(*where)
        with self._database.read() as connection:
            if connection.execute(question).scalar() == clean(text):
                return False
        with self._database.write() as connection:
            if not connection.execute(update(pyca_fault).where(*where).values(text=text)).rowcount:
                row = {'service': int(service), 'fault': fault.value, 'text': text, 'since': at}
                connection.execute(insert(pyca_fault).values(row))
        return True

    def clear(self, service: ServiceType, fault: Fault | None = None) -> bool:
        """Take back a fault of a service, or all it has; tells whether there was one."""
        where = [_F.service == int(service)]
        if fault is not None:
            where.append(_F.fault == fault.value)
        with self._database.read() as connection:
            if connection.execute(select(_F.fault).where(*where)).first() is None:
                return False
        with self._database.write() as connection:
            return connection.execute(delete(pyca_fault).where(*where)).rowcount > 0

    def all(self) -> list[FaultRow]:
        """Every fault, the oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(_SELECT).all()
        named = [(row, choice(Fault, row.fault), choice(ServiceType, row.service)) for row in rows]
        return [
            FaultRow(fault, row.text, row.since, service)
            for row, fault, service in named
            if fault is not None and service is not None
        ]
