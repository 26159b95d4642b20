"""The recordings folder."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pyca.errors import AlreadyRunning, RecordingsUnusable
from pyca.event import Event
from pyca.recording.disk import Disk, Space, SystemDisk
from pyca.recording.former import former
from pyca.recording.journal import ON_TIME
from pyca.recording.standby import Standby, recordings_in

logger = logging.getLogger(__name__)

DELIVERED = '.delivered'
"""The folder, beside the recordings, for what remains of those that were deleted after their upload."""
ROOM = 1 << 20
"""Bytes; with less the folder counts as full."""
SCHEDULE = 'schedule.json'
MARKER = '.pyca'
RESERVE = '.reserve'
"""A file that only takes room. Whoever uploads may delete it: a full disk is cured by uploads, which need notes."""
RESERVED = 256 << 10
"""Its bytes."""


class Store:
    """Where the folders of the recordings lie, with the lock of the one agent that may write there.

    A marker file in the folder tells it from the empty place where its disk should have been mounted. While the folder
    cannot be used, recordings begin in the `Standby` folder, and stay there.
    """

    def __init__(self, root: Path, *, standby: Standby | None = None, disk: Disk | None = None) -> None:
        self.root = root
        self._standby = standby or Standby()
        self._marked = False
        self._failure = ''
        self._disk = disk or SystemDisk()

    @property
    def schedule_path(self) -> Path:
        return self.root / SCHEDULE

    @property
    def other_schedule(self) -> Path | None:
        """The schedule's place while the folder cannot be used."""
        return self._standby.folder / SCHEDULE if self._standby.folder is not None else None

    @property
    def standby(self) -> Path | None:
        """Where recordings are that could not begin here; None if nothing stands by."""
        return self._standby.folder

    @property
    def marker(self) -> Path:
        return self.root / MARKER

    def folder(self, event: Event) -> Path:
        return self.find(event.name)

    def find(self, name: str) -> Path:
        """Where a recording of this name is, or would be."""
        folder = self._standby.find(name) or self.root / name
        return folder if folder.is_dir() else former(self.root, name) or folder

    def make(self, event: Event) -> Path:
        """The event's folder, made if need be, elsewhere if need be. RecordingsUnusable when it cannot be."""
        try:
            self.prepare()
        except RecordingsUnusable:
            folder = self._standby.make(event.name)
            if folder is None:
                raise
            return folder
        return self._made(self.folder(event))

    def _made(self, folder: Path) -> Path:
        for last in (False, True):
            try:
                folder.mkdir(exist_ok=True)
                break
            except OSError as error:
                if last or error.errno != errno.ENOSPC:
                    raise RecordingsUnusable(f'cannot make the folder {folder}: {error.strerror}') from error
                (self.root / RESERVE).unlink(missing_ok=True)
        return folder

    def names(self) -> list[str]:
        """The names of all recordings that have a folder, oldest start first."""
        return sorted({*recordings_in(self.root), *self._standby.names()})

    def trouble(self) -> str:
        """Empty, or why the folder cannot be used now, with what is done instead, as a sentence."""
        if self._failure:
            with suppress(RecordingsUnusable):
                self.prepare()
        reason = self._failure or self._not_mounted() or self._not_writable()
        return f'{reason}{self._standby.instead}' if reason else ''

    def hidden(self, event: Event, now: float) -> str:
        """Empty, or why a person has to look at the recording that begins now: its first part may be hidden."""
        if now - event.start <= ON_TIME or self._standby.find(event.name) is None:
            return ''
        return f'it began late in another folder: a first part may lie in {self.root / event.name}'

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
        if reason := self._not_mounted():
            return reason
        if not self.root.exists():
            return f'the recordings folder {self.root} is missing; create it, or change "directory" in [capture]'
        return self._not_writable() or self.full()

    def _not_writable(self) -> str:
        root = self.root
        if not root.exists():
            return ''
        if not root.is_dir():
            return f'{root} is not a folder; change "directory" in [capture]'
        if not self._disk.writable(root):
            return f'the recordings folder {root} cannot be written by this user; change its owner or its mount options'
        return ''

    def prepare(self) -> None:
        """Make the folder at its first use. A full disk is no hindrance: it can be cured while the agent runs."""
        self._failure = self._not_mounted() or self._not_writable()
        if self._failure:
            raise RecordingsUnusable(self._failure)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.marker.touch()
            self._marked = True
            self._standby.remember(self.root)
            self._reserve()
        except OSError as error:
            self._failure = self.usable() or f'cannot use the recordings folder {self.root}: {error.strerror}'
            raise RecordingsUnusable(self._failure) from error

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
        elif self._marked or self._standby.remembers(self.root):
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
