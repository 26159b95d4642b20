"""The tables of the database.

The first four are those of existing installations and must stay as they are (peers C14 to C16): old code has to be
able to open the database again. Whatever is new has its own table, named `pyca_...`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect


class Blob(LargeBinary):
    """Bytes, whatever was put there: old SQLite rows may hold text, drivers may answer with a memoryview."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return _as_bytes


def _as_bytes(value: Any) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    return value.encode('utf-8', 'replace') if isinstance(value, str) else bytes(value)


class Words(TypeDecorator[str]):
    """Text for people. What a database cannot hold (NUL, half a surrogate pair) is replaced, not refused."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


def clean(value: str) -> str:
    """Text as a `Words` column keeps it."""
    return value.replace('\0', '\N{REPLACEMENT CHARACTER}').encode('utf-8', 'replace').decode()


def _event_columns() -> list[Column[Any]]:
    return [
        Column('uid', Text, primary_key=True),
        Column('start', Integer, primary_key=True, autoincrement=False),
        Column('end', Integer, nullable=False),
        Column('title', Words),
        Column('data', Blob, nullable=False),
        Column('status', Integer, nullable=False),
        Column('tracks', Blob),
    ]


metadata = MetaData()

upcoming_event = Table('upcoming_event', metadata, *_event_columns())
recorded_event = Table('recorded_event', metadata, *_event_columns())

Index('pyca_recorded_in_short', recorded_event.c.status, recorded_event.c.start, recorded_event.c.uid)
"""What lists are made from: SQLite reads through a whole row, kilobytes of `data`, to find its status. Old code does
not mind."""

Index('pyca_recorded_by_time', recorded_event.c.start, recorded_event.c.uid)
"""For the newest page of thousands."""

service_states = Table(
    'service_states',
    metadata,
    Column('type', Integer, primary_key=True, autoincrement=False),
    Column('status', Integer, nullable=False),
)

upstream_state = Table(
    'upstream_state',
    metadata,
    Column('url', Text, primary_key=True),
    Column('last_synced', DateTime),
)

pyca_recording = Table(
    'pyca_recording',
    metadata,
    Column('uid', Text, primary_key=True),
    Column('start', Integer, primary_key=True, autoincrement=False),
    Column('name', Words, nullable=False),
    Column('phase', Words, nullable=False),
    Column('outcome', Words),
    Column('cause', Words, nullable=False),
    Column('attempts', Integer, nullable=False),
    Column('next_try', Double),
    Column('sent', BigInteger, nullable=False),
    Column('total', BigInteger, nullable=False),
    Column('said', Words),  # status, phase, cause of the journal when it was last mirrored; others may change all here
    Column('flaws', Words),
    Column('gaps', Integer),
    Column('updated', Double, nullable=False),
)

pyca_report = Table(
    'pyca_report',
    metadata,
    Column('id', Integer, primary_key=True, autoincrement=True),
    Column('uid', Text, nullable=False, index=True),
    Column('state', Words, nullable=False),
    Column('created', Double, nullable=False),
    sqlite_autoincrement=True,  # a number that was sent is never given to another report
)

pyca_service = Table(
    'pyca_service',
    metadata,
    Column('type', Integer, primary_key=True, autoincrement=False),
    Column('text', Words, nullable=False),
    Column('pid', Integer, nullable=False),
    Column('beat', Double, nullable=False),
)

pyca_fault = Table(
    'pyca_fault',
    metadata,
    Column('service', Integer, primary_key=True, autoincrement=False),
    Column('fault', Text, primary_key=True),
    Column('text', Words, nullable=False),
    Column('since', Double, nullable=False),
)

pyca_memory = Table(
    'pyca_memory',
    metadata,
    Column('key', Text, primary_key=True),
    Column('value', Blob, nullable=False),
)

pyca_login_failure = Table(
    'pyca_login_failure',
    metadata,
    Column('kind', Text, primary_key=True),
    Column('key', Text, primary_key=True),  # a digest: people type passwords into the wrong field
    Column('count', Integer, nullable=False),
    Column('since', Double, nullable=False),
)

pyca_order = Table(
    'pyca_order',
    metadata,
    Column('id', Integer, primary_key=True, autoincrement=True),
    Column('uid', Text, nullable=False),
    Column('kind', Words, nullable=False),
    Column('details', Blob, nullable=False),
    Column('created', Double, nullable=False),
    Column('state', Words, nullable=False),
    Column('answer', Words, nullable=False),
    sqlite_autoincrement=True,  # an order that was obeyed is never taken for another one
)

pyca_count = Table(
    'pyca_count',
    metadata,
    Column('name', Text, primary_key=True),
    Column('recorded', BigInteger),  # none until its journal has been counted
    Column('uploaded', BigInteger, nullable=False),
    Column('restarts', Integer, nullable=False),
    Column('late', Double),
    Column('outcomes', Integer, nullable=False),  # one bit for each outcome that it has come to
)

pyca_change = Table(
    'pyca_change',
    metadata,
    Column('id', Integer, primary_key=True, autoincrement=False),
    Column('number', BigInteger, nullable=False),
)
