"""Deletes the folders of recordings that a person deletes."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from pyca.recording.journal import FILE
from pyca.recording.store import Store
from pyca.storage.recorded import Recorded

logger = logging.getLogger(__name__)


class Folders:
    """Deletes only what this agent, or the one before it, has made: a folder of the name that it gives a recording."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def delete(self, rows: Iterable[Recorded]) -> None:
        """One that is not there is no trouble. Raises OSError."""
        for row in rows:
            for name in dict.fromkeys((row.name, row.event.name)):
                self._delete(name)

    def _delete(self, name: str) -> None:
        """The name may have come from the core, by way of a database that anybody wrote (H17)."""
        folder = self._store.root / name
        if not name.startswith('recording-') or Path(name).name != name or folder.is_symlink() or not folder.is_dir():
            return
        logger.info('%s is deleted, as somebody asked for', folder)
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name == FILE):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
        folder.rmdir()
