"""Takes a whole recording in one request (contract 7.9, `addMediaPackage`)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from pyca.demo import mediapackage
from pyca.demo.answers import Answer, Route
from pyca.demo.exchange import BodyCut, Exchange
from pyca.demo.fetch import Download, NotFetched
from pyca.demo.finalcall import Call, ingest
from pyca.demo.ical import DUBLIN_CORE
from pyca.demo.model import new_id
from pyca.demo.multipart import MalformedMultipart, Part
from pyca.demo.shelf import Refusal, Sheet, is_xml, read_flavor, refuse

TERMS = (
    'abstract accessRights accrualMethod accrualPeriodicity accrualPolicy alternative audience available'
    ' bibliographicCitation conformsTo contributor coverage created creator date dateAccepted dateCopyrighted'
    ' dateSubmitted description educationLevel extent format hasFormat hasPart hasVersion identifier'
    ' instructionalMethod isFormatOf isPartOf isReferencedBy isReplacedBy isRequiredBy issued isVersionOf language'
    ' license mediator medium modified provenance publisher references relation replaces requires rights rightsHolder'
    ' source spatial subject tableOfContents temporal title type valid'
)
EPISODE = 'dublincore/episode'
CATALOGS = {'episodeDCCatalog': EPISODE, 'seriesDCCatalog': 'dublincore/series'}


class Reading:
    """One such request while its parts come in; fields count after a file, too."""

    def __init__(self, exchange: Exchange) -> None:
        self.package = mediapackage.create(new_id(), exchange.model.now())
        self.properties: dict[str, str] = {}
        self._exchange = exchange
        self._flavor = ''
        self._tags: list[str] = []
        self._terms: list[tuple[str, str]] = []

    def part(self, part: Part) -> None:
        """Take the next part, a file or a field."""
        if part.filename is not None:
            self._media(part.filename, part.chunks, 'content BODY')
            return
        value = part.text()
        if value.strip():
            self._field(part.name, value)

    def _field(self, name: str, value: str) -> None:
        if name == 'flavor':
            self._flavor = read_flavor(value)
        elif name == 'tag':
            self._tags.append(value)
        elif name == 'mediaUri':
            self._media(*self._fetched(value, 'media'), 'media file')
        elif name in CATALOGS:
            self._catalog(CATALOGS[name], iter([value.encode()]))
        elif name.endswith('Uri') and name.removesuffix('Uri') in CATALOGS:
            self._catalog(CATALOGS[name.removesuffix('Uri')], self._fetched(value, name)[1])
        elif name == 'acl':
            suffix = 'json' if value.lstrip().startswith('{') else 'xml'
            self._put('attachment', 'security/xacml+episode', f'acl.{suffix}', iter([value.encode()]))
        elif name in TERMS.split():
            self._term(name, value)
        else:
            self.properties[name] = value

    def _term(self, name: str, value: str) -> None:
        if name == 'identifier':
            self.package.id = value
        if name == 'created' and not _is_date(value):
            raise refuse(500)
        self._terms.append((name, value))

    def _media(self, name: str, chunks: Iterator[bytes], what: str) -> None:
        if not self._flavor:
            raise refuse(400, f'A flavor has to be specified in the request prior to the {what}')
        if not name:
            raise refuse(500)
        self._put('track', self._flavor, name, chunks)

    def _put(self, kind: str, flavor: str, name: str, chunks: Iterator[bytes]) -> None:
        Sheet(kind, flavor, name, self._tags if kind == 'track' else ()).put(self._exchange, self.package, chunks)
        if kind == 'track':
            self._tags = []

    def _catalog(self, flavor: str, chunks: Iterator[bytes]) -> None:
        content = b''.join(chunks)
        if not is_xml(content):
            raise refuse(400, 'Could not parse XML Dublin Core catalog')
        self._put('catalog', flavor, 'dublincore.xml', iter([content]))

    def _fetched(self, address: str, what: str) -> tuple[str, Iterator[bytes]]:
        if not urlsplit(address).scheme:
            raise refuse(400, f'Invalid URI {address} for {what}')
        try:
            download = Download(address)
        except NotFetched as error:
            raise refuse(500) from error
        with self._exchange.model.lock:
            self._exchange.model.strict.download(address)
        return download.name, download.chunks()

    def end(self) -> None:
        """Look whether there is all that is needed, when the last part was read."""
        elements = self.package.elements
        if not any(element.kind == 'track' for element in elements):
            raise refuse(400, 'Rejected ingest without actual media.')
        if self._terms:
            inner = ''.join(f'<dcterms:{name}>{escape(value)}</dcterms:{name}>' for name, value in self._terms)
            self._catalog(EPISODE, iter([f'{DUBLIN_CORE}{inner}</dublincore>'.encode()]))
        elif not any(element.flavor == EPISODE for element in elements):
            raise refuse(400, 'Rejected ingest without episode metadata. At least provide a title.')


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text.strip().replace('Z', '+00:00'))
    except ValueError:
        return False
    return True


def add_media_package(exchange: Exchange, workflow: str = '') -> Answer:
    if not exchange.is_multipart():
        return Answer(400)
    reading = Reading(exchange)
    try:
        for part in exchange.parts():
            reading.part(part)
        reading.end()
    except Refusal as refusal:
        return refusal.answer
    except (MalformedMultipart, NotFetched):
        exchange.node.job(good=False)
        return Answer(500)
    except BodyCut:
        exchange.node.job(good=False)
        raise
    exchange.node.job(good=True)
    strict = exchange.model.strict
    with exchange.model.lock:
        strict.package_begun(reading.package.id, exchange.node.url)
        if not workflow:
            strict.dropped(reading.properties)
            reading.properties.clear()
    return ingest(exchange, Call(reading.package, reading.properties, workflow, 'single'))


ROUTES = (Route('POST', r'/ingest/addMediaPackage(?:/([^/]+))?', add_media_package, 'text/xml', form=True),)
