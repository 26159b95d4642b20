"""The media package: the whole state of an upload, in the core's own words."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import NoReturn

from pyca.errors import NotUnderstood

NAMESPACE = 'http://mediapackage.opencastproject.org'
_LISTS = ('media', 'metadata', 'attachments', 'publications')


@dataclass(frozen=True)
class MediaPackage:
    """`xml` goes back to the core as it came (contract 7.2); `elements` counts tracks, catalogs and attachments."""

    xml: str
    id: str
    elements: int


class _NoDoctype(ET.TreeBuilder):
    """Builds a tree without document types, which have no business here and can grow without bounds."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:
        raise NotUnderstood(f'the core answered with a document type ({name}), which is never accepted')


def tree(text: str) -> ET.Element:
    """The root element of an XML text."""
    try:
        return ET.fromstring(text, parser=ET.XMLParser(target=_NoDoctype()))  # no document types: nothing to expand
    except (ET.ParseError, ValueError, LookupError) as error:
        raise NotUnderstood(f'the core answered with something that is no XML ({error}): {text[:100]!r}') from error


def parse(text: str, *, expect_id: str | None = None, grown_from: MediaPackage | None = None) -> MediaPackage:
    """Check that a text is a media package, the one with this id, with one element more than before.

    The core itself takes any XML for an empty media package (trap 2, trap 26), so this is the only guard against an
    upload that loses its tracks.
    """
    root = tree(text)
    if root.tag != f'{{{NAMESPACE}}}mediapackage':
        raise NotUnderstood(f'the core answered with <{root.tag}> instead of a media package')
    found = root.get('id', '').strip()
    if not found:
        raise NotUnderstood('the core answered with a media package without an id')
    if expect_id is not None and found != expect_id:
        raise NotUnderstood(f'the core answered with the media package {found} instead of {expect_id}')
    elements = sum(len(part) for name in _LISTS for part in root.findall(f'{{{NAMESPACE}}}{name}'))
    if grown_from is not None and elements != grown_from.elements + 1:
        raise NotUnderstood(
            f'the core answered with {elements} elements in media package {found} instead of {grown_from.elements + 1}'
        )
    return MediaPackage(text, found, elements)
