"""An event that the agent itself puts into the core's schedule (contract 7.9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from xml.sax.saxutils import escape

from pyca.opencast.ingest import IngestNode

FLAVOR = 'dublincore/episode'
_ROOT = (
    '<dublincore xmlns="http://www.opencastproject.org/xsd/1.0/dublincore/" '
    'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)


@dataclass(frozen=True)
class Wanted:
    """The event; times are seconds since the epoch."""

    agent: str
    start: int
    end: int
    title: str
    creator: str


def schedule(core: IngestNode, wanted: Wanted) -> None:
    """Put it there. Refused with 409 if the agent has another event at that time; any CoreError else."""
    node = core.ingest_node()
    package = core.create_mediapackage(node, None)
    core.schedule(node, core.add_catalog(node, package, FLAVOR, episode(wanted)))


def episode(wanted: Wanted) -> str:
    """The catalog that names agent and time: the core makes the event of it."""
    start, end = _iso(wanted.start), _iso(wanted.end)
    values = {
        'title': _text(wanted.title),
        'creator': _text(wanted.creator),
        'spatial': _text(wanted.agent),
        'created xsi:type="dcterms:W3CDTF"': start,
        'temporal xsi:type="dcterms:Period"': f'start={start}; end={end}; scheme=W3C-DTF;',
    }
    terms = ''.join(f'<dcterms:{name}>{value}</dcterms:{name.split()[0]}>' for name, value in values.items() if value)
    return f'{_ROOT}{terms}</dublincore>'


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def _text(words: str) -> str:
    """XML has no way to write most control characters."""
    return escape(''.join(letter for letter in words if letter.isprintable()))
