"""Small JSON files that are old or new after a power cut, never half."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_json(path: Path, content: Any) -> None:
    """Replace a file; when this returns, the new content is on the disk. OSError when it cannot."""
    new = path.with_name(f'.{path.name}.new')
    with open(new, 'w', encoding='utf-8') as file:
        json.dump(content, file, ensure_ascii=True)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
    sync_folder(path.parent)


def read_json(path: Path) -> Any | None:
    """None when the file is missing, unreadable or damaged."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe against a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
