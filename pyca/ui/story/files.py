"""The files of a recording."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyca.recording.journal import Journal
from pyca.ui.story.model import File


def files(folder: Path, journal: Journal | None, upload: Mapping[str, Any]) -> tuple[File, ...]:
    """What was recorded, then what was made of it for the upload; also what is not there any more."""
    sent = _elements(upload)
    flavors = {
        str(track.path): track.flavor
        for segment in (journal.segments if journal is not None else [])
        for track in journal.tracks(segment)  # type: ignore[union-attr]
    }
    flavors.update({path: str(element.get('flavor', '')) for path, element in sent.items()})
    return tuple(_file(folder, path, flavor, sent.get(path, {})) for path, flavor in flavors.items())


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
