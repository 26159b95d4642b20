"""The media package: XML in, XML out, as lenient as Opencast reads it (contract 7.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from pyca.demo.model import new_id
from pyca.demo.shapes import DECLARATION

NAMESPACE = 'http://mediapackage.opencastproject.org'
GROUPS = {'track': 'media', 'catalog': 'metadata', 'attachment': 'attachments'}
TEXTS = ('title', 'series', 'seriestitle', 'license', 'language')
ID = re.compile(r'[\w\-.:;()]+', re.ASCII)
TYPES = {
    'mp4': 'video/mp4',
    'mkv': 'video/x-matroska',
    'webm': 'video/webm',
    'avi': 'video/x-msvideo',
    'mov': 'video/quicktime',
    'xml': 'text/xml',
    'm4a': 'audio/mp4',
    'mp3': 'audio/mpeg',
    'jpg': 'image/jpeg',
    'png': 'image/png',
}


class NotXml(Exception):
    """Not well-formed, empty, or with a DOCTYPE."""


class Insane(Exception):
    """The id is blank."""


class BadFlavor(Exception):
    """Not exactly type/subtype."""


@dataclass
class Element:
    """A track, catalog or attachment."""

    kind: str
    id: str
    flavor: str
    mimetype: str
    tags: list[str]
    url: str

    def xml(self) -> str:
        tags = ''.join(f'<tag>{escape(tag)}</tag>' for tag in self.tags)
        return (
            f'<{self.kind} id={quoteattr(self.id)} type={quoteattr(self.flavor)}>'
            f'<mimetype>{escape(self.mimetype)}</mimetype>{f"<tags>{tags}</tags>" if tags else "<tags/>"}'
            f'<url>{escape(self.url)}</url>{"<live>false</live>" if self.kind == "track" else ""}</{self.kind}>'
        )


@dataclass
class MediaPackage:
    """Elements under an id."""

    id: str
    start: str = ''
    elements: list[Element] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    foreign: str = ''
    """Why what was read is no proper media package; empty if it is one."""

    def xml(self, *, declaration: bool = True) -> str:
        start = f' start={quoteattr(self.start)}' if self.start else ''
        parts = [f'<{name}>{escape(text)}</{name}>' for name, text in self.texts.items()]
        for kind, group in GROUPS.items():
            inner = ''.join(element.xml() for element in self.elements if element.kind == kind)
            parts.append(f'<{group}>{inner}</{group}>' if inner else f'<{group}/>')
        head = DECLARATION if declaration else ''
        return (
            f'{head}<mediapackage id={quoteattr(self.id)}{start} xmlns="{NAMESPACE}">'
            f'{"".join(parts)}<publications/></mediapackage>'
        )


def create(identifier: str, now: float) -> MediaPackage:
    start = datetime.fromtimestamp(int(now), timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
    return MediaPackage(identifier, start)


def parse(text: str) -> MediaPackage:
    """Read a media package. Any well-formed XML passes; what is not Opencast's loses its content, as there."""
    if '<!DOCTYPE' in text:
        raise NotXml('DOCTYPE')
    try:
        root = ElementTree.fromstring(text.strip().encode())
    except ElementTree.ParseError as error:
        raise NotXml(str(error)) from error
    name = root.tag.rpartition('}')[2]
    if name != 'mediapackage':
        return MediaPackage(new_id(), foreign=f'its root is <{name}>')
    identifier = root.get('id', '')
    if not identifier.strip():
        raise Insane
    package = MediaPackage(identifier, root.get('start', ''))
    if root.tag != f'{{{NAMESPACE}}}mediapackage':
        package.foreign = 'its namespace is missing or another'
        return package
    for group in root:
        kind = group.tag.rpartition('}')[2]
        if kind in TEXTS:
            package.texts[kind] = group.text or ''
        package.elements += [_element(child) for child in group if child.tag.rpartition('}')[2] in GROUPS]
    return package


def _element(node: ElementTree.Element) -> Element:
    def inner(name: str) -> str:
        return node.findtext(f'{{{NAMESPACE}}}{name}', '')

    tags = [tag.text or '' for tag in node.iter(f'{{{NAMESPACE}}}tag')]
    kind = node.tag.rpartition('}')[2]
    return Element(kind, node.get('id', ''), node.get('type', ''), inner('mimetype'), tags, inner('url'))


def flavor(text: str) -> str:
    """A flavor as it is stored: trimmed, lower case."""
    parts = [part.strip().lower() for part in text.split('/')]
    if len(parts) != 2 or not all(parts):
        raise BadFlavor(f"Could not parse flavor '{text}'")
    return '/'.join(parts)


def mimetype(filename: str) -> str:
    return TYPES.get(filename.rpartition('.')[2].lower(), 'application/octet-stream')


def stored_name(filename: str, *, shorten: bool) -> str:
    """The name under which the server stores a file: no path, no odd characters, 75 at most for tracks."""
    name = re.sub(r'[^\w\-.]', '_', re.split(r'[/\\]', filename)[-1], flags=re.ASCII)
    if shorten and len(name) > 75:
        stem, dot, extension = name.rpartition('.')
        name = stem[: 75 - len(dot + extension)] + dot + extension if dot else name[:75]
    return name
