"""The route that has everything the page shows."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from pyca.ui import sentences
from pyca.ui.api import given
from pyca.ui.api.answers import answer, blueprint
from pyca.ui.api.plain import plain
from pyca.ui.languages import Words
from pyca.ui.overview.freshness import Tag
from pyca.ui.overview.gather import PAGE, Asked, gather
from pyca.ui.overview.model import Overview
from pyca.ui.overview.sources import Sources
from pyca.ui.refusals import MEDIA_TYPE

MOST = 200
"""Recorded events in one answer."""


def routes(sources: Sources, english: Words) -> Blueprint:
    """`GET /api/status`: one answer, or 304 after one cheap question."""
    api = blueprint('status')

    @api.get('/api/status')
    def status() -> Response:
        wanted = given.query_filter()
        limit = given.query_number('limit', PAGE, MOST)
        offset = given.query_number('offset', 0, given.LAST_SECOND)
        change = sources.database.change()  # before the answer: what changes meanwhile is shown the next time
        held = still_holds(sources, change)
        if held:
            return _cared_for(Response(status=304, mimetype=MEDIA_TYPE), held)
        seen = gather(sources, Asked(wanted, limit or 0, offset or 0))
        shown = answer({'meta': told(seen, english)})
        return _cared_for(shown, Tag(sources.fingerprint, change, int(seen.holds_until)))

    return api


def still_holds(sources: Sources, change: int) -> Tag | None:
    """The tag of the answer that the asker has, if it still holds."""
    now = sources.clock.now()
    tags = map(Tag.parse, request.if_none_match.as_set(include_weak=True))
    return next((tag for tag in tags if tag is not None and tag.holds(sources.fingerprint, change, now)), None)


def told(seen: Overview, words: Words) -> dict[str, Any]:
    """The overview with its codes said in words beside them."""
    shown: dict[str, Any] = plain(seen)
    shown['verdict']['text'] = sentences.verdict(words, seen.verdict, seen.problems)
    for said, found in zip(shown['problems'], seen.problems, strict=True):
        said['title'] = sentences.problem(words, found)
        said['consequence_text'] = sentences.consequence(words, found)
        said['remedy_text'] = sentences.remedy(words, found)
    for said, upload in zip(shown['uploads'], seen.uploads, strict=True):
        said['needs_decision'] = upload.needs_decision
    return shown


def _cared_for(response: Response, tag: Tag) -> Response:
    """Only the asker may keep it, and must ask each time whether it still holds."""
    response.set_etag(str(tag))
    response.headers['Cache-Control'] = 'private, no-cache'
    response.headers['Vary'] = 'Authorization'
    return response
