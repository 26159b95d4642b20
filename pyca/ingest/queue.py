"""Which recording is uploaded next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from pyca import settings
from pyca.ingest.backoff import LONGEST
from pyca.ingest.outside import Outside, Recorded
from pyca.ingest.takeover import take_over
from pyca.ingest.window import CAPTURING, HOURS, Pause
from pyca.states import WAITING_FOR_UPLOAD, EventStatus

IDLE = 10.0
"""Seconds between two looks for something to upload."""
LOOK_EVERY = 60.0
"""Seconds between two looks for uploads that nobody has in hand."""
CLOSED_AT_MOST = 2 * 86_400.0
"""Seconds for which an upload window is believed to be closed."""


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
        self._settling: frozenset[str] = frozenset()
        self._paused = True
        """Whether there may be recordings that were told why they wait; an agent before this one may have done so."""
        self.waiting = True
        """Whether anything was to be uploaded, now or later, when `idle` was asked last."""

    def next(self, in_hand: frozenset[str], *, claim: bool) -> Claimed | None:
        """Claim a recording of an event that nobody has `in_hand`; with `claim` unset, only look after those that wait.

        Raises StorageError.
        """
        now = self._outside.clock.monotonic()
        if self._looked is None or now - self._looked >= LOOK_EVERY:
            if self._looked is None and not self._backup_mode:
                take_over(self._outside)
            self._crashed = deque(row for row in self._outside.recordings.claimed() if self._begun_here(row))
            self._looked = now
        self._crashed = deque(row for row in self._crashed if row.event.uid not in in_hand)
        pause = self._outside.window.now()
        if pause is not None or self._paused:
            self._explain(pause)
        if self._crashed and claim:
            return Claimed(self._crashed.popleft(), fresh=False)
        if pause is not None:
            return self._next_to_settle(in_hand) if claim and self._settling else None
        self._outside.release()
        self._delay()
        recorded = self._outside.recordings.claim(self._outside.clock.now(), in_hand) if claim else None
        return None if recorded is None else Claimed(recorded, fresh=True)

    def _next_to_settle(self, in_hand: frozenset[str]) -> Claimed | None:
        """Claim one while the window is closed: what became of a final call may be asked, and it be repeated."""
        waiting = self._outside.recordings.all(*WAITING_FOR_UPLOAD)
        others = {recorded.event.uid for recorded in waiting} - self._settling
        recorded = self._outside.recordings.claim(self._outside.clock.now(), in_hand | others)
        return None if recorded is None else Claimed(recorded, fresh=True)

    def idle(self) -> float:
        """Seconds until something may be due."""
        now, due = self._outside.clock.now(), self._outside.recordings.next_due()
        self.waiting = due is not None
        if due is None or self._paused:
            return IDLE
        if due > now + self._farthest():
            self._shorten(now)
        return min(IDLE, max(1.0, due - now))

    def _explain(self, pause: Pause | None) -> None:
        """Tell all that wait why they do, until when; or that there is no more reason to."""
        if pause is not None:
            crashed, self._crashed = self._crashed, deque()
            for recorded in crashed:
                self._put_back_unless_settling(recorded, pause, self._crashed.append)
        settling: list[Recorded] = []
        self._paused, now = pause is not None, self._outside.clock.now()
        for recorded in self._outside.recordings.all(*WAITING_FOR_UPLOAD):
            told = recorded.cause.startswith((HOURS, CAPTURING))
            if pause is not None and recorded.ours and recorded.cause != pause.text:
                self._put_back_unless_settling(recorded, pause, settling.append)
            elif pause is None and told:
                event = recorded.event
                self._outside.recordings.delay(event.uid, event.start, recorded.next_try or now, '')
        self._settling = frozenset(recorded.event.uid for recorded in settling)

    def _put_back_unless_settling(self, recorded: Recorded, pause: Pause, keep: Callable[[Recorded], None]) -> None:
        upload = self._outside.uploads.remembered(recorded.name)
        if upload is not None and upload.settles:
            keep(recorded)
        else:
            self.put_back(recorded, pause)

    def put_back(self, recorded: Recorded, pause: Pause | None) -> None:
        """Leave one for when the window opens; where that is known, with a random wait from then on."""
        event, due = recorded.event, self._outside.clock.now()
        if pause is not None and pause.until is not None:
            due = pause.until + self._outside.spread(self._delay_min, self._delay_max)
        due = max(due, recorded.next_try or 0.0)
        self._outside.recordings.delay(event.uid, event.start, due, pause.text if pause is not None else None)

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
        return max(LONGEST, self._delay_max) + 60 + (CLOSED_AT_MOST if self._outside.window.possible else 0.0)

    def _shorten(self, now: float) -> None:
        """End waits that are too long to be ours: the clock was set back."""
        for recorded in self._outside.recordings.all(*WAITING_FOR_UPLOAD):
            if recorded.next_try is not None and recorded.next_try > now + self._farthest():
                self._outside.recordings.delay(recorded.event.uid, recorded.event.start, now)
