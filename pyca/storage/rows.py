"""Rows as objects. Old installations left all kinds of things in their columns; nothing here raises for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pyca.event import Event, Track
from pyca.states import EventStatus

AnyRow: TypeAlias = Any
"""A row of a result; SQLAlchemy 2.0 and 2.1 give its type different parameters."""

Choice = TypeVar('Choice', bound=Enum)

UNKNOWN_STATUS = EventStatus.PAUSED_AFTER_RECORDING
"""What a status that nobody knows is taken for: it waits for a person, nothing is done to it by itself."""

_LONGEST_UID = 1000
LAST_SECOND = 2**31 - 1
"""The largest number that the columns of a time hold; SQLite keeps whatever old code has let through."""


def blob(value: Any) -> bytes:
    """Any JSON value as the bytes of a column; equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, default=str, separators=(',', ':')).encode('ascii')


def value_of(content: bytes | None) -> Any:
    """The JSON value in a column, None for anything else."""
    try:
        return json.loads(content or b'null')
    except ValueError:
        return None


def event_data(data: Mapping[str, Any]) -> bytes:
    return blob(dict(data))


def event_of(row: AnyRow) -> Event:
    """The event of a row that has at least the columns of an event table."""
    data = value_of(row.data)
    return Event(
        uid=str(row.uid),
        start=integer(row.start),
        end=integer(row.end),
        title=row.title or '',
        data=data if isinstance(data, dict) else {},
    )


def tracks_blob(tracks: Iterable[Track]) -> bytes:
    return blob([[track.flavor, str(track.path)] for track in tracks])


def tracks_of(content: bytes | None) -> tuple[Track, ...]:
    """The tracks of a row; entries of another shape are left out."""
    entries = value_of(content)
    if not isinstance(entries, list):
        return ()
    return tuple(
        Track(str(entry[0]), Path(str(entry[1]))) for entry in entries if isinstance(entry, list) and len(entry) == 2
    )


def integer(value: Any) -> int:
    """A whole number; 0 for what upstream's API let through unchecked."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return 0


def status_of(number: Any) -> EventStatus:
    return choice(EventStatus, number) or UNKNOWN_STATUS


def choice(kind: type[Choice], value: Any) -> Choice | None:
    """The member of an enumeration, None when it has no such member."""
    try:
        return kind(value)
    except ValueError:
        return None


def refusal(event: Event) -> str:
    """Why an event cannot be a row, empty when it can: one bad entry must not keep out a whole calendar."""
    try:
        length = len(event.uid.encode())
    except UnicodeEncodeError:
        return 'its uid is not text'
    if not length or length > _LONGEST_UID or '\0' in event.uid:
        return 'its uid is empty, too long or not text'
    if not all(0 <= moment <= LAST_SECOND for moment in (event.start, event.end)):
        return 'its time is before 1970 or after January 2038, which the database cannot hold'
    return ''
