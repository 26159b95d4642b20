"""Looking into a media file with ffprobe."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyca.recording.tool import ToolFailed, never, run

_LIMIT = 60.0  # seconds
_SLOWEST = 1 << 20  # bytes per second

_LAYOUT = {
    'codec_type': 'kind',
    'codec_name': 'codec',
    'profile': 'profile',
    'extradata_hash': 'codec settings',
    'width': 'width',
    'height': 'height',
    'pix_fmt': 'pixel format',
    'r_frame_rate': 'frame rate',
    'sample_rate': 'sample rate',
    'sample_fmt': 'sample format',
    'channels': 'channels',
    'channel_layout': 'channel layout',
    'time_base': 'time base',
}
"""What must be equal for joining without encoding, with its name for people."""


@dataclass(frozen=True)
class Media:
    """What is in a file: its length in seconds, and for each stream its properties by name."""

    seconds: float
    streams: tuple[Mapping[str, str], ...]


def installed(ffprobe: str = 'ffprobe') -> bool:
    """Whether files can be looked into at all on this machine."""
    return shutil.which(ffprobe) is not None


def probe(path: Path, *, ffprobe: str = 'ffprobe', interrupted: Callable[[], bool] = never) -> Media | None:
    """None when the file cannot be read as media, or there is no ffprobe. Interrupted when the agent is to stop.

    Reads the whole file. The length in its header is no help: ffmpeg writes there at once what it was told to record,
    so that a file which was cut off by a crash or a power cut claims to be whole.
    """

    def ask(*words: str, limit: float) -> str:
        command = [ffprobe, '-v', 'error', *words, f'file:{path}']
        return run(command, limit=limit, interrupted=interrupted).decode('utf-8', 'replace')

    try:
        found = json.loads(
            ask('-show_streams', '-show_format', '-show_data_hash', 'sha256', '-of', 'json', limit=_LIMIT)
        )
        streams = tuple(_layout(stream) for stream in found['streams'])
        reading = _LIMIT + path.stat().st_size / _SLOWEST
        length = _length(ask('-show_entries', 'packet=pts_time,duration_time', '-of', 'default=nw=1', limit=reading))
    except (ToolFailed, OSError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return Media(length, streams) if streams else None


def difference(one: Media, other: Media) -> str:
    """What keeps two files from being joined without encoding, empty for nothing."""
    if len(one.streams) != len(other.streams):
        return 'number of streams'
    for left, right in zip(one.streams, other.streams, strict=True):
        for name in _LAYOUT.values():
            if left.get(name) != right.get(name):
                return f'{name} ({left.get(name)}, {right.get(name)})'
    return ''


def _layout(stream: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(stream[key]) for key, name in _LAYOUT.items() if key in stream}


def _length(packets: str) -> float:
    """The seconds from the first packet to the end of the last; ffprobe says of each `pts_time=`, `duration_time=`."""
    first, begin, end = float('inf'), float('nan'), float('-inf')
    for line in io.StringIO(packets):
        name, _, value = line.strip().partition('=')
        if name not in ('pts_time', 'duration_time') or value == 'N/A':
            continue
        if name == 'pts_time':
            begin = float(value)
            first, end = min(first, begin), max(end, begin)
        else:
            end = max(end, begin + float(value))
    if end < first:
        raise ValueError('no packet has a time')
    return end - first
