"""A recording under way while the wall clock steps."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from pyca.recording.journal import Journal, Phase
from pyca.recording.recording import Recording
from tests.recording.test_recording import OBEDIENT, Movable, drive, event, options, running, size
from tests.recording.waiting import wait_for


def made(root: Path, seconds: float, clock: Movable, **more: int) -> Recording:
    settings = replace(options(OBEDIENT, **more), directory=str(root))
    happening = event(seconds)
    return Recording(Journal(root / happening.name, happening, settings.flavors), settings, clock)


def test_a_clock_that_steps_over_the_end_before_the_first_look_kills_nothing_at_once(tmp_path: Path) -> None:
    # given the default signals: KILL two minutes after the end, nothing before
    clock = Movable()
    recording = made(tmp_path, 60, clock)
    recording.begin()
    path = recording.journal.folder / f'{recording.event.name}.dat'
    wait_for(lambda: path.exists() and path.stat().st_size)  # it records, and nobody has looked yet

    clock.wrong = 3600
    seen = time.monotonic()
    drive(recording, lambda: recording.settled or time.monotonic() > seen + 2)
    clock.wrong = 0
    recording.tick()

    assert recording.journal.segments[0].signals == []
    recording.end('enough')
    drive(recording, lambda: recording.settled)


def test_a_clock_that_steps_back_leaves_the_recorder_at_work(tmp_path: Path) -> None:
    clock = Movable()
    recording = made(tmp_path, 60, clock, sigterm_time=0)
    recording.begin()
    drive(recording, running(recording))

    clock.wrong = -3600
    seen = time.monotonic()
    drive(recording, lambda: time.monotonic() > seen + 2)
    assert recording.running
    assert recording.journal.phase is Phase.RECORDING
    clock.wrong = 0
    recording.end('enough')
    drive(recording, lambda: recording.settled)

    assert len(recording.journal.segments) == 1
    assert size(recording) == 1


def test_a_clock_that_steps_back_does_not_keep_a_recorder_from_being_ended_by_force(tmp_path: Path) -> None:
    """Between two signals lie the configured seconds, whatever the wall clock says meanwhile."""
    stubborn = OBEDIENT.replace('signal.sigwait([15])', 'time.sleep(600)')
    stubborn = stubborn.replace('f=open', 'signal.pthread_sigmask(0,[15]); f=open')  # before it is seen to run
    clock = Movable()
    settings = replace(options(stubborn, sigterm_time=0, sigkill_time=2), directory=str(tmp_path))
    happening = event(60)
    recording = Recording(Journal(tmp_path / happening.name, happening, settings.flavors), settings, clock)
    recording.begin()
    drive(recording, running(recording))

    recording.end('enough')
    drive(recording, lambda: bool(recording.journal.segments[0].signals))
    clock.wrong = -3600
    drive(recording, lambda: recording.settled)

    assert 'SIGKILL' in recording.journal.segments[0].cause
