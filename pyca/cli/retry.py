"""A person's decision about a recording, taken for `pyca retry`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pyca.states import Fault, ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.faults import Faults
from pyca.storage.outcomes import Line
from pyca.storage.retrying import Retry
from pyca.storage.services import Services

_IN_THE_WAY = (Fault.CORE_UNREACHABLE, Fault.LOGIN_REFUSED)


def retry(database: Database, word: str) -> str:
    """Decide, and say what happens now. Raises NothingToDecide and StorageError."""
    decision = Retry(database).decide(word)
    event = decision.recorded.event
    title = f'{event.title} ({event.uid})' if event.title else event.uid
    what = 'is uploaded now' if decision.released else 'does not wait any longer'
    return f'{title} {what}{_but(database)}.'


def _but(database: Database) -> str:
    """What keeps the upload from beginning at once."""
    if Services(database).all()[ServiceType.INGEST].status is ServiceStatus.STOPPED:
        return ', that is, as soon as the agent runs'
    faults = [row for row in Faults(database).all() if row.fault in _IN_THE_WAY]
    return f', that is, as soon as the core can be reached ({faults[0].text.rstrip(".")})' if faults else ''


def command_for(line: Line, others: Sequence[Line]) -> str:
    """What to type for this recording. A uid that is another one's as well, or cannot be typed, is not enough."""
    unique = sum(other.uid == line.uid for other in others) == 1
    word = line.uid if unique and line.uid.isprintable() else line.name
    return f'pyca retry {"-- " if word.startswith("-") else ""}{shlex.quote(word)}'
