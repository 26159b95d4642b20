"""What is to come: the calendar as it was fetched last."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from pyca.event import Event
from pyca.states import EventStatus
from pyca.storage.database import Database
from pyca.storage.rows import event_data, event_of, refusal
from pyca.storage.tables import clean, upcoming_event, upstream_state

logger = logging.getLogger(__name__)

_U = upcoming_event.c
_COLUMNS = (_U.uid, _U.start, _U.end, _U.title, _U.data)
_SYNCED = select(func.max(upstream_state.c.last_synced))

Key = tuple[str, int]


class Upcoming:
    """The upcoming events of the core, with the time of the last good answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, events: Sequence[Event], url: str, synced: float) -> bool:
        """Make these the upcoming events, all at once; tells whether anything but the time of the answer changed.

        Of two entries with the same uid and start the later one counts. An event that no row can hold is left out,
        with a warning.
        """
        wanted = {(event.uid, event.start): event for event in events if _storable(event)}
        with self._database.write() as connection:
            changed = _replace(connection, wanted)
            _note(connection, url, synced)
        return changed

    def confirm(self, url: str, synced: float) -> None:
        """Note that the core has answered: nothing has changed."""
        with self._database.write() as connection:
            _note(connection, url, synced)

    def all(self) -> list[Event]:
        """All upcoming events by start."""
        with self._database.read() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(_U.start, _U.uid))
            return [event_of(row) for row in rows]

    def get(self, uid: str) -> Event | None:
        """The upcoming event of this uid, the next one if there are several."""
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(_U.uid == uid).order_by(_U.start).limit(1)).first()
            return None if row is None else event_of(row)

    def count(self) -> int:
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(upcoming_event)).scalar_one()

    def synced(self) -> float | None:
        """When the core answered last; None if it never did."""
        with self._database.read() as connection:
            try:
                newest = connection.execute(_SYNCED).scalar()
            except ValueError:  # not a time, in an SQLite file
                return None
        return None if newest is None else newest.replace(tzinfo=timezone.utc).timestamp()


def _storable(event: Event) -> bool:
    reason = refusal(event)
    if reason:
        logger.warning('The event %.80r is left out of the database: %s', event.uid, reason)
    return not reason


def _replace(connection: Connection, wanted: dict[Key, Event]) -> bool:
    """Write the difference only; the stored entries are looked at one after the other, since they may be large."""
    gone: list[Key] = []
    different: list[Event] = []
    new = dict(wanted)
    for row in connection.execute(select(*_COLUMNS).execution_options(yield_per=200)):
        event = new.pop((row.uid, row.start), None)
        if event is None:
            gone.append((row.uid, row.start))
        elif (row.end, row.title or '', row.data) != (event.end, clean(event.title), event_data(event.data)):
            different.append(event)
    for uid, start in gone:
        connection.execute(delete(upcoming_event).where(_U.uid == uid, _U.start == start))
    for event in different:
        where = (_U.uid == event.uid, _U.start == event.start)
        connection.execute(update(upcoming_event).where(*where).values(_values(event)))
    for batch in _batches(list(new.values()), 200):
        connection.execute(insert(upcoming_event), [_values(event) for event in batch])
    return bool(gone or different or new)


def _batches(events: Sequence[Event], size: int) -> Iterator[Sequence[Event]]:
    """Few statements keep the writers' turn short, few events at a time keep the memory small."""
    for first in range(0, len(events), size):
        yield events[first : first + size]


def _values(event: Event) -> dict[str, Any]:
    return {
        'uid': event.uid,
        'start': event.start,
        'end': event.end,
        'title': event.title,
        'data': event_data(event.data),
        'status': int(EventStatus.UPCOMING),
    }


def _note(connection: Connection, url: str, synced: float) -> None:
    moment = datetime.fromtimestamp(synced, timezone.utc).replace(tzinfo=None)
    changed = connection.execute(
        update(upstream_state).where(upstream_state.c.url == url).values(last_synced=moment)
    ).rowcount
    if not changed:
        connection.execute(insert(upstream_state).values(url=url, last_synced=moment))
