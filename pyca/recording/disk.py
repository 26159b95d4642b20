"""What the machine says of the disk under a folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple, Protocol


class Space(NamedTuple):
    """Bytes of a file system; `free` is what this user may still fill."""

    total: int
    used: int
    free: int


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
