"""What of a recording is delivered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyca.event import Track, together
from pyca.recording.command import output_files
from pyca.recording.joining import Joiner, NotJoined, Part, delivery
from pyca.recording.journal import Journal, Segment, load
from pyca.settings import Capture

logger = logging.getLogger(__name__)


def offer(journal: Journal) -> list[Track]:
    """The tracks as they lie there: of each leg the longest segment under its flavors, the others beside it."""
    return [track for pieces in journal.strands.values() for track in _offered(journal, pieces)]


def _offered(journal: Journal, pieces: Sequence[Segment]) -> list[Track]:
    return delivery([_part(journal, piece) for piece in pieces], [_length(piece) for piece in pieces])


def attached(settings: Capture, folder: Path) -> list[Track]:
    """The files that go along with the tracks of the recording in this folder, whether they are there or not."""
    paths = output_files(settings.attachments, str(folder), folder.name)
    return [Track(flavor, path.absolute()) for flavor, path in zip(settings.attachment_flavors, paths, strict=True)]


@dataclass(frozen=True)
class Prepared:
    """What is to be uploaded, with a sentence about what is not: files that no player would open."""

    tracks: tuple[Track, ...]
    left_out: str = ''


class Preparation:
    """Makes of a recording's segments what is to be uploaded. Each leg is joined for itself."""

    def __init__(self, find: Callable[[str], Path], joiner: Joiner) -> None:
        """`find` tells where the recording of a name is."""
        self._find = find
        self._joiner = joiner

    def tracks(self, name: str) -> Prepared | None:
        """The tracks of the recording of this name, joined where that is possible.

        None without a journal that is over: a disk that took no more may have kept its last words back.

        Takes as long as copying the segments does. Raises Interrupted.
        """
        journal = load(self._find(name))
        if journal is None or not journal.phase.over:
            return None
        made = [self._leg(journal, pieces) for pieces in journal.strands.values()]
        tracks = tuple(track for leg in made for track in leg.tracks)
        return Prepared(tracks, together(*(leg.left_out for leg in made)))

    def _leg(self, journal: Journal, pieces: Sequence[Segment]) -> Prepared:
        """The tracks of one leg, which came in these pieces."""
        if len(pieces) < 2:
            return Prepared(tuple(_offered(journal, pieces)))
        useless = [track.path for piece in pieces for track in journal.tracks(piece) if not self._opens(track)]
        found = [(_part(journal, piece, useless), _length(piece)) for piece in pieces]
        found = [(part, length) for part, length in found if part.tracks]
        if not found:  # perhaps it is no media at all; then all of it is wanted
            return Prepared(tuple(_offered(journal, pieces)))
        names = ', '.join(path.name for path in useless)
        left_out = f'not uploaded, since no player would open it: {names}' if names else ''
        return Prepared(tuple(self._joined(journal, found)), left_out)

    def length(self, name: str) -> float | None:
        """The seconds recorded, by the journal; None without one, or where nobody knows when a recorder ended."""
        journal = load(self._find(name))
        if journal is None or any(piece.ended is None for piece in journal.pieces):
            return None
        return max((sum(map(_length, pieces)) for pieces in journal.strands.values()), default=0.0)

    def ended(self, name: str) -> float | None:
        """When its last recorder ended; None without a journal, or where nobody knows."""
        journal = load(self._find(name))
        last = [pieces[-1].ended for pieces in journal.strands.values() if pieces] if journal is not None else []
        known = [ended for ended in last if ended is not None]
        return max(known) if known and len(known) == len(last) else None

    def _opens(self, track: Track) -> bool:
        return self._joiner.readable(track.path)

    def _joined(self, journal: Journal, found: list[tuple[Part, float]]) -> list[Track]:
        parts = [part for part, _ in found]
        if len(parts) > 1:
            try:
                return self._join(parts)
            except NotJoined as reason:
                logger.warning('%s: the segments are delivered one by one: %s', journal.event.uid, reason)
        return delivery(parts, [length for _, length in found])

    def _join(self, parts: list[Part]) -> list[Track]:
        last = parts[-1].tracks
        targets = [track.path.with_name(f'joined-{track.path.name}') for track in last]
        newest = max(track.path.stat().st_mtime for part in parts for track in part.tracks)
        if all(target.exists() and target.stat().st_mtime >= newest for target in targets):
            return [Track(track.flavor, target) for track, target in zip(last, targets, strict=True)]
        return self._joiner.join(parts, targets)


def _part(journal: Journal, segment: Segment, useless: Collection[Path] = ()) -> Part:
    tracks = tuple(track for track in journal.tracks(segment) if track.path not in useless)
    return Part(segment.started or segment.planned, tracks)


def _length(segment: Segment) -> float:
    began = segment.started or segment.planned
    return max(0.0, (segment.ended or began) - began)
