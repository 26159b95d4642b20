"""Deletes recordings that the core has accepted, where that is configured."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from pyca.clock import Clock
from pyca.errors import RecordingsUnusable
from pyca.ingest.journal import JOURNAL, Uploads
from pyca.recording.atomic import read_json, write_json
from pyca.recording.journal import FILE as RECORDING
from pyca.recording.store import DELIVERED

logger = logging.getLogger(__name__)

EVERY = 3600.0
"""Seconds between two tries to delete what could not be deleted."""


class Removal:
    """Deletes the folders of delivered recordings; what remains of each is a file under `.delivered`.

    A folder is known as ours by the journal of its recording, which is the last file to go.
    """

    def __init__(self, uploads: Uploads, clock: Clock) -> None:
        self._uploads = uploads
        self._clock = clock
        self._owed: set[str] = set()
        self._swept: float | None = None

    def remove(self, name: str) -> None:
        """Delete a recording's folder; what goes wrong is logged, and tried again later."""
        folder = self._uploads.folder(name)
        if not folder.is_dir():
            return
        recording = read_json(folder / RECORDING)
        if recording is None or folder.is_symlink() or folder.parent != self._uploads.root:
            logger.info('%s is kept after its upload: it has no %s of this agent', folder, RECORDING)
            self._owed.discard(name)
            return
        try:
            self._note(name, recording)
            _delete(folder)
        except (OSError, RecordingsUnusable) as error:
            self._report(name, error)
        else:
            self._owed.discard(name)
            logger.info('%s has been deleted after its upload', folder)

    def _note(self, name: str, recording: object) -> None:
        """Write what remains. A first try to delete may have taken the upload's journal already."""
        upload = read_json(self._uploads.folder(name) / JOURNAL)
        path = self._uploads.delivered(name)
        if upload is not None or not path.exists():
            path.parent.mkdir(exist_ok=True)
            write_json(path, {'recording': recording, 'upload': upload})

    def sweep(self) -> None:
        """Try again to delete what could not be deleted, also by an agent before this one; at most once an hour."""
        now = self._clock.monotonic()
        if self._swept is not None and now - self._swept < EVERY:
            return
        self._swept = now
        for name in sorted(self._owed):
            self.remove(name)
        for path in sorted((self._uploads.root / DELIVERED).glob('recording-*.json')):
            self._finish(path)

    def _finish(self, delivered: Path) -> None:
        """Delete the folder of a recording whose deletion was begun; a newer recording of the event is another one."""
        folder = self._uploads.folder(delivered.stem)
        if delivered.stem in self._owed or not folder.is_dir() or folder.is_symlink():
            return
        recording, rest = read_json(folder / RECORDING), read_json(delivered)
        if recording is None or not isinstance(rest, dict) or rest.get('recording') != recording:
            return
        try:
            _delete(folder)
        except OSError as error:
            self._report(delivered.stem, error)

    def _report(self, name: str, error: Exception) -> None:
        if name not in self._owed:
            logger.warning('%s cannot be deleted after its upload: %s', self._uploads.folder(name), error)
        self._owed.add(name)


def _delete(folder: Path) -> None:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != RECORDING:
            entry.unlink(missing_ok=True)
    (folder / RECORDING).unlink()
    folder.rmdir()
