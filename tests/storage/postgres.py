"""A throw-away PostgreSQL server of the machine's own binaries."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyca.recording.processes import all_processes
from tests.harm import signal_each


def programs() -> Path | None:
    """The folder of `initdb`, None where PostgreSQL is not installed."""
    found = sorted(Path('/usr/lib/postgresql').glob('*/bin/initdb'))
    if found:
        return found[-1].parent
    name = shutil.which('initdb')
    return None if name is None else Path(name).resolve().parent


class Server:
    """One on a socket of its own, in a folder of its own."""

    def __init__(self, folder_of_programs: Path, folder: str) -> None:
        self._programs = folder_of_programs
        self._folder = folder
        self._account = _account(Path(folder))
        self._process: subprocess.Popen[bytes] | None = None
        options = ['-D', f'{folder}/data', '-U', 'pyca', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C']
        initdb = [str(folder_of_programs / 'initdb'), *options]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **self._account)

    @property
    def url(self) -> str:
        """With a place for the name of a database."""
        return f'postgresql://pyca@/%s?host={self._folder}'

    def start(self) -> None:
        options = {'fsync': 'off', 'listen_addresses': '', 'unix_socket_directories': self._folder}
        options['autovacuum'] = 'off'  # while it looks at the template, nobody can make a database of that
        command = [str(self._programs / 'postgres'), '-D', f'{self._folder}/data']
        command += [word for name, value in options.items() for word in ('-c', f'{name}={value}')]
        if setpriv := shutil.which('setpriv'):
            command = [setpriv, '--pdeathsig', 'INT', *command]  # nothing stays behind when the tests are killed
        with open(f'{self._folder}/log', 'ab') as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, **self._account)
        _wait(self._programs / 'pg_isready', self._folder, self._process)

    def stop(self) -> None:
        """End it with all its connections."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(120)
            self._process = None

    def signal(self, number: int) -> None:
        """Send a signal to all its processes."""
        assert self._process is not None
        first = self._process.pid
        signal_each([first, *(pid for pid, now in all_processes() if now.parent == first)], number)


@contextmanager
def cluster(folder_of_programs: Path) -> Iterator[Server]:
    """A server that the test may stop."""
    with tempfile.TemporaryDirectory(prefix='pg') as name:
        server = Server(folder_of_programs, name)
        try:
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def server(folder_of_programs: Path) -> Iterator[str]:
    """Run one; gives the URL of its first database without the name at the end."""
    with cluster(folder_of_programs) as running:
        yield running.url


def _account(folder: Path) -> dict[str, Any]:
    """Who runs it: PostgreSQL refuses root."""
    if os.geteuid():
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get('postgres') or known['nobody']
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {'user': entry.pw_uid, 'group': entry.pw_gid, 'extra_groups': []}


def _wait(pg_isready: Path, folder: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while subprocess.run([str(pg_isready), '-q', '-h', folder], check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(Path(folder, 'log').read_text())
        time.sleep(0.05)
