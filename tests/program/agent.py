"""The real program as a child process, with a folder and a configuration of its own."""

from __future__ import annotations

import itertools
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyca.demo.standin import StandIn
from pyca.recording.processes import all_processes, has_variable
from pyca.stop import Bell
from tests.harm import kill_all

ROOT = Path(__file__).parents[2]

COUNTER = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
stop = time.time() + int(sys.argv[1])
with open(sys.argv[2], 'ab', buffering=0) as file:
    while time.time() < stop:
        file.write(b'the time of this line in the file of a test: %.3f\\n' % time.time())
        time.sleep(0.05)
"""
"""A recorder that writes what time it is, twenty times a second, for as long as it is told or until TERM. The words
keep ffprobe from taking many numbers for sound (AMR); the ending `.dat`, from taking them for a picture (`.bin`)."""

PROMPT = 2.0
"""Seconds after an event's start in which a recorder must have written, on a machine that runs other tests as well.
How late it really is on a quiet one is for the benchmarks."""

MARK = 'PYCA_TEST'
"""An environment variable that the agent and all that it starts carry."""


def wait_for(so: Callable[[], object], what: str = '', limit: float = 90.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + limit
    while not so():
        assert time.monotonic() < deadline, what or 'it never came true'
        Bell().wait(0.05)


class Agent:
    """One installation of the program. `options` are lines of `pyca.conf` by section."""

    def __init__(self, folder: Path, core: StandIn | None = None, **options: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.name = 'hall-1'
        self.recordings = folder / 'recordings'
        self.log = folder / 'agent.log'
        self.children: list[subprocess.Popen[bytes]] = []
        self.environment: dict[str, str] = {}
        recorder = folder / 'counter.py'
        recorder.write_text(COUNTER)
        command = f'{sys.executable} {shlex.quote(str(recorder))} {{{{time}}}} {{{{dir}}}}/{{{{name}}}}.dat'
        self.sections: dict[str, dict[str, Any]] = {
            'agent': {'name': self.name, 'update_frequency': 5, 'database': f'sqlite:///{folder}/pyca.db'},
            'capture': {'directory': self.recordings, 'command': command, 'files': '{{dir}}/{{name}}.dat,'},
            'ingest': {},
            'server': {'url': core.url if core else 'http://127.0.0.1:9', 'username': 'admin', 'password': 'opencast'},
            'ui': {'url': ''},
            'http': {'timeout': 20, 'connection_timeout': 10},
            'logging': {'stderr': True, 'level': 'debug', 'format': '%(asctime)s %(name)s %(levelname)s %(message)s'},
        }
        for section, values in options.items():
            self.sections[section].update(values)

    @property
    def configuration(self) -> Path:
        """The file, written anew."""
        path = self.folder / 'pyca.conf'
        lines = []
        for section, values in self.sections.items():
            lines += [f'[{section}]', *(f'{key} = {_quoted(value)}' for key, value in values.items())]
        path.write_text('\n'.join(lines) + '\n')
        return path

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start `pyca <command>`, `run` by default."""
        return self.run_words('-c', str(self.configuration), *(command or ('run',)))

    def run_words(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `pyca` with just these arguments."""
        words = [sys.executable, '-W', 'error', '-m', 'pyca', *arguments]
        environment = {**os.environ, 'PYTHONPATH': str(ROOT), MARK: str(self.folder), **self.environment}
        with self.log.open('ab') as log:
            child = subprocess.Popen(words, cwd=self.folder, env=environment, stdout=log, stderr=log)
        self.children.append(child)
        return child

    def stop(self, child: subprocess.Popen[bytes] | None = None, limit: float = 30) -> int:
        """End it with TERM; returns the exit code."""
        child = child or self.children[-1]
        child.terminate()
        return child.wait(limit)

    def kill(self, child: subprocess.Popen[bytes] | None = None) -> None:
        """kill -9, the agent alone."""
        child = child or self.children[-1]
        child.kill()
        child.wait()

    def processes(self) -> list[int]:
        """Everything that this installation has running: agent, keepers, recorders."""
        return [
            pid
            for pid, now in all_processes()
            if now.state != 'Z' and pid != os.getpid() and has_variable(pid, MARK, str(self.folder))
        ]

    def power_cut(self) -> None:
        """Everything at once."""
        kill_all(self.processes)
        for child in self.children:
            child.wait()

    def media(self) -> list[Path]:
        """What the recorder wrote."""
        return sorted(self.recordings.glob('recording-*/*.dat*'))

    def writing(self) -> bool:
        """Whether a recorder has begun to write."""
        return any(path.stat().st_size for path in self.media())

    def logged(self) -> str:
        return self.log.read_text(errors='replace')

    def clean(self) -> None:
        """Leave nothing running."""
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        kill_all(self.processes)


MakeAgent = Callable[..., Agent]
"""What the fixture `make_agent` gives."""

ScheduleEvent = Callable[..., str]
"""What the fixture `schedule` gives."""


def stamps(content: bytes) -> list[float]:
    """The times that the counting recorder wrote."""
    return [float(line.split()[-1]) for line in content.split(b'\n') if line.strip()]


def longest_gap(times: list[float]) -> float:
    return max((later - earlier for earlier, later in itertools.pairwise(times)), default=0.0)


def _quoted(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ', '.join(_quoted(entry) for entry in value) + ','
    text = str(value)
    if text.endswith(',') or text == '':
        return text
    return f"'''{text}'''" if any(mark in text for mark in '\'"') else f"'{text}'"
