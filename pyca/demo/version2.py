"""What a core of the drafted CA API 2.0 makes of an agent's configuration (contract 9.3)."""

from __future__ import annotations

from collections.abc import Mapping

VERSION = 'opencast.agent.version'
VENDOR = ('vendor.name', 'vendor.model', 'vendor.firmware', 'vendor.hardware')
FLAGS = ('capture.stream.capable', 'capture.local.startpaused', 'capture.stream.startpaused')
STATES = frozenset({'capturing_and_uploading'})
"""What the draft proposes for an agent that does both at once."""
LONGEST = 256
PRESET = 32


class Unfit(Exception):
    """Answered with 400; the text says why."""


def accept(posted: Mapping[str, str]) -> dict[str, str]:
    """The configuration as such a core keeps it. One without the vendor's keys is of API 1, taken as it is."""
    if not all(0 < len(posted.get(key, '').strip()) <= LONGEST for key in VENDOR):
        return {**posted, VERSION: '1'}
    kept = {key: value for key, value in posted.items() if not key.startswith('X-')}
    kept = {'capture.stream.capable': '0', 'capture.local.startpaused': '0', **kept, **_extensions(posted)}
    if kept['capture.stream.capable'] == '1':
        kept.setdefault('capture.stream.startpaused', '0')
    else:
        kept.pop('capture.stream.startpaused', None)
    for key in FLAGS:
        if kept.get(key, '0') not in ('0', '1'):
            raise Unfit(f'{key} is neither 0 nor 1')
    if 'capture.device.names' in kept and not 0 < len(kept['capture.device.names']) <= LONGEST:
        raise Unfit('capture.device.names is empty, or too long')
    for key, longest in {'capture.stream.configuration': PRESET, 'capture.device.positions': LONGEST}.items():
        if key in kept:
            kept[key] = _list(key, kept[key], longest)
    return {**kept, VERSION: '2'}


def _list(key: str, value: str, longest: int) -> str:
    items = [item.strip() for item in value.split(',')]
    if not all(0 < len(item) <= longest for item in items):
        raise Unfit(f'{key} has an item that is empty, or too long')
    return ','.join(sorted(items) if key == 'capture.stream.configuration' else items)


def _extensions(posted: Mapping[str, str]) -> dict[str, str]:
    """The vendor's own keys; a bad key is dropped, a bad value refused."""
    good = {}
    for key, value in posted.items():
        if not key.startswith('X-') or not 2 < len(key) <= LONGEST or not key.isascii() or ' ' in key:
            continue
        if not 0 < len(value.strip()) <= LONGEST:
            raise Unfit(f'{key} is empty, or too long')
        good[key] = value.strip()
    return good


def capabilities(configuration: Mapping[str, str]) -> dict[str, str]:
    """What the capabilities show beyond the inputs; the vendor's name is not among it."""
    shown = ('capture.stream.', 'capture.local.', 'X-')
    names = (VERSION, 'capture.device.content', 'capture.device.positions')
    return {key: value for key, value in configuration.items() if key in names or key.startswith(shown)}
