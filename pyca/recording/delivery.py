"""What of a recording is delivered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from pyca.event import Track
from pyca.recording.joining import Joiner, NotJoined, Part, delivery
from pyca.recording.journal import Journal, Segment, load

logger = logging.getLogger(__name__)


def offer(journal: Journal) -> list[Track]:
    """The tracks as they lie there: the longest segment under the configured flavors, the others beside it."""
    pieces = journal.pieces
    return delivery([_part(journal, piece) for piece in pieces], [_length(piece) for piece in pieces])


class Preparation:
    """Makes of a recording's segments what is to be uploaded."""

    def __init__(self, find: Callable[[str], Path], joiner: Joiner) -> None:
        """`find` tells where the recording of a name is."""
        self._find = find
        self._joiner = joiner

    def tracks(self, name: str) -> tuple[Track, ...] | None:
        """The tracks of the recording of this name, joined where that is possible.

        None without a journal that is over: a disk that took no more may have kept its last words back.

        Takes as long as copying the segments does. Raises Interrupted.
        """
        journal = load(self._find(name))
        if journal is None or not journal.phase.over:
            return None
        pieces = journal.pieces
        if len(pieces) < 2:
            return tuple(offer(journal))
        parts = [_part(journal, piece) for piece in pieces]
        try:
            return tuple(self._joined(parts))
        except NotJoined as reason:
            logger.warning('%s: the segments are delivered one by one: %s', journal.event.uid, reason)
        return tuple(self._separately(parts, [_length(piece) for piece in pieces]))

    def length(self, name: str) -> float | None:
        """The seconds recorded, by the journal; None without one, or where nobody knows when a recorder ended."""
        journal = load(self._find(name))
        if journal is None or any(piece.ended is None for piece in journal.pieces):
            return None
        return sum(_length(piece) for piece in journal.pieces)

    def _joined(self, parts: Sequence[Part]) -> list[Track]:
        last = parts[-1].tracks
        targets = [track.path.with_name(f'joined-{track.path.name}') for track in last]
        newest = max(track.path.stat().st_mtime for part in parts for track in part.tracks)
        if all(target.exists() and target.stat().st_mtime >= newest for target in targets):
            return [Track(track.flavor, target) for track, target in zip(last, targets, strict=True)]
        return self._joiner.join(parts, targets)

    def _separately(self, parts: Sequence[Part], lengths: Sequence[float]) -> list[Track]:
        """Leave out what no player would open, unless nothing is left then."""
        readable = [
            (part, length)
            for part, length in zip(parts, lengths, strict=True)
            if all(self._joiner.readable(track.path) for track in part.tracks)
        ]
        chosen = readable or list(zip(parts, lengths, strict=True))
        return delivery([part for part, _ in chosen], [length for _, length in chosen])


def _part(journal: Journal, segment: Segment) -> Part:
    return Part(segment.started or segment.planned, tuple(journal.tracks(segment)))


def _length(segment: Segment) -> float:
    began = segment.started or segment.planned
    return max(0.0, (segment.ended or began) - began)
