"""The episode catalog (`episode.xml`) of an event that the agent itself makes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from xml.sax.saxutils import escape

FLAVOR = 'dublincore/episode'
_ROOT = (
    '<dublincore xmlns="http://www.opencastproject.org/xsd/1.0/dublincore/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)
_UNWRITABLE = re.compile(r'[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')


@dataclass(frozen=True)
class Episode:
    """What the core is told of the event; times are seconds since the epoch. What is empty is left out."""

    agent: str
    start: int
    end: int
    title: str
    creator: str = ''
    series: str = ''


def catalog(episode: Episode, identifier: str = '') -> str:
    """The catalog that names agent and time, and, as `identifier`, the media package."""
    start, end = _iso(episode.start), _iso(episode.end)
    values = {
        'title': _text(episode.title),
        'creator': _text(episode.creator),
        'identifier': _text(identifier),
        'spatial': _text(episode.agent),
        'isPartOf': _text(episode.series),
        'created xsi:type="dcterms:W3CDTF"': start,
        'temporal xsi:type="dcterms:Period"': f'start={start}; end={end}; scheme=W3C-DTF;',
    }
    terms = ''.join(f'<dcterms:{name}>{value}</dcterms:{name.split()[0]}>' for name, value in values.items() if value)
    return f'{_ROOT}{terms}</dublincore>'


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def _text(words: str) -> str:
    """XML has no way to write most control characters, nor halves of characters."""
    return escape(_UNWRITABLE.sub('', words))
