"""The states of recordings on their way to the core."""

from __future__ import annotations

import logging
from collections.abc import Iterable

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


class Telling:
    """Sends what is queued, each event in order; repeats `capturing` live or not at all.

    An event that the core does not know (404) is not spoken of again: it will never know it (contract 8, trap 15).
    """

    def __init__(self, core: Core, reports: Reports, clock: Clock) -> None:
        self._core = core
        self._reports = reports
        self._clock = clock
        self._unknown: dict[str, RecordingState] = {}  # with the last state that it was not told
        self._rests: dict[str, tuple[Backoff, float]] = {}
        self._repeats: dict[str, float] = {}

    def send(self) -> bool:
        """Send the oldest state of each event; tells whether the core took one, so that more may be waiting.

        An event that is refused rests for a while and holds up nobody else. Unreachable, Overloaded and LoginFailed,
        which concern all of them, are raised.
        """
        taken, more = False, True
        while more:
            more = False
            for report in self._reports.next():
                if self._is_back(report):
                    del self._unknown[report.uid]
                if report.uid in self._unknown:
                    self._drop(report)
                elif self._rest(report.uid) <= 0:
                    taken = self._send(report) or taken
                more = more or report.uid in self._unknown
        return taken

    def _drop(self, report: Report) -> None:
        self._unknown[report.uid] = report.state
        self._reports.sent(report.id)

    def repeat(self, running: Iterable[str]) -> bool:
        """Say again that these are being recorded, if it is time and nothing about them waits; tells whether it was."""
        running = set(running)
        self._repeats = {uid: due for uid, due in self._repeats.items() if uid in running}
        if not running:
            return False
        waiting = {report.uid for report in self._reports.next()}
        now = self._clock.monotonic()
        due = [uid for uid in sorted(running - waiting - set(self._unknown)) if self._repeats.get(uid, now) <= now]
        for uid in due:
            self._repeats[uid] = now + REPEAT
            try:
                self._core.post_recording_state(uid, RecordingState.CAPTURING)
            except (Refused, NotUnderstood) as error:
                self._doubt(uid, RecordingState.CAPTURING, error)
        return bool(due)

    def wait(self) -> float:
        """Seconds until something may be due that no change announces."""
        now = self._clock.monotonic()
        moments = [*self._repeats.values(), *(until for _, until in self._rests.values() if until > now)]
        return max(0.0, min(moments, default=now + REPEAT) - now)

    def _send(self, report: Report) -> bool:
        try:
            self._core.post_recording_state(report.uid, report.state)
        except (Refused, NotUnderstood) as error:
            self._refused(report, error)
            return False
        self._reports.sent(report.id)
        self._rests.pop(report.uid, None)
        if report.state is RecordingState.CAPTURING:
            self._repeats[report.uid] = self._clock.monotonic() + REPEAT
        return True

    def _refused(self, report: Report, error: Refused | NotUnderstood) -> None:
        status = error.status if isinstance(error, Refused) else None
        if status == 404:
            self._doubt(report.uid, report.state, error)
            self._reports.sent(report.id)
        elif status == 400:
            logger.error('the core does not take %s for event %s: %s', report.state.value, report.uid, error)
            self._reports.sent(report.id)
        else:
            backoff, _ = self._rests.get(report.uid, (Backoff(5.0, LONGEST_REST), 0.0))
            rest = backoff.failed()
            self._rests[report.uid] = (backoff, self._clock.monotonic() + rest)
            logger.warning(
                'the core does not take %s for event %s now, next try in %.0f s: %s',
                report.state.value,
                report.uid,
                rest,
                error,
            )

    def _is_back(self, report: Report) -> bool:
        """Whether the core may know the event again: it took it away, and put it back before its end."""
        before = self._unknown.get(report.uid)
        return before is RecordingState.CAPTURE_FINISHED and report.state is RecordingState.CAPTURING

    def _doubt(self, uid: str, state: RecordingState, error: Refused | NotUnderstood) -> None:
        if isinstance(error, Refused) and error.status == 404:
            logger.info('the core does not know event %s, so it is not told about it', uid)
            self._unknown[uid] = state
        else:
            logger.info('the core was not told again that event %s is being recorded: %s', uid, error)

    def _rest(self, uid: str) -> float:
        _, until = self._rests.get(uid, (None, 0.0))
        return until - self._clock.monotonic()
