"""Takes files into media packages (contract 7.1 to 7.6)."""

from __future__ import annotations

from pathlib import Path

from pyca.demo import mediapackage
from pyca.demo.answers import Answer, Route, text, xml
from pyca.demo.exchange import BadForm, BodyCut, Exchange, FormTooLarge
from pyca.demo.fetch import Download, NotFetched
from pyca.demo.finalcall import Call, ingest
from pyca.demo.mediapackage import BadFlavor, Insane, MediaPackage, NotXml
from pyca.demo.model import new_id
from pyca.demo.multipart import MalformedMultipart
from pyca.demo.shelf import Refusal, Sheet, is_xml, read_flavor, read_package, refuse


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


def add(exchange: Exchange, kind: str) -> Answer:
    try:
        answer = _add(exchange, kind) if exchange.is_multipart() else _fetch(exchange, kind)
    except Refusal as refusal:
        return refusal.answer
    except (MalformedMultipart, NotFetched):
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
    flavor = read_flavor(fields.get('flavor'))
    package = read_package(exchange, fields.get('mediaPackage'))
    begin = _begin(exchange, fields) if exchange.node.old_servlets else None
    sheet = Sheet(kind, flavor, part.filename or '', fields['tags'].split(',') if 'tags' in fields else [])
    if not sheet.name:
        return Answer(500)
    received = sheet.store(exchange, package, part.chunks)
    with exchange.model.lock:
        exchange.model.strict.after_the_file(later.name for later in parts)
    if kind == 'catalog' and not _passes(received.path):
        received.path.unlink()
        return Answer(400)
    sheet.note(exchange, package, received)
    return _begins(exchange, package, begin)


def _fetch(exchange: Exchange, kind: str) -> Answer:
    """The variant that names the file by its address: but for a blank id every fault is a 500."""
    fields = exchange.form()
    try:
        package = mediapackage.parse(fields['mediaPackage'])
        flavor = mediapackage.flavor(fields['flavor'])
        begin = _begin(exchange, fields, required=True)
        read_package(exchange, fields['mediaPackage'])
        download = Download(fields['url'])
    except Insane:
        return Answer(400)
    except (KeyError, NotXml, BadFlavor, NotFetched):
        return Answer(500)
    with exchange.model.lock:
        exchange.model.strict.download(fields['url'])
    tags = fields['tags'].split(',') if 'tags' in fields else []
    Sheet(kind, flavor, download.name, tags).put(exchange, package, download.chunks())
    return _begins(exchange, package, begin)


def _begin(exchange: Exchange, fields: dict[str, str], *, required: bool = False) -> int | None:
    """When a partial track begins, in milliseconds; raises Refusal with 400 for what is no number."""
    if not exchange.raw_path.rstrip('/').endswith('/addPartialTrack'):
        return None
    if not required and 'startTime' not in fields:
        return None
    try:
        return int(fields['startTime'])
    except ValueError as error:
        raise refuse(400) from error


def _begins(exchange: Exchange, package: MediaPackage, begin: int | None) -> Answer:
    if begin is not None:
        exchange.node.partials.note(package.id, package.elements[-1].id, begin, exchange.model.now())
    return grown(exchange, package)


def _passes(path: Path) -> bool:
    """Whether a catalog is XML, or looks like JSON, which passes unread."""
    data = path.read_bytes()
    return data.lstrip()[:1] in (b'[', b'{') or is_xml(data)


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
        flavor = read_flavor(fields.get('flavor', 'dublincore/episode'))
        package = read_package(exchange, fields['mediaPackage'])
    except Refusal as refusal:
        return refusal.answer
    content = fields.get('dublinCore', '')
    if not is_xml(content):
        return text('Could not parse XML Dublin Core catalog', 400)
    Sheet('catalog', flavor, 'dublincore.xml').put(exchange, package, iter([content.encode()]))
    return grown(exchange, package)


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
    return ingest(exchange, Call(package, fields, workflow))


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
)
