"""One request as its handler meets it: target, headers, a body to be read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BufferedIOBase
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from pyca.demo.multipart import CHUNK, MalformedMultipart, Part, Parts, boundary
from pyca.demo.records import Request

if TYPE_CHECKING:
    from pyca.demo.model import Model
    from pyca.demo.nodes import Node

FORM_LIMIT = 1_500_000


class BodyCut(ConnectionError):
    """The client went away in the middle of the body."""


class FormTooLarge(Exception):
    """More than 1,500,000 url-encoded bytes (contract 2.4)."""


class BadForm(Exception):
    """The form cannot be read."""


class NotANumber(Exception):
    """A query parameter of type Long is no number."""


class Body:
    """The bytes of a request body, plain or chunked.

    `allowed(so_far)` says how many bytes may be read next, which is where faults hold, slow or cut it.
    """

    def __init__(self, raw: BufferedIOBase, length: int | None, *, chunked: bool) -> None:
        self._raw = raw
        self._left = length or 0
        self._chunked = chunked
        self.ended = not chunked and not length
        self.allowed: Callable[[int], int] = lambda so_far: CHUNK
        self.begin: Callable[[], None] = lambda: None
        self.arrived: Callable[[int], None] = lambda so_far: None
        self.count = 0

    def read(self, size: int = CHUNK) -> bytes:
        """Up to `size` bytes; nothing at the end."""
        if self.ended:
            return b''
        if self.count == 0:
            self.begin()
        if self._chunked and self._left == 0 and not self._next_chunk():
            return b''
        try:
            data = self._raw.read1(max(1, min(size, self._left, self.allowed(self.count))))
        except TimeoutError as error:
            raise BodyCut from error
        if not data:
            raise BodyCut
        self._left -= len(data)
        self.count += len(data)
        self.arrived(self.count)
        if self._chunked and self._left == 0:
            self._raw.readline()
        elif self._left == 0:
            self.ended = True
        return data

    def _next_chunk(self) -> bool:
        line = self._raw.readline()
        if not line:
            raise BodyCut
        self._left = int(line.split(b';')[0], 16)
        if self._left == 0:
            while self._raw.readline().strip():
                pass
            self.ended = True
        return not self.ended

    def drain(self, limit: int | None = None) -> bool:
        """Read and forget, `limit` bytes at most; tells whether the end was reached."""
        until = None if limit is None else self.count + limit
        while not self.ended and (until is None or self.count < until):
            self.read()
        return self.ended


class Exchange:
    """A request, with what its handler may ask."""

    def __init__(self, model: Model, node: Node, request: Request, target: tuple[str, str], body: Body) -> None:
        self.model = model
        self.node = node
        self.request = request
        self.target, self.inner = target
        """As it came, then without the base path."""
        self.raw_path = urlsplit(self.inner).path
        self.roles: tuple[str, ...] = ()
        self.body = body
        self.headers: dict[str, str] = {}
        self.peer = ''

    def header(self, name: str) -> str:
        return self.headers.get(name, '')

    @property
    def query(self) -> dict[str, str]:
        return self.request.query

    def long(self, name: str) -> int | None:
        """A query parameter of type Long; raises NotANumber if it is none, which is a 404 (contract 2.2)."""
        value = self.query.get(name, '')
        if not value:
            return None
        try:
            return int(value)
        except ValueError as error:
            raise NotANumber(name) from error

    def is_form(self) -> bool:
        kind = self.header('content-type').lower()
        return not kind or kind.startswith(('application/x-www-form-urlencoded', 'multipart/form-data'))

    def is_multipart(self) -> bool:
        return self.header('content-type').lower().startswith('multipart/form-data')

    def form(self) -> dict[str, str]:
        """The fields of a form without files, whichever way it came."""
        if self.is_multipart():
            try:
                return {part.name: part.text() for part in self.parts()}
            except MalformedMultipart as error:
                raise BadForm(str(error)) from error
        data = b''
        while chunk := self.body.read():
            data += chunk
            if len(data) > FORM_LIMIT:
                raise FormTooLarge
        return dict(parse_qsl(data.decode('utf-8', 'replace'), keep_blank_values=True))

    def parts(self) -> Iterator[Part]:
        """The parts of a multipart body in stream order."""
        return iter(Parts(self.body.read, boundary(self.header('content-type'))))


def parameters(target: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
