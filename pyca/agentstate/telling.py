"""The states of recordings on their way to the core."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from pyca.agentstate.doubts import Doubts
from pyca.agentstate.ports import Core, Report, Reports
from pyca.backoff import Backoff
from pyca.clock import Clock
from pyca.errors import NotUnderstood, Refused
from pyca.states import RecordingState

logger = logging.getLogger(__name__)

REPEAT = 60.0
"""Seconds between two `capturing` of one recording."""

LONGEST_REST = 600.0
"""Seconds, at most, between two tries of a state that the core does not take."""

AT_ONCE = 10
"""Events, at most, whose states are sent in one turn: an agent that is told to stop does so between two turns."""


@dataclass(frozen=True)
class Sent:
    """Whether the core took a state; whether more may be waiting that can be sent at once."""

    taken: bool
    more: bool


class Telling:
    """Sends what is queued, each event in order; repeats `capturing` live or not at all.

    An event that the core does not have (404) is not spoken of again, once that is sure (contract 8, trap 15).
    """

    def __init__(self, core: Core, reports: Reports, doubts: Doubts, clock: Clock) -> None:
        self._core = core
        self._reports = reports
        self._doubts = doubts
        self._clock = clock
        self._unknown: dict[str, RecordingState] = {}  # with the last state that it was not told
        self._rests: dict[str, tuple[Backoff, float]] = {}
        self._repeats: dict[str, float] = {}

    def send(self) -> Sent:
        """Send the oldest state of some events.

        An event that is refused rests for a while and holds up nobody else. Unreachable, Overloaded and LoginFailed,
        which concern all of them, are raised.
        """
        taken, tries, more = False, 0, True
        while more:
            more = False
            for report in self._reports.next():
                if tries == AT_ONCE:
                    return Sent(taken, more=True)
                if self._is_back(report):
                    del self._unknown[report.uid]
                if report.uid in self._unknown:
                    self._drop(report)
                elif self._rest(report.uid) <= 0:
                    tries += 1
                    taken = self._send(report) or taken
                more = more or report.uid in self._unknown
        return Sent(taken, more=taken)

    def _drop(self, report: Report) -> None:
        self._unknown[report.uid] = report.state
        self._reports.sent(report.id)

    def repeat(self, running: Iterable[str]) -> bool:
        """Say again that these are being recorded, if it is time and nothing about them waits; tells whether it was."""
        running = set(running)
        if not running:
            self._repeats = {}
            return False
        waiting = {report.uid for report in self._reports.next()}
        now = self._clock.monotonic()
        # No moment is kept for what cannot be said then: `wait` would be over at once, again and again.
        sayable = running - waiting - set(self._unknown)
        self._repeats = {uid: max(self._repeats.get(uid, now), now + self._rest(uid)) for uid in sayable}
        due = sorted(uid for uid, moment in self._repeats.items() if moment <= now)
        for uid in due:
            self._repeats[uid] = now + REPEAT
            try:
                self._post(uid, RecordingState.CAPTURING)
            except (Refused, NotUnderstood) as error:
                self._not_repeated(uid, error)
        return bool(due)

    def wait(self) -> float:
        """Seconds until something may be due that no change announces."""
        now = self._clock.monotonic()
        moments = [*self._repeats.values(), *(until for _, until in self._rests.values() if until > now)]
        return max(0.0, min(moments, default=now + REPEAT) - now)

    def _post(self, uid: str, state: RecordingState) -> None:
        self._doubts.ask(uid)
        self._core.post_recording_state(uid, state)
        self._doubts.settled(uid)
        self._rests.pop(uid, None)

    def _send(self, report: Report) -> bool:
        try:
            self._post(report.uid, report.state)
        except (Refused, NotUnderstood) as error:
            self._refused(report, error)
            return False
        self._reports.sent(report.id)
        if report.state is RecordingState.CAPTURING:
            self._repeats[report.uid] = self._clock.monotonic() + REPEAT
        return True

    def _refused(self, report: Report, error: Refused | NotUnderstood) -> None:
        uid, state = report.uid, report.state
        status = error.status if isinstance(error, Refused) else None
        if status == 404 and self._doubts.denied(uid):
            self._give_up(uid, state)
            self._reports.sent(report.id)
        elif status == 400:
            logger.error('the core does not take %s for event %s: %s', state.value, uid, error)
            self._reports.sent(report.id)
        else:
            rest = self._let_rest(uid, self._doubts.left(uid) if status == 404 else LONGEST_REST)
            text = 'the core does not take %s for event %s now, next try in %.0f s: %s'
            logger.log(logging.INFO if status == 404 else logging.WARNING, text, state.value, uid, rest, error)

    def _not_repeated(self, uid: str, error: Refused | NotUnderstood) -> None:
        logger.info('the core was not told again that event %s is being recorded: %s', uid, error)
        if not isinstance(error, Refused) or error.status != 404:
            return
        if self._doubts.denied(uid):
            self._give_up(uid, RecordingState.CAPTURING)
        else:
            self._repeats[uid] = self._clock.monotonic() + self._let_rest(uid, self._doubts.left(uid))

    def _give_up(self, uid: str, state: RecordingState) -> None:
        logger.info('the core does not have event %s, so it is not told about it', uid)
        self._unknown[uid] = state
        self._doubts.settled(uid)
        self._rests.pop(uid, None)
        self._repeats.pop(uid, None)

    def _is_back(self, report: Report) -> bool:
        """Whether the core may know the event again: it took it away, and put it back before its end."""
        before = self._unknown.get(report.uid)
        return before is RecordingState.CAPTURE_FINISHED and report.state is RecordingState.CAPTURING

    def _let_rest(self, uid: str, longest: float) -> float:
        backoff, _ = self._rests.get(uid, (Backoff(5.0, LONGEST_REST), 0.0))
        rest = min(backoff.failed(), max(1.0, longest))
        self._rests[uid] = (backoff, self._clock.monotonic() + rest)
        return rest

    def _rest(self, uid: str) -> float:
        _, until = self._rests.get(uid, (None, 0.0))
        return until - self._clock.monotonic()
