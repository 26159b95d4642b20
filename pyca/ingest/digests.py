"""The checksums of what was delivered, made while there is nothing to upload."""

from __future__ import annotations

import hashlib
import logging
import os
from collections import deque
from pathlib import Path

from pyca.clock import Clock
from pyca.errors import RecordingsUnusable
from pyca.ingest.journal import Element, Upload, Uploads
from pyca.recording.journal import UPLOAD

logger = logging.getLogger(__name__)

PIECE = 16 << 20
"""Bytes that are read at a step, so that a stop or the next upload does not wait for gigabytes."""
BLOCK = 1 << 20
RECENT = 86_400.0
"""Seconds; what was noted before that is left alone at a start, or an update would read all old recordings."""


class Digests:
    """Reads delivered files a second time, and notes their SHA-256 in `upload.json`.

    Only once the acceptance is noted: neither an upload nor the word of its end waits for it. A file that is no
    longer what was sent gets no checksum.
    """

    def __init__(self, uploads: Uploads, clock: Clock) -> None:
        self._uploads = uploads
        self._clock = clock
        self._waiting: deque[str] = deque()
        self._looked = False
        self._hopeless: set[str] = set()
        self._path = ''
        self._read = 0
        self._digest = hashlib.sha256()

    def delivered(self, name: str) -> None:
        """The core has accepted this recording."""
        self._waiting.append(name)

    def want(self, name: str) -> bool:
        """Have those of a recording made that is to be deleted; tells whether any is missing."""
        upload = self._uploads.remembered(name)
        missing = upload is not None and self._missing(upload) is not None
        if missing and name not in self._waiting:
            self._waiting.append(name)
        return missing

    def step(self) -> bool:
        """Do one piece of work; tells whether there was any."""
        if not self._looked:
            self._look()
        while self._waiting:
            if self.piece(self._waiting[0]):
                return True
            self._waiting.popleft()
        return False

    def piece(self, name: str) -> bool:
        """Do one piece for this recording; tells whether there was anything to do."""
        upload = self._uploads.remembered(name)
        element = self._missing(upload) if upload is not None else None
        if upload is None or element is None:
            return False
        try:
            if self._all_read(element):
                element.digest = self._digest.hexdigest()
                self._note(name, upload, element)
        except OSError as error:
            self._give_up(element, error.strerror)
        return True

    def _look(self) -> None:
        """Find what an agent before this one has delivered, and left at that."""
        self._looked = True
        for name in self._uploads.names():
            try:
                noted = (self._uploads.folder(name) / UPLOAD).stat().st_mtime
            except OSError:
                continue
            if self._clock.now() - noted < RECENT:
                self._waiting.append(name)

    def _missing(self, upload: Upload) -> Element | None:
        """The first that has none and may get one."""
        lacking = (element for element in upload.elements if self._lacks(element))
        return next(lacking, None) if upload.accepted is not None else None

    def _lacks(self, element: Element) -> bool:
        sent = element.kind == 'track' and element.done
        return sent and not element.digest and element.path not in self._hopeless

    def _all_read(self, element: Element) -> bool:
        """Read on; true at the end. Raises OSError."""
        if self._path != element.path:
            self._path, self._read, self._digest = element.path, 0, hashlib.sha256()
        with Path(element.path).open('rb') as file:
            status = os.fstat(file.fileno())
            if (status.st_size, status.st_mtime) != (element.size, element.mtime):
                self._give_up(element, 'it was changed since it was sent')
                return False
            file.seek(self._read)
            until = self._read + PIECE
            while self._read < until and (block := file.read(BLOCK)):
                self._digest.update(block)
                self._read += len(block)
        return self._read >= element.size

    def _note(self, name: str, upload: Upload, element: Element) -> None:
        self._path = ''
        try:
            self._uploads.save(name, upload)
        except (OSError, RecordingsUnusable) as error:
            self._give_up(element, str(error))

    def _give_up(self, element: Element, reason: str | None) -> None:
        self._path = ''
        self._hopeless.add(element.path)
        logger.debug('%s gets no checksum: %s', element.path, reason)
