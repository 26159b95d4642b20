"""One run of the recorder, as the journal keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyca.recording.verdict import End


@dataclass
class Segment:
    """One run of the recorder.

    Files stand in the order of the flavors, by their name in the folder, or absolutely where they lie elsewhere; an
    empty text stands for a file that was not written. `leg` names the input whose own command ran; empty for the common
    command. Without flavors, as earlier versions wrote it, it has those of the whole recording.
    """

    number: int
    planned: float
    """When it was to start, wall clock."""
    told: int
    """The end that its command was told by `{{time}}`."""
    files: list[str] = field(default_factory=list)
    started: float | None = None
    ended: float | None = None
    status: int | None = None
    """Exit code, or the negative number of the signal; None while it runs, or when nobody knows."""
    signals: list[tuple[int, float]] = field(default_factory=list)
    """What the agent sent it, and when."""
    end: End | None = None
    """What to think of how it ended; None while it has not."""
    cause: str = ''
    size: int | None = None
    """Bytes of its files when it was closed."""
    leg: str = ''
    flavors: list[str] = field(default_factory=list)


def read_segment(stored: Mapping[str, Any]) -> Segment:
    """As the journal keeps it."""
    return Segment(
        number=int(stored['number']),
        planned=float(stored['planned']),
        told=int(stored['told']),
        files=[str(name) for name in stored['files']],
        started=stored['started'],
        ended=stored['ended'],
        status=stored['status'],
        signals=[(int(number), float(at)) for number, at in stored['signals']],
        end=End(stored['end']) if stored['end'] is not None else None,
        cause=str(stored['cause']),
        size=stored.get('size'),
        leg=str(stored.get('leg', '')),
        flavors=[str(flavor) for flavor in stored.get('flavors', [])],
    )
