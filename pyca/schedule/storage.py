"""The places where the schedule is kept."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from pyca.errors import StorageError
from pyca.event import Event
from pyca.schedule.known import Known, fingerprint
from pyca.schedule.ports import Stores
from pyca.schedule.window import Window

logger = logging.getLogger(__name__)


class ScheduleStorage:
    """The file for capture, the tables for everybody; each is written only when it differs.

    One of them may fail for long without the other being kept from its work. What was asked for, with the ETag, is
    noted only together with a stored schedule: an ETag without the events would hide them all.
    """

    def __init__(self, stores: Stores, url: str, agent: str, series: str = '') -> None:
        self._stores = stores
        self._url = url
        self._agent = agent
        self._series = series
        self._filed: list[Event] | None = None
        self._stored: list[Event] | None = None
        self._synced = 0.0

    def restore(self, known: Known) -> None:
        """Take up what an earlier run has kept, from the place that has the newer word."""
        try:
            self._read_table()
        except StorageError as error:
            logger.warning('the schedule in the database cannot be read, going on with the file: %s', error)
        filed = self._stores.file.read_schedule()
        if filed is not None:
            self._filed, synced = filed
            if self._stored is None or synced > self._synced:
                self._synced = synced
                known.restore(self._filed)
                return
        known.restore(self._stored or ())

    def _read_table(self) -> None:
        self._stored = self._stores.upcoming.all()
        self._synced = max(self._synced, self._stores.upcoming.synced() or 0.0)

    def settle(self, known: Known) -> None:
        """Make both places say the same, whatever kept one of them from it."""
        if self._stored is None:
            self._read_table()
            known.restore(self._stored or ())
        events = known.events
        if events != self._stored:
            self._stores.upcoming.replace(events, self._url, self._synced)
            self._stored = events

    def window(self, known: Known) -> Window:
        """The question that the stored schedule answered, if it is all there."""
        noted = self.note('calendar')
        if noted.get('url') != self._url or noted.get('agent') != self._agent:
            return Window()
        if noted.get('series', '') != self._series:
            return Window()  # the core's ETag knows nothing of the series (contract 6.1)
        if noted.get('events') != fingerprint(known.events):
            return Window()
        cutoff, etag = noted.get('cutoff'), noted.get('etag')
        if isinstance(cutoff, int) or cutoff is None:
            return Window(cutoff, etag if isinstance(etag, str) else None)
        return Window()

    def note(self, key: str) -> dict[str, Any]:
        """A stored mapping; empty if there is none."""
        value = self._stores.memory.get(key)
        return value if isinstance(value, dict) else {}

    def synced(self, at: float) -> None:
        """The core's word is of this time."""
        self._synced = at

    def write_file(self, known: Known) -> None:
        events = known.events
        if events != self._filed or not self._stores.file.there:
            self._stores.file.write_schedule(events, self._synced, known.gone)
            self._filed = events

    def archived(self, since: float) -> set[str]:
        """The events that were found to be archived since then, by what the file remembers."""
        return {uid for uid, at in self._stores.file.read_archived().items() if at >= since}

    def write_archived(self, uids: Iterable[str], now: float) -> None:
        """Keep them beside the recordings: without that mark, a lost database would have them uploaded."""
        noted = self._stores.file.read_archived()
        self._stores.file.write_archived({uid: noted.get(uid, now) for uid in sorted(uids)})

    def write_table(self, known: Known, window: Window) -> None:
        """Store the schedule, then the question that led to it."""
        events = known.events
        if events == self._stored:
            self._stores.upcoming.confirm(self._url, self._synced)
        else:
            self._stores.upcoming.replace(events, self._url, self._synced)
            self._stored = events
        self._stores.memory.put(
            'calendar',
            {
                'url': self._url,
                'agent': self._agent,
                'series': self._series,
                'cutoff': window.cutoff,
                'etag': window.etag,
                'events': fingerprint(events),
            },
        )
