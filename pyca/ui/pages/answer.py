"""An answer with a page, or 304 when the reader's one still holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, g, make_response, render_template, request

from pyca.errors import StorageError
from pyca.ui.commands import Commands
from pyca.ui.overview.freshness import Tag
from pyca.ui.overview.sources import Sources
from pyca.ui.pages.notice import FIELDS, Notice, notice
from pyca.ui.reader import Readers, here


@dataclass(frozen=True)
class Content:
    """A page before it is put into words: template, values, the time until which it holds."""

    template: str
    values: dict[str, object]
    until: float
    status: int = 200


class Answers:
    """Makes the answers; the routes say what is on the pages."""

    def __init__(self, sources: Sources, commands: Commands, readers: Readers) -> None:
        self._sources = sources
        self._commands = commands
        self._readers = readers

    def page(self, content: Callable[[], Content]) -> Response:
        """`content` is asked only if something may have changed; what cannot be read is said with 503."""
        edition = self._edition()
        try:
            change = self._sources.database.change()  # before the content: what changes meanwhile is shown next time
            held = self._held(edition, change)
            if held is not None:
                response = Response(status=304)
                response.set_etag(str(held))
                return response
            made, said = content(), self._notice()
            tag = Tag(edition, change, int(made.until))
            text = render_template(made.template, **self._basics(), **made.values, notice=said, tag=str(tag))
        except StorageError as error:
            values = {'reason': str(error), 'notice': None, 'tag': ''}
            return make_response(render_template('unreadable.html', **self._basics(), **values), 503)
        response = make_response(text, made.status)
        response.set_etag(str(tag))
        return response

    def _held(self, edition: str, change: int) -> Tag | None:
        now = self._sources.clock.now()
        tags = map(Tag.parse, request.if_none_match.as_set(include_weak=True))
        return next((tag for tag in tags if tag is not None and tag.holds(edition, change, now)), None)

    def _notice(self) -> Notice | None:
        """None on a page that is open: answers to people who act are for who logs in."""
        return notice(request.args, self._commands, self._readers.reader) if g.get('visitor') else None

    def _edition(self) -> str:
        """What makes two readers see different pages."""
        visitor = g.get('visitor')
        words = (self._sources.fingerprint, self._readers.reader.words.language, repr(visitor), request.full_path)
        return hashlib.sha256('\0'.join(words).encode('utf-8', 'surrogatepass')).hexdigest()[:16]

    def _basics(self) -> dict[str, object]:
        """What every page shows."""
        settings = self._sources.settings
        address, reader = here(), self._readers.reader
        return {
            'say': reader.words,  # looked up once, not once for each word as where no page is made
            'show': reader.formats,
            'words': reader.words,
            'agent': settings.agent.name,
            'backup': settings.agent.backup_mode,
            'refresh': settings.ui.refresh_rate,
            'now': self._sources.clock.now(),
            'here': address,
            'dismissed': {name: value for name, value in address.items() if name not in FIELDS},
        }
