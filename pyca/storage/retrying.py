"""What a person decides about one recording: to upload it, now."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.sql.elements import ColumnElement

from pyca.errors import NothingToDecide
from pyca.event import Outcome
from pyca.states import WAITING_FOR_UPLOAD, EventStatus
from pyca.storage.database import Database
from pyca.storage.recording_rows import SELECT, E, P, Recorded, move, note, recorded_of
from pyca.storage.tables import upcoming_event

SHORTEST = 4
"""Letters of a uid that are enough to name it, if no other one begins so."""

_NAME = re.compile(r'recording-(\d{1,10})-', re.ASCII)


@dataclass(frozen=True)
class Decision:
    """What was decided: a held recording was `released`, or one that waits anyway does not wait any longer."""

    recorded: Recorded
    released: bool


class Retry:
    """Decides about recordings; what cannot be decided is said in a sentence."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def decide(self, word: str, start: int | None = None) -> Decision:
        """`word` is a uid, the beginning of one, or the name of a recording; with a `start` it is the whole uid of the
        recording that begins then. Raises NothingToDecide."""
        with self._database.write() as connection:
            recorded = _chosen(connection, word, start)
            event, now = recorded.event, self._database.clock.now()
            if recorded.ours and recorded.status in WAITING_FOR_UPLOAD:
                note(connection, event.uid, event.start, now, next_try=0.0)
                return Decision(recorded, released=False)
            move(connection, event.uid, event.start, EventStatus.FINISHED_RECORDING)
            note(connection, event.uid, event.start, now, phase='queued', next_try=0.0, outcome=None, cause='')
            return Decision(recorded, released=True)


def _chosen(connection: Connection, word: str, start: int | None) -> Recorded:
    """The one recording that is meant and waits for this."""
    found = _named(connection, word) if start is None else _found(connection, (E.uid == word) & (E.start == start))
    open_ = [recorded for recorded in found if not _closed(recorded)]
    if len(open_) > 1:
        names = ', '.join(recorded.name for recorded in open_)
        raise NothingToDecide(f'{word} may be one of several; name the one that is meant: {names}')
    if open_:
        return open_[0]
    if found:
        raise NothingToDecide(_sentence(found[0], _closed(found[0])))
    upcoming = select(upcoming_event.c.uid).where(upcoming_event.c.uid == word)
    if connection.execute(upcoming).first() is not None:
        raise NothingToDecide(f'{word} has not been recorded yet.')
    raise NothingToDecide(f'There is no recording of an event {word}; "pyca report --all" lists all of them.')


def _named(connection: Connection, word: str) -> list[Recorded]:
    """The recordings that the word may mean, newest first; the closest meaning counts."""
    return (
        _found(connection, E.uid == word)
        or _found(connection, P.name == word)
        or [recorded for recorded in _unnamed(connection, word) if recorded.name == word]
        or (_found(connection, func.substr(E.uid, 1, len(word)) == word) if len(word) >= SHORTEST else [])
    )


def _unnamed(connection: Connection, name: str) -> list[Recorded]:
    """What an old installation left, which has no name in the database, as far as it begins as the name says."""
    match = _NAME.match(name)
    return _found(connection, P.name.is_(None) & (E.start == int(match[1]))) if match else []


def _found(connection: Connection, meant: ColumnElement[bool]) -> list[Recorded]:
    rows = connection.execute(SELECT.where(meant).order_by(E.start.desc(), E.uid)).all()
    return [recorded_of(row) for row in rows]


def _closed(recorded: Recorded) -> str:
    """Why nothing is to be decided; empty if something is. A row of an older program waits for nobody but a person."""
    status = recorded.status
    if status is EventStatus.FINISHED_UPLOADING:
        return 'was delivered already; it is not sent again.'
    if recorded.outcome is Outcome.MISSED and status is EventStatus.FAILED_RECORDING:
        return f'was missed, so there is nothing to upload: {recorded.cause}.'
    if recorded.ours and status in _UNDER_WAY:
        return _UNDER_WAY[status]
    if recorded.ours and status in WAITING_FOR_UPLOAD:
        return ''
    return '' if recorded.tracks else f'left no file, so there is nothing to upload{_because(recorded)}.'


_UNDER_WAY = {
    EventStatus.RECORDING: 'is still being recorded; it is uploaded by itself after its end.',
    EventStatus.PARTIAL_RECORDING: 'was interrupted; the agent goes on with it, or uploads it, by itself.',
    EventStatus.UPLOADING: 'is being uploaded at this moment.',
}


def _because(recorded: Recorded) -> str:
    return f': {recorded.cause}' if recorded.cause else ''


def _sentence(recorded: Recorded, text: str) -> str:
    title = f'{recorded.event.title} ({recorded.event.uid})' if recorded.event.title else recorded.event.uid
    return f'{title} {text}'
