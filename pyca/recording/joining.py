"""Making one file of a track's segments, without encoding anew."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyca.event import Track
from pyca.recording.atomic import sync_folder
from pyca.recording.probe import Media, difference, probe
from pyca.recording.tool import ToolFailed, never, run

_FOLDER = '.joining'
_MARGIN = 64 << 20  # bytes to be left on the disk
_SLOWEST = 1 << 20  # bytes per second, for the time limit
_TOLERANCE = 1.0  # seconds, besides two in a thousand


@dataclass(frozen=True)
class Part:
    """One segment: when its recorder started, with its tracks in the order of the configuration."""

    started: float
    tracks: tuple[Track, ...]


class NotJoined(Exception):
    """The segments stay as they are; the text says why."""


@dataclass(frozen=True)
class Joiner:
    """Joins the segments of a recording with ffmpeg. `free` gives the bytes left where a file lies."""

    ffmpeg: str = 'ffmpeg'
    ffprobe: str = 'ffprobe'
    free: Callable[[Path], int] = lambda path: shutil.disk_usage(path.parent).free
    interrupted: Callable[[], bool] = never

    def look(self, parts: Sequence[Part]) -> list[list[Media]]:
        """What is in each track of each segment. NotJoined when that cannot be told."""
        return [[self._look(track.path) for track in part.tracks] for part in parts]

    def join(self, parts: Sequence[Part], targets: Sequence[Path]) -> list[Track]:
        """Write each track as one file, all of them or none; the parts stay.

        Segment k begins at its recorder's start in every track, so that tracks stay in step with each other.
        NotJoined when it cannot be done, Interrupted when the agent is to stop.
        """
        if len({tuple(track.flavor for track in part.tracks) for part in parts}) != 1:
            raise NotJoined('not every segment has every track')
        media = self.look(parts)
        if reason := joinable(media):
            raise NotJoined(reason)
        self._need_room(parts, targets[0])
        spans = layout([part.started for part in parts], media)
        folder = targets[0].parent / _FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        try:
            folder.mkdir()
            for number, target in enumerate(targets):
                paths = [part.tracks[number].path for part in parts]
                self._concatenate(paths, spans, folder / target.name)
                self._check(folder / target.name, media[-1][number], spans)
            for target in targets:
                os.replace(folder / target.name, target)
            sync_folder(targets[0].parent)
        except (OSError, ToolFailed) as error:
            raise NotJoined(str(error)) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return [Track(track.flavor, target) for track, target in zip(parts[0].tracks, targets, strict=True)]

    def readable(self, path: Path) -> bool:
        """Whether a player would open it."""
        return self._probe(path) is not None

    def _probe(self, path: Path) -> Media | None:
        return probe(path, ffprobe=self.ffprobe, interrupted=self.interrupted)

    def _look(self, path: Path) -> Media:
        media = self._probe(path)
        if media is None:
            raise NotJoined(f'{self.ffprobe} cannot read {path}')
        return media

    def _need_room(self, parts: Sequence[Part], target: Path) -> None:
        needed = sum(track.path.stat().st_size for part in parts for track in part.tracks) + _MARGIN
        free = self.free(target)
        if free < needed:
            raise NotJoined(f'joining needs {needed >> 20} MiB, the disk has {free >> 20} MiB left')

    def _concatenate(self, paths: Sequence[Path], spans: Sequence[float], target: Path) -> None:
        recipe = target.with_name(f'{target.name}.txt')
        recipe.write_text(concat_script(paths, spans))
        words = [self.ffmpeg, '-nostdin', '-y', '-v', 'error', '-f', 'concat', '-safe', '0', '-i', f'file:{recipe}']
        limit = 60 + sum(path.stat().st_size for path in paths) / _SLOWEST
        run([*words, '-map', '0', '-c', 'copy', f'file:{target}'], limit=limit, interrupted=self.interrupted)
        with open(target, 'rb') as file:
            os.fsync(file.fileno())

    def _check(self, path: Path, last: Media, spans: Sequence[float]) -> None:
        """Believe the result only if it has the streams of its parts, with the length of all together."""
        result = self._look(path)
        expected = sum(spans[:-1]) + last.seconds
        if len(result.streams) != len(last.streams):
            raise NotJoined(f'the joined file has {len(result.streams)} streams, not {len(last.streams)}')
        if abs(result.seconds - expected) > _TOLERANCE + expected / 500:
            raise NotJoined(f'the joined file lasts {result.seconds:.1f} s, not {expected:.1f} s')


def joinable(media: Sequence[Sequence[Media]]) -> str:
    """Empty, or what keeps the segments (each with its tracks) from being joined."""
    first = media[0]
    for number, segment in enumerate(media[1:], start=2):
        for one, other in zip(first, segment, strict=True):
            if reason := difference(one, other):
                return f'segment {number} differs from the first in its {reason}'
    return ''


def layout(starts: Sequence[float], media: Sequence[Sequence[Media]]) -> list[float]:
    """How long each segment lasts till the next begins, the gap included; the same for all tracks.

    A track longer than the distance of the starts (a clock step, a slow muxer) pushes the next segment back.
    """
    spans = []
    for number, segment in enumerate(media):
        longest = max(track.seconds for track in segment)
        next_start = starts[number + 1] if number + 1 < len(starts) else starts[number]
        spans.append(max(longest, next_start - starts[number]))
    return spans


def concat_script(paths: Sequence[Path], spans: Sequence[float]) -> str:
    """The list of files as ffmpeg's concat demuxer reads it."""
    lines = ['ffconcat version 1.0']
    for path, span in zip(paths, spans, strict=True):
        quoted = str(path.absolute()).replace("'", "'\\''")
        lines += [f"file 'file:{quoted}'", f'duration {span:.6f}']
    return '\n'.join(lines) + '\n'


def delivery(parts: Sequence[Part], seconds: Sequence[float]) -> list[Track]:
    """What is uploaded of segments that were not joined, `seconds` being the length of each.

    The longest one (of those with all tracks, if any) has the configured flavors, the others `<flavor>-part<n>`.
    """
    most = max((len(part.tracks) for part in parts), default=0)
    whole = [number for number, part in enumerate(parts) if len(part.tracks) == most]
    chosen = max(whole, key=lambda number: seconds[number], default=0)
    main = list(parts[chosen].tracks) if parts else []
    others = [
        Track(f'{track.flavor}-part{number}', track.path)
        for number, part in enumerate(parts, start=1)
        if number != chosen + 1
        for track in part.tracks
    ]
    return main + others
