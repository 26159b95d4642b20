"""Answers to requests, with the table of routes that leads to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyca.demo.shapes import Json, dumps, mapped

if TYPE_CHECKING:
    from pyca.demo.exchange import Exchange

NOTICE = 'This is a stand-in for tests and demonstrations. It is not Opencast.'


@dataclass
class Answer:
    """What goes back. `sent` is called when it goes out whole to somebody who still listens."""

    status: int = 200
    body: bytes = b''
    content_type: str = ''
    headers: dict[str, str] = field(default_factory=dict)
    sent: Callable[[], None] | None = None


def text(body: str, status: int = 200, content_type: str = 'text/plain') -> Answer:
    return Answer(status, body.encode(), content_type)


def json(value: Json) -> Answer:
    """An XML type as JSON (contract 2.3)."""
    return text(dumps(mapped(value)), content_type='application/json')


def plain_json(value: Json) -> Answer:
    """JSON that was JSON from the start."""
    return text(dumps(value), content_type='application/json')


def xml(body: str) -> Answer:
    return text(body, content_type='text/xml;charset=utf-8')


def page(title: str, body: str, status: int = 200) -> Answer:
    """An HTML page; each says what this is not."""
    return text(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title} - not Opencast</title></head>'
        f'<body><p><strong>{NOTICE}</strong></p><h1>{title}</h1>{body}</body></html>',
        status,
        'text/html;charset=utf-8',
    )


def not_found() -> Answer:
    return text('The resource you requested does not exist.', 404)


Handler = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """A path with one method. The groups of `pattern` are given to `handler`, percent-decoded, after the exchange."""

    method: str
    pattern: str
    handler: Handler
    produces: str = ''
    """Media type for content negotiation; empty = no matter."""
    guide: bool = False
    """Whether the protocol guides know it."""
    form: bool = False
    """Whether it takes form fields, so that another content type is 415."""

    def match(self, path: str) -> re.Match[str] | None:
        return re.fullmatch(self.pattern, path.rstrip('/') or '/')


def find(routes: Sequence[Route], exchange: Exchange) -> tuple[Route, re.Match[str]] | Answer:
    """The route of a request, or the answer to one that has none."""
    known = False
    for route in routes:
        match = route.match(exchange.raw_path)
        if not match:
            continue
        known = True
        if route.method != exchange.request.method:
            continue
        if not _accepted(exchange.header('accept'), route.produces):
            return Answer(406)
        if route.form and not exchange.is_form():
            return Answer(415)
        return route, match
    return Answer(405) if known else not_found()


def _accepted(accept: str, produces: str) -> bool:
    if not accept or not produces:
        return True
    wanted = {part.split(';')[0].strip() for part in accept.split(',')}
    return bool(wanted & {'*/*', produces, produces.split('/')[0] + '/*'})
