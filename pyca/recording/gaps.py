"""What is missing of a recording, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Protocol

from pyca.event import Event
from pyca.recording.segment import Segment

ON_TIME = 5.0
"""Seconds that a recorder may start after its event's start, or end before its end, and still be on time."""


class Recorded(Protocol):
    @property
    def event(self) -> Event: ...

    @property
    def strands(self) -> Mapping[str, Sequence[Segment]]: ...


def gaps(recorded: Recorded) -> Iterator[str]:
    """A sentence for each thing that is missing; none where there is nothing at all, which is another matter."""
    strands = recorded.strands
    if not any(strands.values()):
        return
    for leg, pieces in strands.items():
        for text in _gaps(pieces, recorded.event):
            yield f'{leg or "the common command"}: {text}' if len(strands) > 1 else text


def _gaps(pieces: Sequence[Segment], event: Event) -> Iterator[str]:
    if not pieces:
        yield 'nothing was recorded'
        return
    began, ended = pieces[0].started, pieces[-1].ended
    if began is not None and began - event.start > ON_TIME:
        yield f'begins {began - event.start:.0f} s late'
    if len(pieces) > 1:
        missing = sum(
            max(0.0, (later.started or later.planned) - (earlier.ended or later.planned))
            for earlier, later in pairwise(pieces)
        )
        yield f'in {len(pieces)} parts, {missing:.0f} s between them'
    if ended is not None and event.end - ended > ON_TIME:
        yield f'ends {event.end - ended:.0f} s early'
