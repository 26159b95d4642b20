"""When the core was last spoken with, as the services note it for others to read."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from pyca.errors import StorageError
from pyca.storage.database import Database
from pyca.storage.memory import Memory, keep
from pyca.storage.rows import blob, value_of
from pyca.storage.tables import pyca_memory

logger = logging.getLogger(__name__)

STATE = 'state posted'
UPLOAD = 'upload accepted'
SENDING = 'upload under way'
OFFSET = 'clock offset'
TRIES = 8
"""As many uploads may be under way at once."""
_M = pyca_memory.c
_SELECT = select(_M.key, _M.value).where(_M.key.in_((STATE, UPLOAD, SENDING, OFFSET)))


@dataclass(frozen=True)
class Sending:
    """A try of an upload that is or was under way: when it began, with how many bytes already at the core."""

    uid: str
    start: int
    began: float
    had: int


@dataclass(frozen=True)
class Seen:
    """Times are seconds since the epoch; None for never, or for unknown.

    `offset` is how many seconds the core's clock is ahead of ours. `sending` has the last tries of uploads, oldest
    first.
    """

    state: float | None = None
    upload: float | None = None
    offset: float | None = None
    sending: tuple[Sending, ...] = ()


class Contacts:
    """Nothing here is worth an error: what cannot be noted is noted the next time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._memory = Memory(database)
        self._posted: float | None = None
        self._tries: deque[list[Any]] = deque(maxlen=TRIES)
        self._lock = threading.Lock()  # uploads are made by several threads

    def posted(self, at: float) -> None:
        """The core has taken the agent's state. It does so each minute: it is written with the next heartbeat."""
        self._posted = at

    def write(self, connection: Connection) -> None:
        """Write what waits, within somebody else's transaction."""
        if self._posted is not None:
            keep(connection, STATE, blob(round(self._posted)))

    def accepted(self, at: float) -> None:
        """The core has taken a recording."""
        self._note(UPLOAD, round(at))

    def sending(self, uid: str, start: int, at: float, had: int) -> None:
        """A try of an upload begins to send, when so many bytes are at the core already."""
        with self._lock:
            self._tries.append([uid, start, at, had])
            self._note(SENDING, list(self._tries))

    def offset(self, seconds: float) -> None:
        """The core's clock is so much ahead of ours."""
        self._note(OFFSET, seconds)

    def _note(self, key: str, value: Any) -> None:
        try:
            self._memory.put(key, value)
        except StorageError as error:
            logger.debug('"%s" cannot be noted: %s', key, error)

    def seen(self) -> Seen:
        """Everything, in one question. Raises StorageError."""
        with self._database.read() as connection:
            values = {row.key: value_of(row.value) for row in connection.execute(_SELECT)}
        return Seen(
            _number(values.get(STATE)), _number(values.get(UPLOAD)), _number(values.get(OFFSET)), _sending(values)
        )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _sending(values: dict[str, Any]) -> tuple[Sending, ...]:
    tries = values.get(SENDING)
    return tuple(filter(None, map(_try, tries))) if isinstance(tries, list) else ()


def _try(value: Any) -> Sending | None:
    match value:
        case [str(uid), int(start), int() | float() as began, int(had)]:
            return Sending(uid, start, float(began), had)
        case _:
            return None
