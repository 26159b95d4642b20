"""Which recording is uploaded next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from pyca import settings
from pyca.ingest.backoff import LONGEST
from pyca.ingest.outside import Outside, Recorded
from pyca.ingest.takeover import take_over
from pyca.states import EventStatus

IDLE = 10.0
"""Seconds between two looks for something to upload."""
LOOK_EVERY = 60.0
"""Seconds between two looks for uploads that nobody has in hand."""


@dataclass(frozen=True)
class Claimed:
    """A recording that is ours to upload; `fresh` unless it was left behind by a crash."""

    recorded: Recorded
    fresh: bool


class Queue:
    """Takes recordings one by one: those that a crash, or an older database, left claimed, then those that are due."""

    def __init__(self, options: settings.Ingest, backup_mode: bool, outside: Outside) -> None:
        # A backup agent uploads what a person asks for, and a person does not want to wait.
        self._delay_max = 0 if backup_mode else max(options.delay_min, options.delay_max)
        self._delay_min = min(options.delay_min, self._delay_max)
        self._backup_mode = backup_mode
        self._outside = outside
        self._crashed: deque[Recorded] = deque()
        self._looked: float | None = None
        self.waiting = True
        """Whether anything was to be uploaded, now or later, when `idle` was asked last."""

    def next(self) -> Claimed | None:
        """Claim a recording. Raises StorageError. Only called while this service, the only one, has none."""
        now = self._outside.clock.monotonic()
        if self._looked is None or now - self._looked >= LOOK_EVERY:
            if self._looked is None and not self._backup_mode:
                take_over(self._outside)
            self._crashed = deque(row for row in self._outside.recordings.claimed() if self._begun_here(row))
            self._looked = now
        if self._crashed:
            return Claimed(self._crashed.popleft(), fresh=False)
        self._delay()
        recorded = self._outside.recordings.claim(self._outside.clock.now())
        return None if recorded is None else Claimed(recorded, fresh=True)

    def idle(self) -> float:
        """Seconds until something may be due."""
        now, due = self._outside.clock.now(), self._outside.recordings.next_due()
        self.waiting = due is not None
        if due is None:
            return IDLE
        if due > now + self._farthest():
            self._shorten(now)
        return min(IDLE, max(1.0, due - now))

    def _begun_here(self, recorded: Recorded) -> bool:
        """Old installations left rows behind that nobody should wake up."""
        return recorded.ours or self._outside.uploads.has(recorded.name)

    def _delay(self) -> None:
        """Give each new recording its random wait, so that the agents of a site do not all upload at the full hour."""
        if not self._delay_max:
            return
        now = self._outside.clock.now()
        for recorded in self._outside.recordings.all(EventStatus.FINISHED_RECORDING):
            if recorded.ours and recorded.next_try is None and recorded.attempts == 0:
                event = recorded.event
                seconds = self._outside.spread(self._delay_min, self._delay_max)
                self._outside.recordings.delay(event.uid, event.start, min(event.end, now) + seconds)

    def _farthest(self) -> float:
        return max(LONGEST, self._delay_max) + 60

    def _shorten(self, now: float) -> None:
        """End waits that are too long to be ours: the clock was set back."""
        waiting = (EventStatus.FINISHED_RECORDING, EventStatus.FAILED_UPLOADING)
        for recorded in self._outside.recordings.all(*waiting):
            if recorded.next_try is not None and recorded.next_try > now + self._farthest():
                self._outside.recordings.delay(recorded.event.uid, recorded.event.start, now)
