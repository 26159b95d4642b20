"""Takes files into media packages (contract 7.1 to 7.6)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from pyca.demo import mediapackage
from pyca.demo.answers import Answer, Route, not_here, text, xml
from pyca.demo.exchange import BadForm, BodyCut, Exchange, FormTooLarge
from pyca.demo.finalcall import ingest
from pyca.demo.mediapackage import BadFlavor, Element, Insane, MediaPackage, NotXml
from pyca.demo.model import new_id
from pyca.demo.multipart import MalformedMultipart, Part
from pyca.demo.records import Received


class Refusal(Exception):
    """The request ends with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def create_package(exchange: Exchange, identifier: str = '') -> Answer:
    if identifier and not mediapackage.ID.fullmatch(identifier):
        return Answer(500)
    model = exchange.model
    package = mediapackage.create(identifier or new_id(), model.now())
    with model.lock:
        model.strict.package_begun(package.id, exchange.node.url)
    return grown(exchange, package)


def grown(exchange: Exchange, package: MediaPackage) -> Answer:
    """A media package as answer; strict mode notes it when it goes out."""
    body = package.xml()
    answer = xml(body)

    def note() -> None:
        with exchange.model.lock:
            exchange.model.strict.package_given(package.id, body)

    answer.sent = note
    return answer


def read_package(exchange: Exchange, given: str | None) -> MediaPackage:
    """The media package of a request; raises Refusal with 400 for what Opencast, or strict mode, refuses."""
    if given is None:
        raise Refusal(Answer(400))
    try:
        package = mediapackage.parse(given)
    except (NotXml, Insane) as error:
        raise Refusal(Answer(400)) from error
    strict = exchange.model.strict
    with exchange.model.lock:
        if package.foreign:
            strict.not_a_package(package.foreign)
            good = False
        else:
            good = strict.package_sent(package.id, given, exchange.node.url)
    if strict.refuses and not good:
        raise Refusal(text('This media package is not one of this core.', 400))
    return package


def add(exchange: Exchange, kind: str) -> Answer:
    if not exchange.is_multipart():
        return not_here('download of files by their address')
    try:
        answer = _add(exchange, kind)
    except Refusal as refusal:
        return refusal.answer
    except MalformedMultipart:
        exchange.node.job(good=False)
        return Answer(500)
    except BodyCut:
        exchange.node.job(good=False)
        raise
    exchange.node.job(good=True)
    return answer


def _add(exchange: Exchange, kind: str) -> Answer:
    fields: dict[str, str] = {}
    parts = exchange.parts()
    for part in parts:
        if part.filename is not None:
            break
        fields[part.name] = part.text()
    else:
        return Answer(400)
    flavor = _flavor(fields.get('flavor'))
    package = read_package(exchange, fields.get('mediaPackage'))
    name = mediapackage.stored_name(part.filename or '', shorten=kind == 'track')
    if not name:
        return Answer(500)
    element = new_id()
    received = _receive(exchange, part, Received(flavor, name, 0, '', _place(exchange, package, element, name), kind))
    with exchange.model.lock:
        exchange.model.strict.after_the_file(later.name for later in parts)
    if kind == 'catalog' and not _well_formed(received.path):
        received.path.unlink()
        return Answer(400)
    tags = fields['tags'].split(',') if 'tags' in fields else []
    return put(exchange, package, received, element, tags)


def put(exchange: Exchange, package: MediaPackage, received: Received, element: str, tags: list[str]) -> Answer:
    """Add what was received to the media package and give that back."""
    address = f'{exchange.node.url}/files/mediapackage/{quote(package.id)}/{element}/{received.filename}'
    with exchange.model.lock:
        exchange.node.files[address] = received
        kind = mediapackage.mimetype(received.filename)
        package.elements.append(Element(received.kind, element, received.flavor, kind, tags, address))
        known = [exchange.node.files[part.url] for part in package.elements if part.url in exchange.node.files]
        exchange.model.strict.elements(package.id, [(file.kind, file.flavor, file.sha256) for file in known])
        if received.kind == 'catalog':
            exchange.model.strict.catalog_sent(received.sha256)
    return grown(exchange, package)


def _flavor(given: str | None) -> str:
    if not given:
        raise Refusal(Answer(400))
    try:
        return mediapackage.flavor(given)
    except BadFlavor as error:
        raise Refusal(text(str(error), 400)) from error


def _place(exchange: Exchange, package: MediaPackage, element: str, name: str) -> Path:
    return exchange.node.folder / quote(package.id, safe='') / element / name


def _receive(exchange: Exchange, part: Part, planned: Received) -> Received:
    """Store a file part; what arrives only in part is thrown away."""
    return exchange.node.store(planned, part.chunks)


def _well_formed(path: Path) -> bool:
    data = path.read_bytes()
    if data.lstrip()[:1] in (b'[', b'{'):
        return True
    try:
        ElementTree.fromstring(data)
    except ElementTree.ParseError:
        return False
    return True


def add_track(exchange: Exchange) -> Answer:
    return add(exchange, 'track')


def add_catalog(exchange: Exchange) -> Answer:
    return add(exchange, 'catalog')


def add_attachment(exchange: Exchange) -> Answer:
    return add(exchange, 'attachment')


def add_dublin_core(exchange: Exchange) -> Answer:
    fields = exchange.form()
    if 'mediaPackage' not in fields:
        return Answer(500)
    try:
        flavor = _flavor(fields.get('flavor', 'dublincore/episode'))
        package = read_package(exchange, fields['mediaPackage'])
    except Refusal as refusal:
        return refusal.answer
    content = fields.get('dublinCore', '')
    try:
        ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return text('Could not parse XML Dublin Core catalog', 400)
    element, name = new_id(), 'dublincore.xml'
    planned = Received(flavor, name, 0, '', _place(exchange, package, element, name), 'catalog')
    return put(exchange, package, exchange.node.store(planned, iter([content.encode()])), element, [])


def discard(exchange: Exchange) -> Answer:
    try:
        package = mediapackage.parse(exchange.form().get('mediaPackage', ''))
    except (NotXml, Insane):
        return Answer(500)
    with exchange.model.lock:
        for element in package.elements:
            received = exchange.node.files.pop(element.url, None)
            if received:
                received.path.unlink(missing_ok=True)
    return Answer(200)


def final_call(exchange: Exchange, workflow: str = '') -> Answer:
    try:
        fields = exchange.form()
        package = read_package(exchange, fields.pop('mediaPackage', None))
    except (BadForm, FormTooLarge):
        return Answer(400)
    except Refusal as refusal:
        return refusal.answer
    return ingest(exchange, package, fields, workflow)


def missing(exchange: Exchange, *names: str) -> Answer:
    exchange.body.drain()
    return not_here(exchange.raw_path)


HERE = '/ingest'
ROUTES = (
    Route('GET', rf'{HERE}/createMediaPackage', create_package, 'text/xml', guide=True),
    Route('PUT', rf'{HERE}/createMediaPackageWithID/([^/]+)', create_package, 'text/xml'),
    Route('POST', rf'{HERE}/addTrack', add_track, 'text/xml', guide=True, form=True),
    Route('POST', rf'{HERE}/addPartialTrack', add_track, 'text/xml', form=True),
    Route('POST', rf'{HERE}/addCatalog', add_catalog, 'text/xml', guide=True, form=True),
    Route('POST', rf'{HERE}/addAttachment', add_attachment, 'text/xml', guide=True, form=True),
    Route('POST', rf'{HERE}/addDCCatalog', add_dublin_core, 'text/xml', guide=True, form=True),
    Route('POST', rf'{HERE}/discardMediaPackage', discard, form=True),
    Route('POST', rf'{HERE}/ingest', final_call, 'text/xml', guide=True, form=True),
    Route('POST', rf'{HERE}/ingest/([^/]+)', final_call, 'text/xml', guide=True, form=True),
    Route('POST', rf'{HERE}/(?:addMediaPackage|addZippedMediaPackage)(?:/([^/]+))?', missing),
)
