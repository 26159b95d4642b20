"""The files that one command of a recording writes, through all its segments."""

from __future__ import annotations

import logging
import re
import time
from contextlib import suppress
from pathlib import Path

from pyca.recording import command
from pyca.recording.journal import Journal, Segment
from pyca.recording.spec import state_path
from pyca.recording.verdict import End
from pyca.settings_inputs import Leg

logger = logging.getLogger(__name__)


class Outputs:
    """Keeps the segments of one leg apart.

    Every run writes to the configured names, so what an earlier one left is renamed to `<file>-part-<n>` first, n from
    0 (the names that existing installations know). The journal is told before the file is renamed; `heal()` mends
    what a power cut left between the two.
    """

    def __init__(self, journal: Journal, leg: Leg) -> None:
        self._journal = journal
        self._leg = leg
        folder = journal.folder.absolute()
        paths = command.output_files(leg.settings.files, directory=str(folder), name=journal.event.name)
        self.names = [_short(path.absolute(), folder) for path in paths]

    @property
    def segments(self) -> list[Segment]:
        """Those of this leg."""
        return [segment for segment in self._journal.segments if segment.leg == self._leg.name]

    def segment(self, number: int, planned: float) -> Segment:
        """A new one, with the files that it is to have. It is the journal's last one now."""
        event, leg = self._journal.event, self._leg
        segment = Segment(number, planned, event.end, list(self.names), leg=leg.name)
        segment.flavors = list(leg.settings.flavors)
        self._journal.segments.append(segment)
        return segment

    def adopt_leftovers(self) -> None:
        """Make segments of the files that an earlier agent without a journal left in the folder."""
        parts = {n for name in self.names for n in self._parts(name)}
        for number in sorted(parts):
            self._adopt(number, [f'{name}-part-{number}' for name in self.names])
        if any(self._size(name) for name in self.names):
            self._adopt(max(parts, default=-1) + 1, list(self.names))

    def _adopt(self, number: int, names: list[str]) -> None:
        segment = self.segment(number, self._journal.event.start)
        segment.end, segment.cause = End.UNKNOWN, 'left by an earlier agent'
        segment.files = [name if self._size(name) else '' for name in names]
        segment.size = sum(map(self._size, names))

    def set_aside(self) -> None:
        """Make way for the next run. A file that cannot be renamed is left to the command."""
        self.heal()
        for name in self.names:
            if self._path(name).exists() and not self._size(name):
                self._remove(name)
        present = [name for name in self.names if self._path(name).exists()]
        if not present:
            return
        number = 1 + max((n for name in self.names for n in self._parts(name)), default=-1)
        for segment in self._journal.segments:
            segment.files = [f'{name}-part-{number}' if name in present else name for name in segment.files]
        try:
            self._journal.save()
        finally:  # a full disk takes no journal, but it does rename; what is not renamed is written over
            for name in present:
                self._rename(name, f'{name}-part-{number}')

    def heal(self) -> None:
        """Do the renames that the journal knows of and the disk does not."""
        claimed = {name for segment in self._journal.segments for name in segment.files}
        for name in claimed:
            plain = re.sub(r'-part-\d+$', '', name)
            if plain != name and plain not in claimed and not self._path(name).exists() and self._path(plain).exists():
                self._rename(plain, name)

    def drop_empty(self, segment: Segment) -> None:
        """Take out of a closed segment the files that hold nothing, from the disk too; note the size of the others."""
        for name in segment.files:
            if name and not self._size(name):
                self._remove(name)
        segment.files = [name if self._size(name) else '' for name in segment.files]
        segment.size = sum(map(self._size, segment.files))
        if not any(segment.files):
            segment.files = []

    def forget(self, segment: Segment) -> None:
        """Remove what the keeper of a run without any result left: there may be thousands in a day."""
        with suppress(OSError):
            state_path(self._journal.folder, segment.number, segment.leg).unlink(missing_ok=True)

    def began(self, segment: Segment) -> bool:
        """Whether its recorder has run: a power cut may have left a file and no word of who wrote it."""
        return segment.started is not None or any(self._size(name) for name in segment.files)

    def last_written(self, segment: Segment) -> float:
        """When the newest of a segment's files was written last; now, if there is none."""
        times = [path.stat().st_mtime for path in self.paths(segment) if path.exists()]
        return max(times, default=time.time())

    def paths(self, segment: Segment) -> list[Path]:
        """Where a segment's files are, or should be."""
        return [self._path(name) for name in segment.files if name]

    def _parts(self, name: str) -> list[int]:
        path = self._path(name)
        pattern = re.compile(re.escape(path.name) + r'-part-(\d+)')
        try:
            entries = [entry.name for entry in path.parent.iterdir()]
        except OSError:
            return []
        return [int(match[1]) for match in map(pattern.fullmatch, entries) if match]

    def _path(self, name: str) -> Path:
        return self._journal.path(name)

    def _size(self, name: str) -> int:
        try:
            return self._path(name).stat().st_size if name else 0
        except OSError:
            return 0

    def _rename(self, old: str, new: str) -> None:
        try:
            self._path(old).rename(self._path(new))
        except OSError as error:
            logger.error('%s cannot be renamed to %s: %s', self._path(old), new, error.strerror)

    def _remove(self, name: str) -> None:
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            logger.warning('The empty file %s cannot be removed: %s', self._path(name), error.strerror)


def _short(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
