"""The lock that keeps a second service from uploading the same recordings."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from pyca.recording.store import MARKER

logger = logging.getLogger(__name__)

FILE = '.upload-lock'


class SoleUploader:
    """Two services that upload the same recording would both make its final call; the second one waits instead."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._descriptor: int | None = None
        self._said = False

    def held(self) -> bool:
        """Whether this service may upload. A folder that takes no lock must not stop it."""
        if self._descriptor is not None or not (self._path.parent / MARKER).exists():
            return True  # nothing is written where a disk is not mounted
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            logger.debug('%s cannot be opened: %s', self._path, error.strerror)
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            self._complain()
            return False
        except OSError as error:
            logger.warning('%s cannot be locked (%s): make sure that one agent uploads', self._path, error.strerror)
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let another one upload."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _complain(self) -> None:
        if not self._said:
            logger.error('Another agent uploads from %s; this one waits until it ends', self._path.parent)
        self._said = True


class LastOut:
    """Those who work under the lock; the last one to leave lets go of it."""

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release
        self._inside: set[object] = set()
        self._lock = threading.Lock()

    def enter(self, who: object) -> None:
        with self._lock:
            self._inside.add(who)

    def leave(self, who: object) -> None:
        with self._lock:
            self._inside.discard(who)
            if not self._inside:
                self._release()
