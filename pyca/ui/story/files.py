"""The files of a recording."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from pyca.event import Track
from pyca.recording.journal import Journal
from pyca.ui.story.model import File

MOST = 500
"""Files of a folder that are shown where no journal names those of the recording."""


def files(
    folder: Path, journal: Journal | None, upload: Mapping[str, Any], tracks: Sequence[Track]
) -> tuple[File, ...]:
    """What was recorded, then what was made of it for the upload; also what is not there any more.

    `tracks` are those that the database names, which counts where there is no journal.
    """
    sent = _elements(upload)
    flavors = _unaccounted(folder, tracks) if journal is None else _recorded(journal)
    flavors.update({path: str(element.get('flavor', '')) for path, element in sent.items()})
    return tuple(_file(folder, path, flavor, sent.get(path, {})) for path, flavor in flavors.items())


def _recorded(journal: Journal) -> dict[str, str]:
    return {str(track.path): track.flavor for segment in journal.segments for track in journal.tracks(segment)}


def _unaccounted(folder: Path, tracks: Sequence[Track]) -> dict[str, str]:
    """What the database names, then whatever else lies in the folder: it may be the only copy of a lecture."""
    flavors = {str(_place(folder, track.path)): track.flavor for track in tracks}
    for path in sorted(islice(_inside(folder), MOST)):
        flavors.setdefault(str(path), '')
    return flavors


def _place(folder: Path, path: Path) -> Path:
    """pyCA 4 named files as seen from where it was started."""
    inside = folder / path.name
    return inside if not path.is_absolute() and inside.is_file() else path


def _inside(folder: Path) -> Iterator[Path]:
    """The files but those of the agent itself."""
    for root, _, names in os.walk(folder):
        yield from (Path(root, name) for name in names if not name.startswith('.') and not _is_note(name))


def _is_note(name: str) -> bool:
    return name.endswith('.json') or (name.startswith('recorder') and name.endswith('.log'))


def _elements(upload: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What is sent, by its path. Another process wrote it, and perhaps another version."""
    elements = upload.get('elements')
    found = [e for e in elements if isinstance(e, Mapping)] if isinstance(elements, list) else []
    return {str(element['path']): element for element in found if element.get('kind') == 'track' and 'path' in element}


def _file(folder: Path, path: str, flavor: str, element: Mapping[str, Any]) -> File:
    place = Path(path)
    size: int | None = None
    modified: float | None = None
    try:
        status = place.stat()
        size, modified = status.st_size, status.st_mtime
    except OSError:
        size = None
    name = str(place.relative_to(folder)) if place.is_relative_to(folder) else path
    return File(name, flavor, size, modified, str(element.get('digest', '')), element.get('done') is True)
