"""When the agent was started for the first time, kept beside the recordings."""

from __future__ import annotations

from pathlib import Path

from pyca.clock import EARLIEST
from pyca.recording.atomic import read_json, write_json

FILE = '.first-start.json'


def load_first_start(root: Path) -> float | None:
    """None when it is not known here."""
    stored = read_json(root / FILE)
    value = stored.get('first_start') if isinstance(stored, dict) else None
    return float(value) if isinstance(value, (int, float)) else None


def save_first_start(root: Path, moment: float) -> None:
    """OSError when it cannot be written."""
    write_json(root / FILE, {'first_start': moment})


def first_start(known: float | None, now: float) -> float:
    """The first start by what is remembered of it, and by a clock that may have been wrong then or may be wrong now."""
    if known is None:
        return now
    if now < EARLIEST:
        return known
    return now if known < EARLIEST else min(known, now)
