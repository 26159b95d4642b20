"""One event's recording, from the keeper's start to the last segment's end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from pyca.clock import Clock
from pyca.event import Event
from pyca.recording.journal import ON_TIME, Journal, Phase, Segment
from pyca.recording.launcher import Launcher
from pyca.recording.outputs import Outputs
from pyca.recording.patience import Patience
from pyca.recording.recorder import KeeperState
from pyca.recording.run import Run
from pyca.recording.verdict import End, Verdict, judge, sizes
from pyca.settings import Capture

logger = logging.getLogger(__name__)

CONTENTION = 10.0
"""Seconds from an event's start during which the one before may still hold the device."""


class Recording:
    """Runs the recorder for one event, again when it ends too early, and keeps the journal.

    `tick()` is called often and never waits. `changes` counts what others may want to know.
    """

    def __init__(
        self, journal: Journal, settings: Capture, clock: Clock, contended: Callable[[], bool] = lambda: False
    ) -> None:
        """`contended` tells whether another event's recorder may still hold the device."""
        self.journal = journal
        self.changes = 0
        self.fault = ''
        self._settings = settings
        self._clock = clock
        self._contended = contended
        self._outputs = Outputs(journal, settings)
        self._run: Run | None = None
        self._past: Run | None = None
        self._ending = ''
        self._to_go_on = False
        self._resumed = False
        self._launcher = Launcher(journal, self._outputs, settings, clock)
        self._patience = Patience(clock)
        self._saved = (0, 0)

    @property
    def event(self) -> Event:
        return self.journal.event

    @property
    def settled(self) -> bool:
        """Whether nothing of it runs any more (an interrupted one goes on when the agent is back)."""
        resting = self.journal.phase is Phase.INTERRUPTED and not self._resumed
        return self._run is None and (self.journal.phase.over or resting)

    @property
    def running(self) -> bool:
        """Whether a recorder or its keeper is there."""
        return self._run is not None

    @property
    def ending(self) -> str:
        """Why it is being ended before its event is over; empty if it is not."""
        return self._ending

    def begin(self) -> None:
        """Leave it to a keeper to start the recorder at the event's second, or now if that has passed; OSError."""
        self.journal.folder.mkdir(parents=True, exist_ok=True)
        self._outputs.adopt_leftovers()
        self._launch()

    def take_over(self) -> None:
        """Go on with what an earlier agent began: find its keeper, or note that it is gone."""
        self._outputs.heal()
        if not self.journal.phase.over:
            self._run, self._resumed = self._launcher.find(), True

    def follow(self, event: Event) -> None:
        """Take over the end and the data that the calendar has now."""
        if event == replace(self.event, start=event.start) and event.data == self.event.data:
            return
        moved = event.end - self.event.end
        self.journal.event = replace(event, start=self.event.start)
        self.changes += 1
        if moved:
            logger.info('%s: the end moved by %+d s', event.uid, moved)
            if self.journal.phase is Phase.WAITING and self._run is not None:
                self._run.ask('its end moved before it began')

    def end(self, reason: str, *, held: str = '', to_go_on: bool = False) -> None:
        """End it before the event's end.

        `held` says why nobody shall upload it unasked; with `to_go_on` it goes on when the agent is back in time.
        """
        if self.settled or self._ending:
            return
        if self.journal.phase is not Phase.WAITING:
            logger.info('%s: ending the recording: %s', self.event.uid, reason)
        self._ending, self._to_go_on = reason, to_go_on
        self.journal.held = held or self.journal.held
        self.changes += 1
        if self._run is not None:
            self._run.ask(reason)

    def force(self) -> None:
        """End it without any patience."""
        run = self._run  # asked from another thread
        if run is not None:
            run.force()

    def tick(self) -> float:
        """Look at the recorder and do what is due; returns the seconds after which to look again."""
        if self._past:
            self._past.clear()
        if self._run is not None:
            wait = self._tick_run(self._run)
        elif self.settled:
            wait = 60.0
        else:
            wait = self._tick_pause()
        self._save()
        return wait

    def _tick_run(self, run: Run) -> float:
        state = run.look()
        self._note_progress(run.segment)
        if state is None:
            return run.pause()
        self._close(run, state)
        return 0.0

    def _note_progress(self, segment: Segment) -> None:
        if segment.started is not None and self._patience.proven(self._clock.now() - segment.started):
            self._enter(Phase.RECORDING, '')
            self.fault = ''

    def _tick_pause(self) -> float:
        if self._ending or self._clock.now() >= self.event.end - 0.5:
            self._finish()
            return 0.0
        wait = self._patience.left()
        if wait <= 0:
            self._launch()
        return max(0.05, min(1.0, wait))

    def _launch(self) -> None:
        """Never before the event's second, however often it was tried before."""
        self.changes += 1
        try:
            self._run = self._launcher.launch(max(float(self.event.start), self._clock.now()))
        except OSError as error:
            self._not_launched(self.journal.segments[-1], f'no process could be started: {error.strerror}')

    def _not_launched(self, segment: Segment, cause: str) -> None:
        logger.error('%s: %s', self.event.uid, cause)
        segment.end, segment.cause, segment.files = End.FAILED, cause, []
        self._plan_restart(segment, stalled=False)

    def _close(self, run: Run, state: KeeperState) -> None:
        segment, self._run, self._past = run.segment, None, run
        segment.status, segment.ended = state.status, state.ended or self._outputs.last_written(segment)
        self.changes += 1
        if segment.started is None and run.asked:
            self.journal.segments.remove(segment)  # told to stand down: the event was called off, or its end moved
            return self._finish() if self._ending else self._launch()
        if segment.started is None and state.phase == 'lost':
            return self._not_launched(segment, state.error or 'its keeper is gone')
        verdict = self._judge(segment, state)
        segment.end, segment.cause = verdict.end, '; '.join(filter(None, (run.asked, verdict.cause)))
        self._outputs.drop_empty(segment)
        if run.asked or verdict.end is not End.GOOD:
            run.sweep()
        self._log_end(segment)
        if self._ending or self._enough(segment):
            return self._finish()
        return self._plan_restart(segment, stalled=run.stalled)

    def _judge(self, segment: Segment, state: KeeperState) -> Verdict:
        if segment.started is None and state.error:
            if state.ended is not None:  # it was tried, and the program could not be started
                self.fault = state.error
            return Verdict(End.FAILED, state.error)
        sent = [number for number, _ in segment.signals]
        return judge(state.status, self._settings.exit_code, sent, sizes(self._outputs.paths(segment)))

    def _log_end(self, segment: Segment) -> None:
        if segment.end is End.GOOD:
            logger.info('%s: the recorder ended as it should', self.event.uid)
        elif not self._patience.failures:
            logger.error('%s: %s', self.event.uid, segment.cause)

    def _enough(self, segment: Segment) -> bool:
        """Whether what is left of the event is not worth another start."""
        if segment.end is End.FAILED and not self.journal.pieces:
            return self.event.end - self._clock.now() < 1
        return self.event.end - (segment.ended or 0.0) <= ON_TIME

    def _plan_restart(self, segment: Segment, *, stalled: bool) -> None:
        now = self._clock.now()
        told_less = segment.told < self.event.end and (segment.ended or now) >= segment.told - ON_TIME
        unseen = segment.end is End.UNKNOWN and not self._patience.failures
        ended = bool(segment.signals)  # by the agent: the event was longer again before it had
        if ((told_less or ended) and segment.end in (End.GOOD, End.FORCED) and not stalled) or unseen:
            self._patience.at_once(counted=unseen)
            return
        self._patience.failed(contended=now < self.event.start + CONTENTION and self._contended())
        if not segment.files:
            self.journal.segments.remove(segment)
            self.journal.failures += 1
            self._outputs.forget(segment)
        self._enter(Phase.FAILING, segment.cause or 'the recorder ended before the event did')

    def _finish(self) -> None:
        journal = self.journal
        good = any(segment.end is not End.FAILED for segment in journal.pieces)
        self._resumed = False
        if not journal.segments and not journal.failures and self._ending:
            phase = Phase.CANCELLED
        elif self._to_go_on and self._clock.now() < self.event.end - ON_TIME:
            phase = Phase.INTERRUPTED
        else:
            phase = Phase.FINISHED if good else Phase.FAILED
        self._enter(phase, self._ending or (journal.flaws if good else journal.cause or journal.last_cause))
        log = logger.error if phase is Phase.FAILED else logger.info
        if phase is not Phase.CANCELLED or not self._to_go_on:  # by a stop of the agent nothing is called off
            log('%s: recording %s%s', self.event.uid, phase.value, f': {journal.cause}' if journal.cause else '')

    def _enter(self, phase: Phase, cause: str) -> None:
        if (phase, cause) != (self.journal.phase, self.journal.cause):
            self.journal.phase, self.journal.cause = phase, cause
            self.changes += 1

    def _save(self) -> None:
        """Write the journal if it changed; a disk that does not take it is tried again at the next look."""
        state = (self.changes, self._run.changes if self._run is not None else 0)
        if state == self._saved:
            return
        try:
            self.journal.save()
            self._saved = state
        except OSError as error:
            logger.debug('%s: the journal cannot be written now: %s', self.event.uid, error)
