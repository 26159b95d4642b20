"""What is kept of events that were not recorded: a small file for each, since they have no folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from pyca.event import Event
from pyca.recording.atomic import read_json, write_json
from pyca.recording.store import Store

MISSED = '.missed'
"""The folder, beside the recordings, for these files."""
KEEP = 400 * 86_400.0
"""Seconds after an event's end for which its file is kept."""

_VERSION = 1


class Miss(NamedTuple):
    """One event with the cause, in words, for which it was not recorded."""

    event: Event
    cause: str


class Missed:
    """The missed events of one recordings folder. Only the accounts write here."""

    def __init__(self, store: Store) -> None:
        self._folder = store.root / MISSED

    def has(self, event: Event) -> bool:
        return self._path(event.name).exists()

    def note(self, event: Event, cause: str) -> bool:
        """Keep one; tells whether it was news. OSError when it cannot be written."""
        if self.has(event):
            return False
        self._folder.mkdir(exist_ok=True)
        content = {'uid': event.uid, 'start': event.start, 'end': event.end, 'title': event.title, 'cause': cause}
        write_json(self._path(event.name), {'version': _VERSION, **content})
        return True

    def cause(self, event: Event) -> str:
        """The one that is kept of this event; empty without any."""
        miss = self.read(event.name)
        return miss.cause if miss is not None else ''

    def forget(self, event: Event) -> None:
        """It was recorded after all."""
        with suppress(OSError):
            self._path(event.name).unlink()

    def names(self) -> list[str]:
        """The names that the recordings of these events would have had."""
        return sorted(path.stem for path in self._folder.glob('recording-*.json'))

    def read(self, name: str) -> Miss | None:
        """None for a file that cannot be read."""
        stored: Any = read_json(self._path(name))
        try:
            event = Event(str(stored['uid']), int(stored['start']), int(stored['end']), str(stored['title']))
            return Miss(event, str(stored['cause']))
        except (KeyError, TypeError, ValueError):
            return None

    def all(self) -> Iterator[Miss]:
        """Those that can be read."""
        for name in self.names():
            miss = self.read(name)
            if miss is not None:
                yield miss

    def prune(self, now: float) -> None:
        """Take away what is older than anybody asks about."""
        for miss in self.all():
            if miss.event.end < now - KEEP:
                self.forget(miss.event)

    def _path(self, name: str) -> Path:
        return self._folder / f'{name}.json'
