"""Recorders that leave nothing behind."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from pyca.recording.processes import Process, all_processes, has_variable
from pyca.recording.recorder import VARIABLE, Recorder, Spec, state_path

Spawn = Callable[..., Recorder]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recording's folder, of a kind that breaks careless quoting."""
    path = tmp_path / 'hall 1 \'east\' "new"' / 'recording-1-a'
    path.mkdir(parents=True)
    return path


@pytest.fixture
def spawn(folder: Path) -> Iterator[Spawn]:
    """Starts a recorder: a Python program given as text, or the words of a command."""
    numbers: list[int] = []

    def start(program: str = '', *, words: tuple[str, ...] = (), begin: float = 0, seconds: int = 60) -> Recorder:
        numbers.append(len(numbers) + 1)
        start_time = time.time() + begin
        command = words or (sys.executable, '-I', '-S', '-c', program)
        return Recorder.spawn(Spec(command, start_time, int(start_time) + seconds, folder, numbers[-1]))

    yield start
    for number in numbers:
        end_all(state_path(folder, number))


def end_all(state: Path) -> None:
    """Kill whatever carries the state file's path in its environment."""
    for pid, now in list(all_processes()):
        if has_variable(pid, VARIABLE, str(state)):
            Process(pid, now.ticks).signal(SIGKILL)
