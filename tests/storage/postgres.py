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


def programs() -> Path | None:
    """The folder of `initdb`, None where PostgreSQL is not installed."""
    found = sorted(Path('/usr/lib/postgresql').glob('*/bin/initdb'))
    if found:
        return found[-1].parent
    name = shutil.which('initdb')
    return None if name is None else Path(name).resolve().parent


@contextmanager
def server(folder_of_programs: Path) -> Iterator[str]:
    """Run one on a socket of its own; gives the URL of its first database without the name at the end."""
    with tempfile.TemporaryDirectory(prefix='pg') as name:
        account = _account(Path(name))
        data = f'{name}/data'
        initdb = [
            str(folder_of_programs / 'initdb'),
            '-D',
            data,
            '-U',
            'pyca',
            '-A',
            'trust',
            '-E',
            'UTF8',
            '--no-sync',
        ]
        subprocess.run([*initdb, '--locale=C'], check=True, stdout=subprocess.DEVNULL, cwd=name, **account)
        options = ['-c', 'fsync=off', '-c', 'listen_addresses=', '-c', f'unix_socket_directories={name}']
        command = [str(folder_of_programs / 'postgres'), '-D', data, *options]
        if setpriv := shutil.which('setpriv'):
            command = [setpriv, '--pdeathsig', 'INT', *command]  # nothing stays behind when the tests are killed
        with open(f'{name}/log', 'wb') as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=name, **account)
        try:
            _wait(folder_of_programs / 'pg_isready', name, process)
            yield f'postgresql://pyca@/%s?host={name}'
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def _account(folder: Path) -> dict[str, Any]:
    """Who runs it: PostgreSQL refuses root."""
    if os.geteuid():
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get('postgres') or known['nobody']
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {'user': entry.pw_uid, 'group': entry.pw_gid, 'extra_groups': []}


def _wait(pg_isready: Path, folder: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while subprocess.run([str(pg_isready), '-q', '-h', folder], check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(Path(folder, 'log').read_text())
        time.sleep(0.05)
