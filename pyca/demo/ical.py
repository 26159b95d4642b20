"""Writes the calendar as Opencast of today, or of long ago, does (contract 6.3, 6.4)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from xml.sax.saxutils import escape

from pyca.demo.records import Event

HEAD = ['BEGIN:VCALENDAR', 'PRODID:Opencast Calendar File 0.5', 'VERSION:2.0', 'CALSCALE:GREGORIAN']
PROPERTIES = 'org.opencastproject.capture.agent.properties'
DUBLIN_CORE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
    '<dublincore xmlns="http://www.opencastproject.org/xsd/1.0/dublincore/" xmlns:dcterms="http://purl.org/dc/terms/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
)


class Style(str, Enum):
    """How the text is laid out."""

    MODERN = 'modern'
    """CRLF, not folded."""
    OLD = 'old'
    """CRLF, folded at 73 characters, an empty line after each attachment (OC <= 6)."""
    LF = 'lf'
    """Line feeds only, not folded."""


@dataclass
class Layout:
    """The knobs of the calendar."""

    style: Style = Style.MODERN
    java_properties: bool = False
    """Agent properties as a real properties file, with comments and escapes (OC <= 3)."""
    sorted: bool = False
    """Opencast promises no order, so the default is none."""
    etag: bool = True
    """A web server in front that compresses the calendar takes the unquoted ETag away (contract 7.10)."""


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime('%Y%m%dT%H%M%SZ')


def iso(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')


def episode(event: Event) -> str:
    """The Dublin Core catalog of an event."""
    creators = ''.join(f'<dcterms:creator>{escape(name)}</dcterms:creator>' for name in event.presenters)
    part_of = f'<dcterms:isPartOf>{escape(event.series)}</dcterms:isPartOf>' if event.series else ''
    end = event.end if event.temporal_end is None else event.temporal_end
    period = f'start={iso(event.start)}; end={iso(end)}; scheme=W3C-DTF;'
    return (
        f'{DUBLIN_CORE}<dcterms:identifier>{escape(event.uid)}</dcterms:identifier>{creators}{part_of}'
        f'<dcterms:spatial>{escape(event.agent)}</dcterms:spatial>'
        f'<dcterms:temporal xsi:type="dcterms:Period">{period}</dcterms:temporal>'
        f'<dcterms:title>{escape(event.title)}</dcterms:title></dublincore>'
    )


def series(identifier: str) -> str:
    """The Dublin Core catalog of a series."""
    name = escape(identifier)
    return (
        f'{DUBLIN_CORE}<dcterms:identifier>{name}</dcterms:identifier>'
        f'<dcterms:title>Series {name}</dcterms:title></dublincore>'
    )


def agent_properties(event: Event, layout: Layout) -> str:
    properties = event.agent_properties()
    if not layout.java_properties:
        return ''.join(f'{key}={value}\n' for key, value in properties.items())
    lines = ['#Capture Agent specific data', '#Thu Jun 05 08:00:00 CEST 2014']
    for key, value in properties.items():
        quoted = value.replace('\\', '\\\\').replace(':', '\\:').replace('=', '\\=').replace('\n', '\\n')
        lines.append(f'{key}={quoted}')
    return '\n'.join(lines) + '\n'


def calendar(events: Sequence[Event], now: float, layout: Layout) -> str:
    lines = list(HEAD)
    for event in events:
        lines += _lines(event, now, layout)
    lines.append('END:VCALENDAR')
    end = '\n' if layout.style is Style.LF else '\r\n'
    if layout.style is not Style.OLD:
        return ''.join(line + end for line in lines)
    return ''.join(_folded(line) + end + (end if line.startswith('ATTACH') else '') for line in lines)


def _lines(event: Event, now: float, layout: Layout) -> list[str]:
    lines = [
        'BEGIN:VEVENT',
        f'DTSTAMP:{stamp(now)}',
        f'DTSTART:{stamp(event.start)}',
        f'DTEND:{stamp(event.end)}',
        f'SUMMARY:{_text(event.title)}',
        f'UID:{event.uid}',
        f'LAST-MODIFIED:{stamp(event.version)}',
    ]
    if event.description:
        lines.append(f'DESCRIPTION:{_text(event.description)}')
    lines.append(f'LOCATION:{_text(event.agent)}')
    if event.series:
        lines.append(f'RELATED-TO:{_text(event.series)}')
    lines.append(_attachment('episode.xml', 'application/xml', episode(event)))
    if event.series:
        lines.append(_attachment('series.xml', 'application/xml', series(event.series)))
    lines.append(_attachment(PROPERTIES, 'application/text', agent_properties(event, layout)))
    return [*lines, 'END:VEVENT']


def _attachment(name: str, kind: str, content: str) -> str:
    encoded = base64.b64encode(content.encode()).decode()
    return f'ATTACH;FMTTYPE={kind};VALUE=BINARY;ENCODING=BASE64;X-APPLE-FILENAME={name}:{encoded}'


def _text(value: str) -> str:
    return value.replace('\\', '\\\\').replace(',', '\\,').replace(';', '\\;').replace('\n', '\\n')


def _folded(line: str) -> str:
    parts = [line[:73]] + [line[at : at + 72] for at in range(73, len(line), 72)]
    return '\r\n '.join(parts)
