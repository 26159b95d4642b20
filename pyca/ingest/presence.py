"""Whether the files of a recording are there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pyca.errors import RecordingsUnusable
from pyca.ingest.journal import Element, Uploads
from pyca.recording.store import MARKER


class Presence:
    """Tells a lost file from a lost disk: the first is for a person, the second comes back by itself."""

    def __init__(self, uploads: Uploads, name: str) -> None:
        self._uploads = uploads
        self._name = name

    def lacking(self, elements: Iterable[Element]) -> str:
        """A sentence about the first file that is still to be sent and cannot be, or nothing.

        Raises RecordingsUnusable, and OSError for a disk in trouble.
        """
        for element in elements:
            if element.done or element.of_calendar:
                continue
            path = Path(element.path)
            try:
                size = path.stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                return self.lost(f'{path} ({element.flavor})')
            if size == 0:
                return f'The file {path} ({element.flavor}) is empty, so the recording is not uploaded.'
        return ''

    def lost(self, file: str) -> str:
        """What to say of a file that is not there. Raises RecordingsUnusable when nothing is."""
        folder = self._uploads.folder(self._name)
        if folder.is_dir():
            return f'The file {file} has vanished, so the recording is not uploaded without it.'
        root = self._uploads.root
        if not (root / MARKER).exists():
            raise RecordingsUnusable(f'{root} lacks its file {MARKER}: is its disk mounted?')
        return f'The files of this recording are gone: {folder}'
