"""Starts the keeper of a new segment, finds that of an old one."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from pyca.clock import Clock
from pyca.recording import command
from pyca.recording.journal import Journal, Segment
from pyca.recording.outputs import Outputs
from pyca.recording.recorder import KeeperState, Recorder, Spec
from pyca.recording.run import Run
from pyca.settings import Capture

logger = logging.getLogger(__name__)


class Launcher:
    """Makes way for the next run, writes it down, leaves the start to its keeper.

    A disk that takes neither the renaming nor the journal is no reason not to record.
    """

    def __init__(self, journal: Journal, outputs: Outputs, settings: Capture, clock: Clock) -> None:
        self._journal = journal
        self._outputs = outputs
        self._settings = settings
        self._clock = clock

    def launch(self, start: float) -> Run:
        """The run that starts at this second; its segment is the journal's last one, also when OSError is raised."""
        journal, settings = self._journal, self._settings
        self._write(self._outputs.set_aside)
        number = 1 + max((segment.number for segment in journal.segments), default=-1) + journal.failures
        segment = Segment(number, planned=start, told=journal.event.end, files=list(self._outputs.names))
        journal.segments.append(segment)
        self._write(journal.save)
        name = journal.event.name
        directory = os.path.join(settings.directory, name)  # as written there: scripts may look at it
        words = command.arguments(settings.command, directory=directory, name=name, preview_dir=settings.preview_dir)
        recorder = Recorder.spawn(Spec(tuple(words), start, journal.event.end, journal.folder, number))
        return Run(journal, recorder, settings, self._clock)

    def find(self) -> Run | None:
        """The run that an earlier agent began; None if there is none, or nothing came of it."""
        journal = self._journal
        if not journal.segments or journal.segments[-1].end is not None:
            return None
        segment = journal.segments[-1]
        recorder = Recorder.find(journal.folder, segment.number)
        state = recorder.state() if recorder is not None else KeeperState('lost')
        logger.warning('%s: an unfinished recording is taken over, its recorder: %s', journal.event.uid, state.phase)
        if state.phase == 'lost' and segment.started is None and state.started is None:
            journal.segments.pop()  # it never began
            return None
        return Run(journal, recorder, self._settings, self._clock)

    def _write(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            logger.error('%s: recording without having written it down: %s', self._journal.event.uid, error)
