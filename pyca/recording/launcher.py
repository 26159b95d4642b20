"""Starts the keeper of a new segment, finds that of an old one."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from pyca.clock import Clock
from pyca.recording import command, previews
from pyca.recording.journal import Journal, Segment
from pyca.recording.outputs import Outputs
from pyca.recording.recorder import KeeperState, Recorder, Spec
from pyca.recording.run import Run
from pyca.settings_inputs import Leg

logger = logging.getLogger(__name__)


class Launcher:
    """Makes way for the next run, writes it down, leaves the start to its keeper.

    A disk that takes neither the renaming nor the journal is no reason not to record.
    """

    def __init__(self, journal: Journal, outputs: Outputs, leg: Leg, clock: Clock) -> None:
        self._journal = journal
        self._outputs = outputs
        self._leg = leg
        self._clock = clock

    def launch(self, start: float) -> Run:
        """The run that starts at this second; its segment is the leg's last one, also when OSError is raised."""
        journal, settings = self._journal, self._leg.settings
        running = self._running(self._number())
        if running is None:
            self._make_way()
        segment = self._outputs.segment(self._number(), start)
        self._write(journal.save)
        if running is None:
            previews.make_folder(settings)
            running = Recorder.spawn(self._spec(segment))
        return Run(journal, segment, running, settings, self._clock)

    def _spec(self, segment: Segment) -> Spec:
        journal, settings, leg = self._journal, self._leg.settings, self._leg
        name = journal.event.name
        directory = os.path.join(settings.directory, name)  # as written there: scripts may look at it
        if os.path.abspath(directory) != os.path.abspath(journal.folder):
            directory = str(journal.folder)  # the one that stands by
        words = command.arguments(
            settings.command, directory=directory, name=name, preview_dir=settings.preview_dir, inputs=leg.inputs
        )
        start, end = segment.planned, journal.event.end
        return Spec(tuple(words), start, end, journal.folder, segment.number, leg.name, leg.inputs)

    def find(self) -> Run | None:
        """The run that an earlier agent began; None if there is none, or nothing came of it."""
        journal, own = self._journal, self._outputs.segments
        if not own or own[-1].end is not None:
            return None
        segment = own[-1]
        recorder = Recorder.find(journal.folder, segment.number, segment.leg)
        state = recorder.state() if recorder is not None else KeeperState('lost')
        logger.warning('%s: an unfinished recording is taken over, its recorder: %s', journal.event.uid, state.phase)
        if state.phase == 'lost' and not state.started and not self._outputs.began(segment):
            journal.segments.remove(segment)  # it never began
            return None
        return Run(journal, segment, recorder, self._leg.settings, self._clock)

    def _number(self) -> int:
        journal = self._journal
        return 1 + max((segment.number for segment in self._outputs.segments), default=-1) + journal.failures

    def _make_way(self) -> None:
        if not self._outputs.segments and not self._journal.failures:
            self._outputs.adopt_leftovers()
        self._write(self._outputs.set_aside)

    def _running(self, number: int) -> Recorder | None:
        """The run of this number, should it be under way: a full disk may not have taken the word of it."""
        recorder = Recorder.find(self._journal.folder, number, self._leg.name)
        return recorder if recorder is not None and recorder.state().phase in ('waiting', 'running') else None

    def _write(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            logger.error('%s: recording without having written it down: %s', self._journal.event.uid, error)
