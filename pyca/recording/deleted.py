"""What is kept of recordings that a person deleted: what was deleted must not begin again by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pyca.recording.atomic import read_json, write_json
from pyca.recording.journal import FILE, Journal, load, load_delivered
from pyca.recording.resuming import sealed
from pyca.recording.store import Store

FOLDER = '.deleted'
"""The folder, beside the recordings, for these files. Only whoever deletes writes here."""
KEEP = 31 * 86_400.0
"""Seconds for which a file is kept; by then no calendar has the event any more."""


def stone(folder: Path) -> Any | None:
    """What is to be kept of the recording in this folder; None without a journal that can be read.

    It counts as over with the end that it had, until the core itself wants more of the event. Its title is not kept.
    """
    journal, stored = load(folder), read_json(folder / FILE)
    if journal is None or not isinstance(stored, dict):
        return None
    event = {'uid': journal.event.uid, 'start': journal.event.start, 'end': journal.event.end, 'title': ''}
    phase = journal.phase if journal.phase.over else journal.phase.FINISHED
    return {'recording': {**stored, 'event': event, 'phase': phase.value, 'deleted': not sealed(journal)}}


def keep(folder: Path, content: Any) -> None:
    """Write what is kept of a recording's folder, and forget what is old. Raises OSError."""
    place = folder.parent / FOLDER
    place.mkdir(exist_ok=True)
    write_json(place / f'{folder.name}.json', content)
    for path in place.glob('recording-*.json'):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > KEEP:
                path.unlink()


def deleted(store: Store, endings: tuple[str, ...]) -> Iterator[Journal]:
    """The journals of deleted recordings whose names end so."""
    for root in filter(None, (store.root, store.standby)):
        for path in (root / FOLDER).glob('recording-*.json'):
            journal = load_delivered(path, store.root / path.stem) if path.stem.endswith(endings) else None
            if journal is not None:
                yield journal
