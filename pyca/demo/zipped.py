"""Takes a whole recording as a zip file (contract 7.9, `addZippedMediaPackage`)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pyca.demo import mediapackage
from pyca.demo.answers import Answer, Route
from pyca.demo.exchange import BodyCut, Exchange
from pyca.demo.finalcall import Call, ingest
from pyca.demo.mediapackage import Insane, MediaPackage, NotXml
from pyca.demo.model import new_id
from pyca.demo.multipart import CHUNK, MalformedMultipart
from pyca.demo.records import Received
from pyca.demo.shelf import Refusal, Sheet, refuse

MANIFESTS = ('manifest.xml', 'index.xml')


def add_zipped(exchange: Exchange, workflow: str = '') -> Answer:
    node = exchange.node
    with exchange.model.lock:
        if node.full:
            return Answer(503)
        node.zips += 1
    try:
        return _add(exchange, workflow)
    except Refusal as refusal:
        return refusal.answer
    except MalformedMultipart:
        node.job(good=False)
        return Answer(500)
    except BodyCut:
        node.job(good=False)
        raise
    finally:
        with exchange.model.lock:
            node.zips -= 1


def _add(exchange: Exchange, workflow: str) -> Answer:
    archive, fields = _received(exchange)
    if 'id' in exchange.query:
        fields.setdefault('workflowInstanceId', exchange.query['id'])
    try:
        with zipfile.ZipFile(archive) as opened:
            package = _unpacked(exchange, opened)
    except (zipfile.BadZipFile, NotXml, Insane) as error:
        raise refuse(400) from error
    finally:
        archive.unlink()
    exchange.node.job(good=True)
    return ingest(exchange, Call(package, fields, workflow, 'zip'))


def _received(exchange: Exchange) -> tuple[Path, dict[str, str]]:
    """The zip file, stored, with the fields that came before it."""
    place = exchange.node.folder / 'zips' / f'{new_id()}.zip'
    planned = Received('', place.name, 0, '', place, 'zip')
    fields: dict[str, str] = {}
    if not exchange.is_multipart():
        return exchange.node.store(planned, _raw(exchange)).path, fields
    parts = exchange.parts()
    for part in parts:
        if part.filename is not None:
            stored = exchange.node.store(planned, part.chunks).path
            with exchange.model.lock:
                exchange.model.strict.after_the_file(later.name for later in parts)
            return stored, fields
        fields[part.name] = part.text()
    raise refuse(400)


def _raw(exchange: Exchange) -> Iterator[bytes]:
    while chunk := exchange.body.read(CHUNK):
        yield chunk


def _unpacked(exchange: Exchange, archive: zipfile.ZipFile) -> MediaPackage:
    """The media package of the manifest, each element of it a file of the zip."""
    names = {name.removeprefix('./') for name in archive.namelist()}
    manifest = next((name for name in MANIFESTS if name in names), None)
    if manifest is None:
        raise refuse(400)
    planned = mediapackage.parse(archive.read(manifest).decode('utf-8', 'replace'))
    strict = exchange.model.strict
    with exchange.model.lock:
        strict.package_begun(planned.id, exchange.node.url)
        if planned.foreign:
            strict.not_a_package(planned.foreign)
    package = MediaPackage(planned.id, planned.start, texts=planned.texts)
    for element in planned.elements:
        name = element.url.removeprefix('./')
        if name not in names:
            raise refuse(400)
        with archive.open(name) as file:
            sheet = Sheet(element.kind, element.flavor, name, element.tags)
            sheet.put(exchange, package, iter(partial(file.read, CHUNK), b''))
    return package


ROUTES = (Route('POST', r'/ingest/addZippedMediaPackage(?:/([^/]+))?', add_zipped, 'text/xml'),)
