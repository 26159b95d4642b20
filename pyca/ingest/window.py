"""The times in which uploads may run, with the reason in words why not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from pyca import settings
from pyca.clock import Clock
from pyca.errors import StorageError
from pyca.event import Event
from pyca.hours import Hours
from pyca.states import EventStatus

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0
"""Seconds between two looks whether something is recorded."""
LATE = 300.0
"""Seconds after the end of its event for which a recording is believed to go on: the one who would say that it is over
may be gone."""
HOURS, CAPTURING = 'waits for its hours', 'waits until the recording under way is over'


class Recorded(Protocol):
    @property
    def event(self) -> Event: ...
    @property
    def ours(self) -> bool: ...


class Recordings(Protocol):
    def all(self, *statuses: EventStatus) -> Sequence[Recorded]: ...


@dataclass(frozen=True)
class Pause:
    """Why nothing is uploaded now, and until when, where that is known."""

    text: str
    until: float | None = None


class UploadWindow:
    """Tells whether uploads have to wait: outside of their hours, or while something is recorded."""

    def __init__(self, options: settings.Ingest, zone: tzinfo | None, recordings: Recordings, clock: Clock) -> None:
        self._hours = Hours.of(options.hours, zone)
        self._quiet = options.pause_while_capturing
        self._recordings = recordings
        self._clock = clock
        self._looked: float | None = None
        self._capturing = False
        self.possible = bool(options.hours) or self._quiet
        """Whether there is ever a reason to wait."""

    def now(self) -> Pause | None:
        """Why uploads wait now; None if they do not."""
        now = self._clock.now()
        if not self._hours.open(now):
            opens = self._hours.opens(now)
            return Pause(f'{HOURS}, from {self._hours.shown(opens)}', opens)
        return Pause(CAPTURING) if self._quiet and self._is_capturing(now) else None

    def holding(self) -> bool:
        """The same, for a transfer that asks often."""
        now = self._clock.now()
        return not self._hours.open(now) or (self._quiet and self._is_capturing(now))

    def _is_capturing(self, now: float) -> bool:
        moment = self._clock.monotonic()
        if self._looked is None or moment - self._looked >= LOOK_EVERY:
            self._looked = moment
            try:
                rows = self._recordings.all(EventStatus.RECORDING)
            except StorageError as error:
                logger.debug('Whether something is recorded cannot be asked: %s', error)
                return self._capturing
            self._capturing = any(row.ours and row.event.end + LATE > now for row in rows)
        return self._capturing
