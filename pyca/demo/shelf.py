"""Puts files into media packages, whichever way they come (contract 7.2, 7.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from pyca.demo import mediapackage
from pyca.demo.answers import Answer, text
from pyca.demo.exchange import Exchange
from pyca.demo.mediapackage import BadFlavor, Element, Insane, MediaPackage, NotXml
from pyca.demo.model import new_id
from pyca.demo.records import Received


class Refusal(Exception):
    """The request ends with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def refuse(status: int, reason: str = '') -> Refusal:
    return Refusal(text(reason, status) if reason else Answer(status))


def read_package(exchange: Exchange, given: str | None) -> MediaPackage:
    """The media package of a request; raises Refusal with 400 for what Opencast, or strict mode, refuses."""
    if given is None:
        raise refuse(400)
    try:
        package = mediapackage.parse(given)
    except (NotXml, Insane) as error:
        raise refuse(400) from error
    strict = exchange.model.strict
    with exchange.model.lock:
        if package.foreign:
            strict.not_a_package(package.foreign)
            good = False
        else:
            good = strict.package_sent(package.id, given, exchange.node.url)
    if strict.refuses and not good:
        raise refuse(400, 'This media package is not one of this core.')
    return package


def read_flavor(given: str | None) -> str:
    """A flavor as it is stored; raises Refusal with 400 if there is none, or a bad one."""
    if not given:
        raise refuse(400)
    try:
        return mediapackage.flavor(given)
    except BadFlavor as error:
        raise refuse(400, str(error)) from error


class Sheet:
    """An element on its way into a media package."""

    def __init__(self, kind: str, flavor: str, name: str, tags: Sequence[str] = ()) -> None:
        self.id = new_id()
        self.kind = kind
        self.flavor = flavor
        self.name = mediapackage.stored_name(name, shorten=kind == 'track')
        self.tags = list(tags)

    def put(self, exchange: Exchange, package: MediaPackage, chunks: Iterator[bytes]) -> Received:
        """Store the file, note it in the media package; what arrives only in part is thrown away."""
        received = self.store(exchange, package, chunks)
        self.note(exchange, package, received)
        return received

    def note(self, exchange: Exchange, package: MediaPackage, received: Received) -> None:
        """Add a stored file to the media package."""
        node = exchange.node
        address = f'{node.url}/files/mediapackage/{quote(package.id)}/{self.id}/{self.name}'
        with exchange.model.lock:
            node.files[address] = received
            kind = mediapackage.mimetype(self.name)
            package.elements.append(Element(self.kind, self.id, self.flavor, kind, self.tags, address))
            known = [node.files[part.url] for part in package.elements if part.url in node.files]
            exchange.model.strict.elements(package.id, [(file.kind, file.flavor, file.sha256) for file in known])
            if self.kind == 'catalog':
                exchange.model.strict.catalog_sent(received.sha256)

    def store(self, exchange: Exchange, package: MediaPackage, chunks: Iterator[bytes]) -> Received:
        """Store the file without noting it."""
        planned = Received(self.flavor, self.name, 0, '', self._place(exchange, package), self.kind)
        return exchange.node.store(planned, chunks)

    def _place(self, exchange: Exchange, package: MediaPackage) -> Path:
        return exchange.node.folder / quote(package.id, safe='') / self.id / self.name


def is_xml(content: bytes | str) -> bool:
    """Whether it is well-formed."""
    try:
        ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return False
    return True
