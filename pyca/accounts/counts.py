"""What the journals in the folders say for the counters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pyca.accounts.said import Words
from pyca.recording.journal import Journal, Segment, load, load_delivered
from pyca.recording.store import DELIVERED, Store
from pyca.storage.counts import Count, Counts
from pyca.storage.recorded import Recordings

ENDED = frozenset({'delivered', 'deleted'})
"""The phases of which an upload has nothing more to say."""


class Counting:
    """Counts what the database has not counted yet: it is new, older than the journals, or did not count before."""

    def __init__(self, store: Store, recordings: Recordings, words: Words, counts: Counts) -> None:
        self._store = store
        self._recordings = recordings
        self._words = words
        self._counts = counts

    def run(self) -> None:
        """To be done before the database is compared with the folder, after which it looks as if it had known all."""
        known, entries = self._counts.known(), self._recordings.entries()
        settled = {name for name in known if name in entries and entries[name].phase in ENDED}
        self._counts.note(self._counted(name) for name in self._names() if name not in settled)

    def complete(self) -> None:
        """Nothing is missing any more."""
        self._counts.complete()

    def _names(self) -> list[str]:
        delivered = (path.stem for path in (self._store.root / DELIVERED).glob('recording-*.json'))
        return sorted({*self._store.names(), *delivered})

    def _counted(self, name: str) -> tuple[str, Count]:
        folder, remains = self._store.find(name), self._store.delivered(name)
        journal = load(folder) if folder.exists() else load_delivered(remains, folder)
        return name, count(journal, self._words.upload(name))


def count(journal: Journal | None, upload: Mapping[str, Any] | None = None) -> Count:
    """What the journals of one recording say: its own, and that of its upload where that was looked at."""
    sent = list(_sizes(upload or {}))
    uploaded = sum(size for _, size in sent) or None
    if journal is None:
        return Count(uploaded=uploaded)
    tracks = sum(size for kind, size in sent if kind == 'track')
    runs = journal.failures + sum(segment.started is not None for segment in journal.segments)
    return Count(_recorded(journal, tracks), uploaded, max(0, runs - len(journal.legs)), _late(journal))


def _sizes(upload: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Kind and bytes of each element that the core has."""
    elements = upload.get('elements')
    for element in elements if isinstance(elements, list) else ():
        if isinstance(element, dict) and element.get('done') and isinstance(element.get('size'), int):
            yield str(element.get('kind')), element['size']


def _recorded(journal: Journal, uploaded: int) -> int:
    """Earlier versions did not note what a segment holds; where its files are gone, what was uploaded has to do."""
    closed = [segment for segment in journal.segments if segment.end is not None]
    size = sum(_size(journal, segment) for segment in closed)
    return size if all(segment.size is not None for segment in closed) else max(size, uploaded)


def _size(journal: Journal, segment: Segment) -> int:
    if segment.size is not None:
        return segment.size
    size = 0
    for name in filter(None, segment.files):
        with suppress(OSError):
            size += journal.path(name).stat().st_size
    return size


def _late(journal: Journal) -> float | None:
    """Seconds from the event's start to the recorder's.

    None where there is none yet, or where the beginning is not the event's: a person began it, it is the rest of an
    event, an earlier agent left its first part.
    """
    if journal.event.impromptu or journal.origin or not journal.segments:
        return None
    started = journal.segments[0].started
    return None if started is None else max(0.0, started - journal.event.start)
