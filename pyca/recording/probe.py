"""Looking into a media file with ffprobe."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
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
    """None when the file cannot be read as media, or there is no ffprobe. Interrupted when the agent is to stop."""

    def ask(*words: str, limit: float) -> Any:
        command = [ffprobe, '-v', 'error', *words, '-of', 'json', f'file:{path}']
        return json.loads(run(command, limit=limit, interrupted=interrupted))

    try:
        found = ask('-show_streams', '-show_format', '-show_data_hash', 'sha256', limit=_LIMIT)
        streams = tuple(_layout(stream) for stream in found['streams'])
        length = found['format'].get('duration')
        if length is None:  # not closed properly: killed, or a power cut
            reading = _LIMIT + path.stat().st_size / _SLOWEST
            length = _last(ask('-show_entries', 'packet=pts_time', limit=reading)['packets'])
    except (ToolFailed, OSError, KeyError, TypeError, ValueError, AttributeError):
        return None
    return Media(float(length), streams) if streams else None


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


def _last(packets: Sequence[Mapping[str, str]]) -> float:
    """The seconds from the first packet to the last."""
    moments = [float(packet['pts_time']) for packet in packets if 'pts_time' in packet]
    return max(moments) - min(moments)
