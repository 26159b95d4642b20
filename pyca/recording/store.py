"""The recordings folder."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from pyca.errors import AlreadyRunning, RecordingsUnusable
from pyca.event import Event

logger = logging.getLogger(__name__)

DELIVERED = '.delivered'
"""The folder, beside the recordings, for what remains of those that were deleted after their upload."""
ROOM = 1 << 20
"""Bytes; with less the folder counts as full."""


RESERVE = '.reserve'
"""A file that only takes room. Whoever uploads may delete it: a full disk is cured by uploads, which need notes."""
RESERVED = 256 << 10
"""Its bytes."""


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


class Store:
    """Where the folders of the recordings lie, with the lock of the one agent that may write there.

    A marker file in the folder tells it from the empty place where its disk should have been mounted. `seen_before`
    says that an earlier run of the agent has seen the marker.
    """

    def __init__(self, root: Path, *, seen_before: bool = False, disk: Disk | None = None) -> None:
        self.root = root
        self._marked = seen_before
        self._disk = disk or SystemDisk()

    @property
    def schedule_path(self) -> Path:
        return self.root / 'schedule.json'

    @property
    def marker(self) -> Path:
        return self.root / '.pyca'

    @property
    def marked(self) -> bool:
        """Whether the marker was ever seen: to be remembered as the next run's `seen_before`."""
        return self._marked

    def folder(self, event: Event) -> Path:
        return self.root / event.name

    def make(self, event: Event) -> Path:
        """The event's folder, made if need be. RecordingsUnusable when it cannot be."""
        folder = self.folder(event)
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise RecordingsUnusable(f'cannot make the folder {folder}: {error.strerror}') from error
        return folder

    def names(self) -> list[str]:
        """The names of all recordings that have a folder, oldest start first."""
        try:
            with os.scandir(self.root) as entries:
                found = [entry.name for entry in entries if entry.name.startswith('recording-') and entry.is_dir()]
        except OSError:
            return []
        return sorted(found)

    def delivered(self, name: str) -> Path:
        """Where the story of a recording stays after its folder has been deleted."""
        return self.root / DELIVERED / f'{name}.json'

    def space(self) -> Space | None:
        """None while the folder is not there."""
        try:
            return self._disk.space(self.root)
        except OSError:
            return None

    def usable(self) -> str:
        """Empty, or why nothing can be recorded here, as a sentence."""
        root = self.root
        if reason := self._not_mounted():
            return reason
        if not root.exists():
            return f'the recordings folder {root} is missing; create it, or change "directory" in [capture]'
        if not root.is_dir():
            return f'{root} is not a folder; change "directory" in [capture]'
        if not self._disk.writable(root):
            return f'the recordings folder {root} cannot be written by this user; change its owner or its mount options'
        return self.full()

    def prepare(self) -> None:
        """Make the folder at its first use. A full disk is no hindrance: it can be cured while the agent runs."""
        if reason := self._not_mounted():
            raise RecordingsUnusable(reason)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.marker.touch()
            self._marked = True
            self._reserve()
        except OSError as error:
            raise RecordingsUnusable(
                self.usable() or f'cannot use the recordings folder {self.root}: {error.strerror}'
            ) from error

    def full(self) -> str:
        """Empty, or that the disk is full, as a sentence."""
        space = self.space()
        if space is None or space.free >= ROOM:
            return ''
        return f'the disk of the recordings folder {self.root} is full; delete what is not needed any more'

    def _reserve(self) -> None:
        """Take the room that uploads may need, while there is enough."""
        path, space = self.root / RESERVE, self.space()
        if space is not None and space.free > 4 * RESERVED and not path.exists():
            with suppress(OSError):
                path.write_bytes(bytes(RESERVED))

    def _not_mounted(self) -> str:
        if self.marker.exists():
            self._marked = True
        elif self._marked:
            return (
                f'the recordings folder {self.root} lacks its file {self.marker.name}, so its disk seems not to be '
                f'mounted; mount it, or, if the folder is meant to be new, create an empty file {self.marker}'
            )
        return ''

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only agent on this folder, which is made if it is new.

        AlreadyRunning when another agent is; RecordingsUnusable when the folder cannot be used.
        """
        self.prepare()
        path = self.root / '.lock'
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise RecordingsUnusable(f'cannot open {path}: {error.strerror}') from error
        try:
            self._take(descriptor, path)
            yield
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int, path: Path) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode('ascii', 'replace').strip()
            who = f' (process {holder})' if holder else ''
            raise AlreadyRunning(
                f'another agent{who} uses the recordings folder {self.root}; stop it, or give each agent its own '
                '"directory" in [capture]'
            ) from error
        except OSError as error:
            logger.warning('%s cannot be locked (%s): make sure that only one agent uses it', path, error.strerror)
        with suppress(OSError):  # a full disk; the number is only for people
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f'{os.getpid()}\n'.encode(), 0)
