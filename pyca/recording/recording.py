"""One event's recording, from the keeper's start to the last segment's end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pyca.clock import Clock
from pyca.event import Event
from pyca.recording import command
from pyca.recording.journal import FILE, Journal, Phase, Segment
from pyca.recording.outputs import Outputs
from pyca.recording.recorder import KeeperState, Recorder, Spec
from pyca.recording.run import Run
from pyca.recording.verdict import End, Verdict, judge, sizes
from pyca.settings import Capture

logger = logging.getLogger(__name__)

ON_TIME = 5.0
"""A recorder that ends at most so many seconds before the event's end is on time."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before the next start after each failure in a row."""
CONTENDED = 0.5
"""Seconds before the next start while the event before may still hold the device."""
CONTENTION = 10.0
"""Seconds from an event's start during which the one before may still hold the device."""
PROVEN = 5.0
"""Seconds that a recorder must have run after a failure before it counts as recording again."""
STEADY = 60.0
"""Seconds that a recorder must have run before the pauses begin at the shortest again."""


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
        self._ending = ''
        self._to_go_on = False
        self._resumed = False
        self._next_start = 0.0
        self._failed_in_row = 0
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

    def begin(self) -> None:
        """Leave it to a keeper to start the recorder at the event's second, or now if that has passed.

        Raises OSError when the folder or the journal cannot be made.
        """
        self.journal.folder.mkdir(parents=True, exist_ok=True)
        self._outputs.adopt_leftovers()
        self._launch(max(float(self.event.start), self._clock.now()))

    def take_over(self) -> None:
        """Go on with what an earlier agent began: find its keeper, or note that it is gone."""
        segments, phase = self.journal.segments, self.journal.phase
        self._outputs.heal()
        if phase.over:
            return
        if segments and segments[-1].end is None:
            recorder = Recorder.find(self.journal.folder, segments[-1].number)
            alive = recorder is not None and recorder.state().phase in ('waiting', 'running')
            found = 'its recorder is taken over' if alive else 'its recorder is gone'
            logger.warning('%s: an unfinished recording, %s', self.event.uid, found)
            self._run = Run(self.journal, recorder, self._settings, self._clock)
        self._resumed = True

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
        logger.info('%s: ending the recording: %s', self.event.uid, reason)
        self._ending, self._to_go_on = reason, to_go_on
        self.journal.held = held or self.journal.held
        self.changes += 1
        if self._run is not None:
            self._run.ask(reason)

    def force(self) -> None:
        """End it without any patience."""
        if self._run is not None:
            self._run.force()

    def discard(self) -> None:
        """Take away the folder of a recording that never began; a folder that holds anything else stays."""
        for path in (self.journal.folder / FILE, *self.journal.folder.glob('keeper-*.json'), self._log):
            path.unlink(missing_ok=True)
        with suppress(OSError):
            self.journal.folder.rmdir()

    @property
    def _log(self) -> Path:
        return self.journal.folder / 'recorder.log'

    def tick(self) -> float:
        """Look at the recorder and do what is due; returns the seconds after which to look again."""
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
        if state is None:
            self._note_progress(run.segment)
            return run.pause()
        self._note_progress(run.segment)
        self._close(run, state)
        return 0.0

    def _note_progress(self, segment: Segment) -> None:
        if segment.started is None:
            return
        ran = self._clock.now() - segment.started
        if not self._failed_in_row or ran >= PROVEN:
            self._enter(Phase.RECORDING, '')
            self.fault = ''
        if ran >= STEADY:
            self._failed_in_row = 0

    def _tick_pause(self) -> float:
        if self._ending or self._clock.now() >= self.event.end - 0.5:
            self._finish()
            return 0.0
        wait = self._next_start - self._clock.monotonic()
        if wait <= 0:
            self._launch(self._clock.now())
        return max(0.05, min(1.0, wait))

    def _launch(self, start: float) -> None:
        event, settings, journal = self.event, self._settings, self.journal
        try:
            self._outputs.set_aside()
        except OSError as error:
            logger.error('%s: earlier files stay where they are: %s', event.uid, error)
        number = 1 + max((segment.number for segment in journal.segments), default=-1) + journal.failures
        segment = Segment(number, planned=start, told=event.end, files=list(self._outputs.names))
        journal.segments.append(segment)
        self.changes += 1
        self._save()
        directory = str(journal.folder.absolute())
        words = command.arguments(
            settings.command, directory=directory, name=event.name, preview_dir=settings.preview_dir
        )
        recorder = Recorder.spawn(Spec(tuple(words), start, event.end, journal.folder, number))
        self.changes += 1
        self._run = Run(journal, recorder, settings, self._clock)

    def _close(self, run: Run, state: KeeperState) -> None:
        segment, self._run = run.segment, None
        segment.status, segment.ended = state.status, state.ended or self._clock.now()
        self.changes += 1
        if segment.started is None and (run.asked or state.phase == 'lost'):
            self.journal.segments.remove(segment)
            return self._ended_before_start()
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
            self.fault = state.error
            return Verdict(End.FAILED, state.error)
        sent = [number for number, _ in segment.signals]
        return judge(state.status, self._settings.exit_code, sent, sizes(self._outputs.paths(segment)))

    def _ended_before_start(self) -> None:
        """The keeper was told to stand down: the event was taken away, or its times changed."""
        if self._ending:
            return self._finish()
        return self._launch(max(float(self.event.start), self._clock.now()))

    def _log_end(self, segment: Segment) -> None:
        if segment.end is End.GOOD:
            logger.info('%s: the recorder ended as it should', self.event.uid)
        elif not self._failed_in_row:
            logger.error('%s: %s', self.event.uid, segment.cause)

    def _enough(self, segment: Segment) -> bool:
        """Whether what is left of the event is not worth another start."""
        if segment.end is End.FAILED and not self.journal.pieces:
            return self.event.end - self._clock.now() < 1
        return self.event.end - (segment.ended or 0.0) <= ON_TIME

    def _plan_restart(self, segment: Segment, *, stalled: bool) -> None:
        now = self._clock.now()
        told_less = segment.told < self.event.end and (segment.ended or now) >= segment.told - ON_TIME
        if (segment.end is End.GOOD and told_less and not stalled) or segment.end is End.UNKNOWN:
            self._next_start = 0.0
            return
        pause = PAUSES[min(self._failed_in_row, len(PAUSES) - 1)]
        if now < self.event.start + CONTENTION and self._contended():
            pause = CONTENDED
        self._failed_in_row += 1
        self._next_start = self._clock.monotonic() + pause
        if not segment.files:
            self.journal.segments.remove(segment)
            self.journal.failures += 1
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
        self._enter(phase, self._ending or journal.cause or (journal.pieces[0].cause if good else ''))
        logger.log(
            logging.ERROR if phase is Phase.FAILED else logging.INFO,
            '%s: recording %s%s',
            self.event.uid,
            phase.value,
            f': {journal.cause}' if journal.cause else '',
        )

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
