"""Folders of recordings that pyCA 4 made, which took any uid for a file name."""

from __future__ import annotations

import re
from pathlib import Path

from pyca.event import plain

_ENCODED = re.compile(r'(?P<beginning>recording-\d+-)(?P<uid>.*-[0-9a-f]{16})', re.DOTALL)


def former(root: Path, name: str) -> Path | None:
    """Where the recording of this name is, if its uid stands there as it was; None if it is not.

    Only folders that lie in `root` count, so a uid that leads out of it leads nowhere (H17).
    """
    encoded = _ENCODED.fullmatch(name)
    if encoded is None:
        return None
    beginning, uid = encoded['beginning'], encoded['uid']
    try:
        found = [path for path in root.glob(f'{beginning}*') if plain(path.name.removeprefix(beginning)) == uid]
        return next((path for path in found if path.name != name and path.is_dir()), None)
    except OSError:
        return None
