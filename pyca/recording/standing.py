"""Whether a recording goes on after it was over, for those who had begun to upload it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pyca.recording.atomic import read_json
from pyca.recording.journal import FILE, Phase

LATE = 600.0
"""Seconds after the end of its event from which nobody is believed to record: the last word was not written."""


class Standing(NamedTuple):
    """`under_way`: it goes on right now. `resumed`: how often it has gone on so far."""

    under_way: bool = False
    resumed: int = 0


def standing(folder: Path, now: float) -> Standing:
    """What the journal in this folder says; a cheap question."""
    stored = read_json(folder / FILE)
    if not isinstance(stored, Mapping):
        return Standing()
    try:
        resumed, end = int(stored.get('resumed', 0)), float(stored['event']['end'])
        over = Phase(stored['phase']).over
    except (KeyError, TypeError, ValueError):
        return Standing()
    return Standing(bool(resumed) and not over and now < end + LATE, resumed)
