"""The file in which a keeper says how its recorder is. For the keeper: it imports nothing of the agent."""

from __future__ import annotations

import errno
import os

BLOCK = 4096
"""Bytes that a file takes of a disk at least. Each state gets one more than it needs, for those that come later."""


def write(path: str, text: str) -> None:
    """Replace the file so that after a power cut it is the old one or the new one; OSError when it cannot be.

    On a full disk the old one is written over: how the recorder ended is known to nobody else.
    """
    content = text.encode()
    new = path + '.new'
    try:
        _fill(new, content.ljust((len(content) // BLOCK + 2) * BLOCK), os.O_CREAT | os.O_TRUNC)
        os.replace(new, path)
    except OSError:
        _fill(path, content.ljust(os.path.getsize(path)), 0)
        _forget(new)
        return
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _fill(path: str, content: bytes, flags: int) -> None:
    file = os.open(path, os.O_WRONLY | flags, 0o666)
    try:
        if os.write(file, content) < len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    finally:
        os.close(file)
