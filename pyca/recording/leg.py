"""What one command records of an event, through all its runs."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable

from pyca.clock import Clock
from pyca.recording.disk import NO_ROOM, no_room
from pyca.recording.journal import ON_TIME, Journal, Segment
from pyca.recording.launcher import Launcher
from pyca.recording.outputs import Outputs
from pyca.recording.patience import Patience
from pyca.recording.recorder import KeeperState
from pyca.recording.run import Run
from pyca.recording.verdict import End, Verdict, judge, sizes
from pyca.settings_inputs import Leg as Plan

logger = logging.getLogger(__name__)

CONTENTION = 10.0
"""Seconds from an event's start during which the one before may still hold the device."""
REPLACED_AT_MOST = 3
"""Keepers that were lost before the event and are followed by another one at once. A keeper that always dies is a
failure like others, with their pauses."""
TOO_EARLY = 'the recorder ended before the event did'


class Leg:
    """Runs one command, again when it ends too early.

    `recording` tells whether it does what it should, `cause` why it does not; `changes` counts what others may want to
    know; `over` is true once nothing more of it is to be recorded.
    """

    def __init__(self, journal: Journal, plan: Plan, clock: Clock, contended: Callable[[], bool]) -> None:
        """`contended` tells whether another event's recorder may still hold the device."""
        self.changes = 0
        self.fault = ''
        self.cause = ''
        self.recording = self.over = False
        self._journal = journal
        self._plan = plan
        self._clock = clock
        self._contended = contended
        self._outputs = Outputs(journal, plan)
        self._launcher = Launcher(journal, self._outputs, plan, clock)
        self._patience = Patience(clock)
        self._run: Run | None = None
        self._past: Run | None = None
        self._ending = False
        self._replaced = 0

    @property
    def name(self) -> str:
        return self._plan.name

    @property
    def running(self) -> bool:
        """Whether a recorder or its keeper is there."""
        return self._run is not None

    @property
    def seen(self) -> int:
        """Counts what its run has seen that is worth writing down."""
        return self._run.changes if self._run is not None else 0

    def launch(self) -> None:
        """Leave the start to a keeper, never before the event's second, however often it was tried before."""
        self.changes += 1
        try:
            self._run = self._launcher.launch(max(float(self._journal.event.start), self._clock.now()))
        except OSError as error:
            self._not_launched(self._outputs.segments[-1], f'no process could be started: {error.strerror}')

    def heal(self) -> None:
        """Mend what a power cut left half done."""
        self._outputs.heal()

    def find(self) -> None:
        """Go on with what an earlier agent began."""
        self._run = self._launcher.find()

    def ask(self, reason: str) -> None:
        """Have its recorder end; it is started again if there is still something to record."""
        if self._run is not None:
            self._run.ask(reason)

    def go_on(self) -> None:
        """There is more to record than there was."""
        self.over = False

    def end(self, reason: str) -> None:
        """Have it end for good."""
        self._ending = True
        self.ask(reason)

    def force(self) -> None:
        """End it without any patience."""
        run = self._run  # asked from another thread
        if run is not None:
            run.force()

    def clear(self) -> None:
        """Let the operating system forget the last keeper."""
        if self._past:
            self._past.clear()

    def tick(self) -> float:
        """Look at the recorder and do what is due; returns the seconds after which to look again."""
        if self._run is not None:
            return self._tick_run(self._run)
        return 60.0 if self.over else self._tick_pause()

    def _tick_run(self, run: Run) -> float:
        state = run.look()
        self._note_progress(run.segment, state.ended if state else None)
        if state is None:
            return run.pause()
        self._close(run, state)
        return 0.0

    def _note_progress(self, segment: Segment, ended: float | None) -> None:
        """Count what it ran itself, not for how long nobody looked."""
        until = self._clock.now() if ended is None else ended
        if segment.started is not None and self._patience.proven(until - segment.started):
            self.recording, self.cause, self.fault = True, '', ''

    def _tick_pause(self) -> float:
        if self._ending or self._clock.now() >= self._journal.event.end - 0.5:
            self.over = True
            return 0.0
        wait = self._patience.left()
        if wait <= 0:
            self.launch()
        return max(0.05, min(1.0, wait))

    def _not_launched(self, segment: Segment, cause: str) -> None:
        logger.error('%s: %s', self._label, cause)
        segment.end, segment.cause, segment.files = End.FAILED, cause, []
        self._plan_restart(segment, stalled=False)

    def _close(self, run: Run, state: KeeperState) -> None:
        segment, self._run, self._past = run.segment, None, run
        segment.status, segment.ended = state.status, state.ended or self._outputs.last_written(segment)
        self.changes += 1
        began = self._outputs.began(segment)
        if not began and run.asked:
            self._journal.segments.remove(segment)  # told to stand down: the event was called off, or its end moved
            self.over = self._ending
            return None if self.over else self.launch()
        if not began and state.phase == 'lost':
            if self._replaced < REPLACED_AT_MOST and self._clock.now() < self._journal.event.start:
                return self._replace(segment, state.error)
            return self._not_launched(segment, state.error or 'its keeper is gone')
        verdict = self._judge(segment, state)
        segment.end, segment.cause = verdict.end, '; '.join(filter(None, (run.asked, verdict.cause)))
        self._outputs.drop_empty(segment)
        if run.asked or verdict.end is not End.GOOD:
            run.sweep()
        self._log_end(segment)
        if self._ending or self._enough(segment):
            self.over = True
            return None
        return self._plan_restart(segment, stalled=run.stalled)

    def _replace(self, segment: Segment, cause: str) -> None:
        """Nothing is missing yet: to nobody it is news that another keeper waits for the start."""
        logger.warning('%s: another keeper waits for the start: %s', self._label, cause)
        self._replaced += 1
        self._journal.segments.remove(segment)
        self._outputs.forget(segment)
        self.launch()

    def _judge(self, segment: Segment, state: KeeperState) -> Verdict:
        if state.error and not self._outputs.began(segment):
            if state.ended is not None:  # it was tried, and the program could not be started
                self.fault = state.error
            return Verdict(End.FAILED, state.error)
        sent = [number for number, _ in segment.signals] + [signal.SIGTERM] * state.told
        verdict = judge(state.status, self._plan.settings.exit_code, sent, sizes(self._outputs.paths(segment)))
        if verdict.end is End.FAILED and no_room(self._journal.folder):
            return Verdict(End.FAILED, f'{verdict.cause}; {NO_ROOM}')
        return verdict

    def _log_end(self, segment: Segment) -> None:
        if segment.end is End.GOOD:
            logger.info('%s: the recorder ended as it should', self._label)
        elif not self._patience.failures:
            logger.error('%s: %s', self._label, segment.cause)

    def _enough(self, segment: Segment) -> bool:
        """Whether what is left of the event is not worth another start."""
        event = self._journal.event
        if segment.end is End.FAILED and not self._journal.strands.get(self.name):
            return event.end - self._clock.now() < 1
        return event.end - (segment.ended or 0.0) <= ON_TIME

    def _plan_restart(self, segment: Segment, *, stalled: bool) -> None:
        event, now = self._journal.event, self._clock.now()
        told_less = segment.told < event.end and (segment.ended or now) >= segment.told - ON_TIME
        unseen = segment.end is End.UNKNOWN and not self._patience.failures
        ended = bool(segment.signals)  # by the agent: the event was longer again before it had
        if ((told_less or ended) and segment.end in (End.GOOD, End.FORCED) and not stalled) or unseen:
            self._patience.at_once(counted=unseen)
            return
        if segment.end is End.GOOD and not stalled and not self._patience.failures:
            logger.error('%s: %s', self._label, TOO_EARLY)
        self._patience.failed(contended=now < event.start + CONTENTION and self._contended())
        if not segment.files:
            self._journal.segments.remove(segment)
            self._journal.failures += 1
            self._outputs.forget(segment)
        self.recording, self.cause = False, segment.cause or TOO_EARLY

    @property
    def _label(self) -> str:
        """Whom the log speaks of."""
        uid = self._journal.event.uid
        return f'{uid} ({self.name})' if self.name else uid
