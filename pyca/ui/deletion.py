"""Deletes the folders of recordings that a person deletes."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from pyca.recording import deleted
from pyca.recording.journal import FILE, UPLOAD
from pyca.recording.store import Store
from pyca.storage.recorded import Recorded

logger = logging.getLogger(__name__)

JOURNALS = (FILE, UPLOAD)
"""What tells how far a recording was. It goes last, so that a deletion that failed halfway can be repeated; in this
order, so that nobody finds a recording without what was noted of its upload."""


class Folders:
    """Deletes only what this agent, or the one before it, has made: a folder of the name that it gives a recording."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def delete(self, rows: Iterable[Recorded]) -> None:
        """One that is not there is no trouble. Raises OSError."""
        for row in rows:
            name = row.name
            # the name may have come from the core, by way of a database that anybody wrote (H17)
            if name.startswith('recording-') and Path(name).name == name:
                self._delete(self._store.find(name))

    def _delete(self, folder: Path) -> None:
        if folder.is_symlink() or not folder.is_dir():
            return
        logger.info('%s is deleted, as somebody asked for', folder)
        stone = deleted.stone(folder)
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name not in JOURNALS:
                entry.unlink(missing_ok=True)
        if stone is not None:  # only now there may be room for it
            deleted.keep(folder, stone)
        for name in JOURNALS:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
