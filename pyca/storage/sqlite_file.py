"""The file of an SQLite database, as others may treat it.

Nothing here opens the file: closing it would drop the locks that SQLite holds on it in this process.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyca.errors import StorageError

_TRIES_PER_SECOND = 20

Identity = tuple[int, int]


def identity(path: Path) -> Identity | None:
    """What tells this file from another one of the same name."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def beside(path: Path, suffix: str) -> Path:
    """A file that goes with the database (`-wal`, `-shm`)."""
    return path.with_name(path.name + suffix)


@contextmanager
def locked(path: Path, timeout: float) -> Iterator[None]:
    """Alone among all processes in creating, changing or replacing the database of this path."""
    if not path.parent.is_dir():
        raise StorageError(f'The database {path}: its folder does not exist; create it or change agent.database.')
    descriptor = os.open(beside(path, '.lock'), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _take(descriptor, path, timeout)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, timeout: float) -> None:
    for _ in range(max(1, int(timeout * _TRIES_PER_SECOND))):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(1 / _TRIES_PER_SECOND)
        else:
            return
    raise StorageError(f'The database {path}: another program is still preparing it.')


def set_aside(path: Path) -> Path:
    """Move a damaged database with its journals out of the way; answers the new name."""
    number = 0
    while (target := path.with_name(f'{path.name}.damaged-{number}')).exists():
        number += 1
    for suffix in ('-wal', '-shm', '-journal'):
        if beside(path, suffix).exists():
            os.replace(beside(path, suffix), beside(target, suffix))
    os.replace(path, target)
    return target


def drop_log_of_replaced(path: Path, log: Identity | None) -> None:
    """Remove the write-ahead log that belonged to the file which was here before.

    SQLite would play it into the new file. The number of the old log cannot have been given to a new one while this
    process holds the old one open.
    """
    if log is not None and identity(beside(path, '-wal')) == log:
        for suffix in ('-wal', '-shm'):
            beside(path, suffix).unlink(missing_ok=True)
