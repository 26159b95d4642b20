"""The accounts: what the recordings' folders say, kept true in the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from pyca.accounts.comparison import Comparison
from pyca.accounts.counts import Counting
from pyca.accounts.missed import Misses
from pyca.accounts.said import Words
from pyca.clock import Clock
from pyca.errors import StorageError
from pyca.event import Event
from pyca.recording.journal import Journal
from pyca.recording.store import Store
from pyca.states import Fault, ServiceType
from pyca.stop import Bell
from pyca.storage.counts import Counts
from pyca.storage.faults import Faults
from pyca.storage.memory import Memory
from pyca.storage.recorded import Recordings

logger = logging.getLogger(__name__)

SETTLE = 3600.0
"""Seconds between two looks for recordings whose journals nobody writes any more."""


@dataclass(frozen=True)
class Ledgers:
    """Where the accounts are written; `written` is called after each entry, `errands` at each turn."""

    recordings: Recordings
    faults: Faults
    memory: Memory
    counts: Counts
    written: Callable[[], None] = lambda: None
    errands: Callable[[], None] = lambda: None


Note = Callable[[], None]


class Accounts:
    """Takes what the capture service tells it and writes it to the database, however long that takes.

    The database is only an index over the folders: what could not be written is written later, what was lost is
    written again. Telling never waits and never fails.
    """

    name = 'accounts'
    busy = False

    def __init__(self, store: Store, ledgers: Ledgers, clock: Clock, *, backup_mode: bool, bell: Bell) -> None:
        """`bell` is rung when there is something to write."""
        self._store = store
        self._recordings = ledgers.recordings
        self._faults = ledgers.faults
        self._written = ledgers.written
        self._errands = ledgers.errands
        self._clock = clock
        words = Words(store, ledgers.recordings, ledgers.memory, clock, backup_mode)
        self._misses = Misses(store, ledgers.recordings, ledgers.memory, clock, backup_mode)
        self._comparison = Comparison(store, ledgers.recordings, words, self._misses, clock)
        self._counting = Counting(store, ledgers.recordings, words, ledgers.counts)
        self._lock = threading.Lock()
        self._notes: dict[object, Note] = {}
        self._known_faults: dict[Fault, str] = {}
        self._compared = self._cleaned = False
        self._settled: float | None = None
        self._bell = bell

    def recording(self, journal: Journal) -> None:
        """Note the state of a recording; only the newest counts."""
        self._take((journal.event.uid, journal.event.start), lambda: self._comparison.mirror(journal))

    def missed(self, event: Event, cause: str) -> None:
        """Note that an event is over and was not recorded at all."""
        self._take((event.uid, event.start), lambda: self._misses.state(event, cause))

    def fault(self, fault: Fault, text: str) -> None:
        """Note a fault of the capture service, or with an empty text its cure."""
        if self._known_faults.get(fault, '') == text:
            return
        self._known_faults[fault] = text
        if text:
            logger.error('%s', text)
        self._take(fault, lambda: self._write_fault(fault, text))

    def compare(self) -> None:
        """Have the whole folder compared with the database at the next step: it is another database than before."""
        self._compared = False
        self._bell.ring()

    def step(self) -> float:
        if not self._cleaned:
            self._faults.clear(ServiceType.CAPTURE)  # what an earlier run could not take back
            self._cleaned = True
        self._errands()
        self.fault(Fault.DISK_FULL, self._store.full())
        self.fault(Fault.FOLDER_UNUSABLE, self._store.trouble())
        while self._write_one():
            self._written()
        if not self._compared:
            self._compare()
        self._misses.look()
        self._settle()
        return 60.0

    def close(self) -> None:
        """A last try; what stays unwritten is in the folders."""
        try:
            self.step()
        except StorageError as error:
            logger.warning('The database does not have everything yet: %s', error)

    def _compare(self) -> None:
        """Another database may come while this goes on; then it is done once more."""
        self._compared = True
        try:
            self._counting.run()
            self._misses.begin()
            self._comparison.run()
            self._counting.complete()
            self._misses.look_again()
            self._settled = None
        except BaseException:
            self._compared = False
            raise

    def _settle(self) -> None:
        now = self._clock.monotonic()
        if self._settled is None or now - self._settled >= SETTLE:
            self._comparison.settle()
            self._settled = now

    def _take(self, key: object, note: Note) -> None:
        with self._lock:
            self._notes.pop(key, None)
            self._notes[key] = note
        self._bell.ring()

    def _write_one(self) -> bool:
        """Write a note. It goes to the end of the queue first: one that cannot be written must not stop the others."""
        with self._lock:
            if not self._notes:
                return False
            key = next(iter(self._notes))
            note = self._notes[key] = self._notes.pop(key)
        note()
        with self._lock:
            if self._notes.get(key) is note:
                del self._notes[key]
        return True

    def _write_fault(self, fault: Fault, text: str) -> None:
        if text:
            self._faults.raise_(ServiceType.CAPTURE, fault, text, self._clock.now())
        else:
            self._faults.clear(ServiceType.CAPTURE, fault)
