"""What the machine says of the disk under a folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple, Protocol

from pyca.recording.state_file import BLOCK

NO_ROOM = 'there is no room on the disk'


class Space(NamedTuple):
    """Bytes of a file system; `free` is what this user may still fill."""

    total: int
    used: int
    free: int


def no_room(folder: Path) -> bool:
    """Whether the disk could not even take a keeper's file. What is not known is not said."""
    try:
        return shutil.disk_usage(folder).free < 2 * BLOCK
    except OSError:
        return False


class Disk(Protocol):
    """What the store asks the machine."""

    def space(self, path: Path) -> Space: ...

    def writable(self, path: Path) -> bool: ...


class SystemDisk:
    """The file systems of this machine."""

    def space(self, path: Path) -> Space:
        return Space(*shutil.disk_usage(path))

    def writable(self, path: Path) -> bool:
        return os.access(path, os.W_OK | os.X_OK)
