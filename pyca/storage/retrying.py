"""What a person decides about one recording: to upload it, now."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from pyca.errors import NothingToDecide
from pyca.event import Outcome
from pyca.states import EventStatus
from pyca.storage.database import Database
from pyca.storage.recording_rows import SELECT, E, P, Recorded, move, note, recorded_of
from pyca.storage.tables import upcoming_event

SHORTEST = 4
"""Letters of a uid that are enough to name it, if no other one begins so."""

_WAITING = (EventStatus.FINISHED_RECORDING, EventStatus.FAILED_UPLOADING)


@dataclass(frozen=True)
class Decision:
    """What was decided: a held recording was `released`, or one that waits anyway does not wait any longer."""

    recorded: Recorded
    released: bool


class Retry:
    """Decides about recordings; what cannot be decided is said in a sentence."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def decide(self, word: str) -> Decision:
        """`word` is a uid, the beginning of one, or the name of a recording. Raises NothingToDecide."""
        with self._database.write() as connection:
            recorded = _chosen(connection, word)
            event, now = recorded.event, self._database.clock.now()
            if recorded.ours and recorded.status in _WAITING:
                note(connection, event.uid, event.start, now, next_try=0.0)
                return Decision(recorded, released=False)
            move(connection, event.uid, event.start, EventStatus.FINISHED_RECORDING)
            note(connection, event.uid, event.start, now, phase='queued', next_try=0.0, outcome=None, cause='')
            return Decision(recorded, released=True)


def _chosen(connection: Connection, word: str) -> Recorded:
    """The one recording that is meant and waits for this."""
    found = _named(connection, word)
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
    beginning = func.substr(E.uid, 1, len(word)) == word
    for meant in (E.uid == word, P.name == word, *([beginning] if len(word) >= SHORTEST else [])):
        rows = connection.execute(SELECT.where(meant).order_by(E.start.desc(), E.uid)).all()
        if rows:
            return [recorded_of(row) for row in rows]
    return []


def _closed(recorded: Recorded) -> str:
    """Why nothing is to be decided; empty if something is. A row of an older program waits for nobody but a person."""
    status = recorded.status
    if status is EventStatus.FINISHED_UPLOADING:
        return 'was delivered already; it is not sent again.'
    if recorded.outcome is Outcome.MISSED and status is EventStatus.FAILED_RECORDING:
        return f'was missed, so there is nothing to upload: {recorded.cause}.'
    if recorded.ours and status in _UNDER_WAY:
        return _UNDER_WAY[status]
    if recorded.ours and status in _WAITING:
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
