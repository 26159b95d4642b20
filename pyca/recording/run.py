"""One run of the recorder, as the agent sees it."""

from __future__ import annotations

import logging
import signal

from pyca.clock import Clock
from pyca.recording import ending, previews
from pyca.recording.growth import Growth
from pyca.recording.journal import Journal, Segment
from pyca.recording.recorder import KeeperState, Recorder
from pyca.recording.verdict import signal_name, sizes
from pyca.settings import Capture

logger = logging.getLogger(__name__)

QUICK = 0.25
"""Seconds between two looks while a recorder is about to end."""
CALM = 1.0
"""Seconds between two looks otherwise."""
STEP = 5.0
"""Seconds; whoever sees the end so late has seen the clock step (or was suspended), not time pass."""


class Run:
    """Watches one segment's recorder and sends it what is due; it decides nothing about the recording.

    What it sees goes into the segment; `changes` counts what is worth writing down.
    """

    def __init__(
        self, journal: Journal, segment: Segment, recorder: Recorder | None, settings: Capture, clock: Clock
    ) -> None:
        """No recorder: an earlier agent began it and there is no trace of it."""
        self.segment = segment
        self.changes = 0
        self.stalled = False
        self.asked = ''
        self._asked_at, self._asked_run = 0.0, 0.0
        self._forced = False
        self._journal = journal
        self._recorder = recorder
        self._settings = settings
        self._clock = clock
        self._growth = Growth()
        self._before_end = clock.now() < journal.event.end
        self._noticed: float | None = None

    def ask(self, reason: str) -> None:
        """Have the recorder end now, before the event's end; asked once, the first reason stays."""
        if not self.asked:
            self.asked, self._asked_at, self._asked_run = reason, self._clock.now(), self._clock.monotonic()

    def force(self) -> None:
        """Have it end without any patience."""
        self.ask('ended by force')
        self._forced = True

    def look(self) -> KeeperState | None:
        """See what happened, send what is due; the keeper's last state once the run is over, else None."""
        if self._recorder is None:
            return KeeperState('lost')
        state = self._recorder.state()
        if state.phase == 'waiting':
            if self.asked:
                self._recorder.cancel()
            return None
        if self.segment.started is None and state.started is not None:
            self.segment.started = state.started
            self.changes += 1
            late = max(0.0, state.started - self.segment.planned)
            logger.info('%s: recorder %s started %.2f s after its time', self._journal.event.uid, state.pid, late)
        if state.phase != 'running':
            previews.remove(self._settings, self.segment.started, state.ended or self._clock.now())
            return state
        self._check_growth()
        self._send_what_is_due(self._recorder)
        return None

    def pause(self) -> float:
        """Seconds until the next look is worth while."""
        now = self._clock.now()
        left = self._journal.event.end - now
        if self.segment.started is None:
            due = self.segment.planned + 0.05 - now
            return min(CALM, max(0.05, due)) if due > -CALM else QUICK  # it looks through all processes by then
        return QUICK if self.asked or left < 2 else min(CALM, left - 1)

    def clear(self) -> None:
        """Let the operating system forget the keeper, a child of this process, once it is gone."""
        if self._recorder is not None:
            self._recorder.state()

    def sweep(self) -> None:
        """End what the recorder may have left running in its process group."""
        if self._recorder is not None:
            self._recorder.kill_group(signal.SIGKILL if self._forced else signal.SIGTERM)

    def _check_growth(self) -> None:
        if self.asked or self._clock.now() >= self._journal.event.end:
            return
        files = [self._journal.path(name) for name in self.segment.files if name]
        stalled = self._growth.stalled(sizes(files), self._clock.monotonic())
        if stalled:
            self.stalled = True
            self.ask(f'{stalled[0].name} has stopped growing')
            logger.error('%s: %s', self._journal.event.uid, self.asked)

    def _send_what_is_due(self, recorder: Recorder) -> None:
        number = self._due()
        if number is None:
            return
        logger.info('%s: sending %s to the recorder', self._journal.event.uid, signal_name(number))
        self.segment.signals.append((number, self._now()))
        self.changes += 1
        if number == signal.SIGKILL:
            recorder.kill_group(number)
        else:
            recorder.signal(number)

    def _due(self) -> int | None:
        sent = self.segment.signals
        if self._forced:
            return None if any(number == signal.SIGKILL for number, _ in sent) else int(signal.SIGKILL)
        now = self._now()
        end = self._asked_at if self.asked else self._noticed_end(now)
        # a command that was told a later end does not end by itself
        early = bool(self.asked) or self.segment.told > self._journal.event.end
        return ending.due(self._settings, end, early, sent, now)

    def _now(self) -> float:
        """The wall clock; once it was asked to end, as it goes on from there without any step."""
        return self._asked_at + self._clock.monotonic() - self._asked_run if self.asked else self._clock.now()

    def _noticed_end(self, now: float) -> float:
        """The event's end; when a step of the clock skipped it, the moment after: the recorder gets its time."""
        end = float(self._journal.event.end)
        if now < end:
            self._before_end, self._noticed = True, None
        elif self._noticed is None:
            self._noticed = now if self._before_end and now > end + STEP else end
        return end if self._noticed is None else self._noticed
