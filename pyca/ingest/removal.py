"""Deletes the folders of recordings that are not needed any more, never one that is not the agent's own."""

from __future__ import annotations

import logging
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from pyca.clock import Clock
from pyca.errors import RecordingsUnusable
from pyca.event import UNSCHEDULED
from pyca.ingest.journal import Uploads
from pyca.ingest.outside import Recordings
from pyca.recording.atomic import read_json, write_json
from pyca.recording.journal import EVENT_FILE, UPLOAD
from pyca.recording.journal import FILE as RECORDING
from pyca.recording.store import DELIVERED

logger = logging.getLogger(__name__)

NAME = re.compile(r'recording-\d+-.+')
REMAINS_FOR = 366 * 86_400.0
"""Seconds for which it is remembered what was deleted."""
REMAINS_AT_MOST = 10_000


class EventOf(NamedTuple):
    """The event of a recording. `new`: the core had not scheduled it."""

    uid: str
    new: bool


class Removal:
    """Deletes folders; what remains of each is a file under `.delivered`.

    A folder is known as ours by the journal of its recording, which is the last file to go. One that the old program
    made has no journal: it is known by its name together with its row in the database.
    """

    def __init__(self, uploads: Uploads, recordings: Recordings, clock: Clock) -> None:
        self._uploads = uploads
        self._recordings = recordings
        self._clock = clock
        self._kept: set[str] = set()

    def names(self) -> list[str]:
        """The folders that may be recordings, oldest start first."""
        return self._uploads.names()

    def event(self, name: str) -> EventOf | None:
        """The event of a recording; None for one of which no calendar, and no order, ever said anything."""
        folder = self._uploads.folder(name)
        recording = read_json(folder / RECORDING)
        event = recording.get('event') if isinstance(recording, dict) else None
        if isinstance(event, dict):
            beside = read_json(folder / EVENT_FILE)
            data = event.get('data', beside.get('data') if isinstance(beside, dict) else None)
            unscheduled = isinstance(data, dict) and data.get(UNSCHEDULED) is True
            return None if data == {} else EventOf(str(event.get('uid', '')), unscheduled)
        entry = self._recordings.entries().get(name)
        return None if entry is None else EventOf(entry.uid, False)

    def remove(self, name: str) -> bool:
        """Delete a recording's folder. What goes wrong is logged, and told by False. Raises StorageError."""
        folder = self._uploads.folder(name)
        if not folder.is_dir():
            return True
        recording = read_json(folder / RECORDING)
        if not self._is_ours(folder, recording):
            if name not in self._kept:
                logger.info('%s is kept after its upload: nothing says that this agent made it', folder)
            self._kept.add(name)
            return False
        try:
            self._note(name, recording)
            _delete(folder, RECORDING if recording is not None else UPLOAD)
        except (OSError, RecordingsUnusable) as error:
            self._report(name, error)
            return False
        logger.info('%s has been deleted after its upload', folder)
        return True

    def finish(self, name: str) -> bool:
        """Delete the rest of a folder whose deletion was begun; a newer recording of the event is another one."""
        folder = self._uploads.folder(name)
        if (folder / UPLOAD).exists() or not self._uploads.delivered(name).exists():
            return False
        recording, rest = read_json(folder / RECORDING), read_json(self._uploads.delivered(name))
        if recording is None or not isinstance(rest, dict) or rest.get('recording') != recording:
            return False
        try:
            _delete(folder, RECORDING)
        except OSError as error:
            self._report(name, error)
        return True

    def prune(self) -> None:
        """Forget what was deleted long ago: by then no calendar has it."""
        folder = self._uploads.root / DELIVERED
        paths = sorted(folder.glob('recording-*.json'))
        many = len(paths) - REMAINS_AT_MOST
        for number, path in enumerate(paths):
            try:
                if number < many or self._clock.now() - path.stat().st_mtime > REMAINS_FOR:
                    path.unlink()
            except OSError as error:
                logger.debug('%s stays: %s', path, error)

    def _is_ours(self, folder: Path, recording: Any) -> bool:
        if folder.is_symlink() or folder.parent not in self._uploads.places or not NAME.fullmatch(folder.name):
            return False
        return recording is not None or folder.name in self._recordings.entries()

    def _note(self, name: str, recording: Any) -> None:
        """Write what remains. A first try to delete may have taken the upload's journal already."""
        upload = read_json(self._uploads.folder(name) / UPLOAD)
        path = self._uploads.delivered(name)
        if upload is not None or not path.exists():
            path.parent.mkdir(exist_ok=True)
            write_json(path, {'recording': recording, 'upload': upload})

    def _report(self, name: str, error: Exception) -> None:
        if name not in self._kept:
            logger.warning('%s cannot be deleted after its upload: %s', self._uploads.folder(name), error)
        self._kept.add(name)


def _delete(folder: Path, last: str) -> None:
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != last:
            entry.unlink(missing_ok=True)
    (folder / last).unlink()
    folder.rmdir()
