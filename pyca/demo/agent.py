"""The agent of the demonstration: its configuration, its processes, their end."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

MARK = 'PYCA_DEMO'
NAME = 'demo-hall'
PAGE = 'http://127.0.0.1:5000'
"""Where `pyca ui` listens."""
GRACE = 12.0
"""Seconds until an agent that was told to end has ended its recorders and itself."""
LOOPBACK = '127.0.0.1,localhost'

CONFIGURATION = '''\
[agent]
name = {name}
update_frequency = 5
cal_lookahead = 1
database = {database}

[capture]
directory = {recordings}
command = """{command}"""
flavors = presenter/source
files = '{{{{dir}}}}/{{{{name}}}}.mkv'
preview_dir = {recordings}

[server]
url = {url}
auth_method = basic
username = capture-agent
password = lecture-hall

[ui]
username = admin
password = opencast
url = {page}

[logging]
stderr = False
file = {log}
'''


def recorder(ffmpeg: str) -> str:
    """A capture command for test picture and tone that every build of ffmpeg can run, a small computer too."""
    return (
        f'{shlex.quote(ffmpeg)} -nostdin -nostats -hide_banner -loglevel warning -y'
        ' -re -f lavfi -i testsrc2=size=640x360:rate=25 -re -f lavfi -i sine=frequency=440:sample_rate=48000'
        ' -t {{time}} -c:v mpeg4 -q:v 6 -pix_fmt yuv420p -c:a aac -b:a 96k {{dir}}/{{name}}.mkv'
    )


def configuration(folder: Path, url: str, ffmpeg: str) -> str:
    """The text of the agent's pyca.conf; everything it makes stays in the folder."""
    return CONFIGURATION.format(
        name=NAME,
        database=_quoted(f'sqlite:///{folder / "pyca.db"}'),
        recordings=_quoted(str(folder / 'recordings')),
        command=recorder(ffmpeg).replace('$', '$$'),
        url=_quoted(url),
        page=_quoted(PAGE),
        log=_quoted(str(folder / 'agent.log')),
    )


def _quoted(value: str) -> str:
    quote = '"' if "'" in value else "'"
    return quote + value.replace('$', '$$') + quote


def environment(folder: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The environment of what is started: ours, marked, with the loopback never behind a proxy."""
    result = {**given, MARK: str(folder)}
    for name in ('no_proxy', 'NO_PROXY'):
        result[name] = ','.join(part for part in (given.get(name, ''), LOOPBACK) if part)
    return result


class Child:
    """A process of the program in a session of its own; what it prints goes to a file in the folder."""

    def __init__(self, program: Sequence[str], command: str, folder: Path) -> None:
        self.output = folder / f'{command}.out'
        arguments = [*program, '-c', str(folder / 'pyca.conf'), command]
        with self.output.open('wb') as output:
            self._process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment(folder, os.environ),
                start_new_session=True,
            )

    @property
    def status(self) -> int | None:
        """The exit status, None while it runs."""
        return self._process.poll()

    def end(self, grace: float) -> bool:
        """Ask it to end, insist after `grace` seconds; tells whether asking was enough."""
        if self.status is None:
            self._process.send_signal(signal.SIGTERM)
        until = time.monotonic() + grace
        while self.status is None and time.monotonic() < until:
            time.sleep(0.05)
        if self.status is not None:
            return True
        self._process.kill()
        self._process.wait()
        return False


def leftovers(folder: Path) -> Iterator[int]:
    """The processes, this one aside, that carry the mark of this demonstration."""
    mark = f'{MARK}={folder}'.encode()
    for entry in Path('/proc').glob('[0-9]*'):
        try:
            marked = mark in (entry / 'environ').read_bytes().split(b'\0')
            ended = (entry / 'stat').read_text().rpartition(')')[2].split()[0] == 'Z'
        except (OSError, IndexError):
            continue
        if marked and not ended and int(entry.name) != os.getpid():
            yield int(entry.name)


def end_leftovers(folder: Path, grace: float = 3.0) -> list[int]:
    """End what is left, by force if need be; gives the processes that were found."""
    found: set[int] = set()
    until = time.monotonic() + grace
    while left := list(leftovers(folder)):
        for pid in left:
            _signal(pid, signal.SIGTERM if pid not in found and time.monotonic() < until else 0)
            if time.monotonic() >= until:
                _signal(pid, signal.SIGKILL)
        found.update(left)
        time.sleep(0.05)
        if time.monotonic() >= until + 5:
            break
    return sorted(found)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
