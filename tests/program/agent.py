"""The real program as a child process, with a folder and a configuration of its own."""

from __future__ import annotations

import itertools
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pyca.demo.standin import StandIn
from pyca.recording.processes import all_processes, has_variable
from pyca.stop import Bell
from tests.harm import kill_all
from tests.program.machine import held_up

ROOT = Path(__file__).parents[2]

LINE = b'the time of this line in the file of a test, %d.%d: %.3f\n'
"""What a counting recorder writes: its pid, the number of the line, the time. The words keep ffprobe from taking many
numbers for sound (AMR); the ending `.dat`, from taking them for a picture (`.bin`)."""

COUNTER = f"""
import os, signal, sys, time
from itertools import count
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with open('/proc/self/stat', 'rb') as file:
    ticks = int(file.read().rpartition(b')')[2].split()[19])
with open('/proc/uptime') as file:
    age = float(file.read().split()[0]) - ticks / os.sysconf('SC_CLK_TCK')
stop = time.time() - max(0.0, min(60.0, age)) + int(sys.argv[1])
with open(sys.argv[2], 'ab', buffering=0) as file:
    for number in count():
        now = min(stop, time.time())
        file.write({LINE!r} % (os.getpid(), number, now))
        if now == stop:
            break
        time.sleep(0.05)
"""
"""A recorder that writes what time it is, twenty times a second, for as long as it is told or until TERM. It counts
from its birth as a process, and has recorded until its end however late it is woken then: so do devices."""

PROMPT = 2.0
"""Seconds after an event's start in which a recorder must have written on a machine that runs other tests as well, for
`punctual`: when that machine stands still, nobody is to blame. How late it is on a quiet one is for the benchmarks."""

MARK = 'PYCA_TEST'
"""An environment variable that the agent and all that it starts carry."""


def wait_for(so: Callable[[], object], what: str = '', limit: float = 90.0) -> None:
    """Wait until something is so. The limit is for a machine that does not stand still."""
    begun, deadline = time.time(), time.monotonic() + limit
    while not so():
        assert time.monotonic() < deadline + held_up(begun), what or 'it never came true'
        Bell().wait(0.05)


def end_of(child: subprocess.Popen[bytes], limit: float = 90.0) -> int:
    """Wait until it has ended; returns the exit code."""
    wait_for(lambda: child.poll() is not None, 'it does not end', limit)
    return int(child.returncode)


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
        command = f'{sys.executable} -I -S {shlex.quote(str(recorder))} {{{{time}}}} {{{{dir}}}}/{{{{name}}}}.dat'
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
        new = path.with_suffix('.new')
        new.write_text('\n'.join(lines) + '\n')
        return new.replace(path)  # an agent may be about to read it

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

    def stop(self, child: subprocess.Popen[bytes] | None = None, limit: float = 90) -> int:
        """End it with TERM; returns the exit code."""
        child = child or self.children[-1]
        wait_for(lambda: child.poll() is not None or _hears(child.pid, signal.SIGTERM))
        child.terminate()
        return end_of(child, limit)

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
        """What the recorder wrote. A folder may be deleted at the very moment."""
        found: list[Path] = []
        for folder in self.recordings.glob('recording-*'):
            with suppress(FileNotFoundError):
                found += folder.glob('*.dat*')
        return sorted(found)

    def writing(self, files: int = 1) -> bool:
        """Whether a recorder has begun to write, into so many files."""
        return sum(map(_has_content, self.media())) >= files

    def at_rest(self) -> bool:
        """Whether nothing of it runs: keepers end a moment after they have said so."""
        return self.processes() == []

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


class Stamp(float):
    """The time of a line that a counting recorder wrote, with that recorder's pid and the line's number."""

    recorder: int
    number: int

    @classmethod
    def read(cls, line: bytes) -> Stamp:
        *_, mark, at = line.split()
        stamp = cls(at)
        stamp.recorder, stamp.number = map(int, mark.rstrip(b':').split(b'.'))
        return stamp

    def follows(self, other: Stamp) -> bool:
        """Whether the same recorder wrote nothing in between: then only the machine can have held it up."""
        return (self.recorder, self.number) == (other.recorder, other.number + 1)


def stamps(content: bytes) -> list[Stamp]:
    """The times of the whole lines that the counting recorder wrote; of the last one, a part may be there."""
    return [Stamp.read(line) for line in content.split(b'\n')[:-1]]


def longest_gap(times: Iterable[Stamp]) -> float:
    """The most seconds in a row of which there is nothing."""
    pairs = itertools.pairwise(times)
    return max((later - earlier for earlier, later in pairs if not later.follows(earlier)), default=0.0)


def _hears(pid: int, number: int) -> bool:
    """Whether it has begun to care for this signal, which else would just end it."""
    with suppress(OSError):
        status = Path(f'/proc/{pid}/status').read_text()
        return bool(int(status.partition('SigCgt:')[2].split()[0], 16) & 1 << number - 1)
    return False


def _has_content(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:  # renamed, or deleted
        return False


def _quoted(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ', '.join(_quoted(entry) for entry in value) + ','
    text = str(value)
    if text.endswith(',') or text == '':
        return text
    return f"'''{text}'''" if any(mark in text for mark in '\'"') else f"'{text}'"
