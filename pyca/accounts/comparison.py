"""The recordings folder compared with the database, after which both say the same."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from pyca.accounts.counts import ENDED, count
from pyca.accounts.missed import Misses
from pyca.accounts.said import Words
from pyca.clock import Clock
from pyca.event import Outcome
from pyca.recording.journal import Journal, Phase, load, load_delivered
from pyca.recording.store import DELIVERED, Store
from pyca.states import DECIDED, EventStatus
from pyca.storage.recorded import Entry, Recordings, Said

logger = logging.getLogger(__name__)

UNSETTLED = frozenset({*(phase.value for phase in Phase if not phase.over), 'missed', 'deleted'})
"""The phases in the database that a journal may have left behind."""
LOST = 3600.0
"""Seconds after an event's end from which nobody is believed to write its journal any more."""


class Comparison:
    """Writes what the database does not know: it was restored, lost, or not there for a while."""

    def __init__(self, store: Store, recordings: Recordings, words: Words, misses: Misses, clock: Clock) -> None:
        self._store = store
        self._recordings = recordings
        self._words = words
        self._misses = misses
        self._clock = clock

    def run(self) -> None:
        entries = self._recordings.entries()
        for name in self._store.names():
            entry = entries.get(name)
            if entry is None or entry.phase in UNSETTLED:
                self.mirror(load(self._store.find(name)))
            elif entry.phase not in ENDED:
                self._catch_up(name, entry)
        self._recall_delivered(entries)
        self._misses.recall(entries)

    def mirror(self, journal: Journal | None) -> None:
        """Bring one journal into the database."""
        word = self._words.of(journal) if journal is not None else None
        if journal is None or word is None:
            return
        self._recordings.mirror(journal.event, word.said, word.report, count(journal))
        self._misses.recorded(journal.event)

    def settle(self) -> None:
        """State how recordings ended whose journals nobody will write any more."""
        if self._store.usable():
            return
        for row in self._recordings.all(EventStatus.RECORDING, EventStatus.PARTIAL_RECORDING):
            folder = self._store.find(row.name)
            if row.ours and row.event.end < self._clock.now() - LOST and load(folder) is None:
                cause = f'the journal of this recording is gone or damaged; what there is of it lies in {folder}'
                logger.error('%s: failed: %s', row.event.uid, cause)
                said = Said(EventStatus.FAILED_RECORDING, 'failed', row.tracks, Outcome.FAILED, cause)
                self._recordings.mirror(row.event, said)

    def _catch_up(self, name: str, entry: Entry) -> None:
        """What the upload has come to since the database was as it is now."""
        upload = self._words.upload(name)
        if upload.get('accepted'):
            left_out = str(upload.get('left_out') or '')
            self._recordings.uploaded(entry.uid, entry.start, self._clock.now(), left_out=left_out)
        elif upload.get('held') and entry.phase not in DECIDED:
            self._recordings.hold(entry.uid, entry.start, str(upload.get('error') or 'a person decides'))

    def _recall_delivered(self, entries: Mapping[str, Entry]) -> None:
        """The recordings whose folders were deleted after their upload."""
        for path in sorted((self._store.root / DELIVERED).glob('recording-*.json')):
            name, entry = path.stem, entries.get(path.stem)
            if entry is not None and entry.phase not in ENDED | UNSETTLED:
                self._catch_up(name, entry)
            elif (entry is None or entry.phase in UNSETTLED) and not self._store.find(name).exists():
                self.mirror(load_delivered(path, self._store.root / name))
