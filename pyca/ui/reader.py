"""Who reads a page: in which language, in which time zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, g, request, url_for
from markupsafe import Markup
from werkzeug.local import LocalProxy

from pyca.ui.causes import Causes
from pyca.ui.formats import Formats
from pyca.ui.languages import Languages, Words

FIELD = 'language'
"""In the address of a page: read it in this language, from now on."""
COOKIE = 'pyca_language'
YEAR = 365 * 86_400
ADDRESS = ('q', 'outcome', 'offset', 'start', 'event', 'order', 'said')
"""What else may stand in the address of a page; `url_for` understands names that nobody shall choose for us."""


def here() -> dict[str, Any]:
    """The parameters of the present page, without its language."""
    given = {name: request.args[name] for name in ADDRESS if name in request.args}
    return {**given, **(request.view_args or {})}


@dataclass(frozen=True)
class Reader:
    """What pages need to know of whoever reads them."""

    words: Words
    formats: Formats
    causes: Causes

    def cause(self, text: str) -> Markup:
        """One or several causes, as they are kept, in the reader's words."""
        return self.causes.said(text, self.words)


class Readers:
    """Finds out from the request: the language that was chosen, else the first one of the browser that there is."""

    def __init__(self, languages: Languages, timezone: str = '') -> None:
        self._languages = languages
        self._causes = Causes(languages.default)
        self._zone = ZoneInfo(timezone) if timezone else None

    def serve(self, app: Flask) -> None:
        """Offer to the templates: `say` (a sentence), `show` (times, sizes), `languages` (links to them); `caused` says
        what is kept as a cause."""
        app.after_request(self._remember)
        app.jinja_env.globals.update(
            say=lambda key, **values: self.reader.words(key, **values),
            known=lambda key: self.reader.words.known(key),
            show=LocalProxy(lambda: self.reader.formats),
            words=LocalProxy(lambda: self.reader.words),
            languages=self._links,
        )
        app.jinja_env.filters['caused'] = lambda text: self.reader.cause(text)

    @property
    def reader(self) -> Reader:
        """That of the present request."""
        if 'reader' not in g:
            words = self._languages[self._code()]
            g.reader = Reader(words, Formats(words, self._zone), self._causes)
        found: Reader = g.reader
        return found

    def _code(self) -> str:
        for wanted in (request.args.get(FIELD, ''), request.cookies.get(COOKIE, '')):
            if wanted in self._languages.codes:
                return wanted
        default = self._languages.default.language
        return request.accept_languages.best_match(list(self._languages.codes), default) or default

    def _links(self) -> list[tuple[str, str]]:
        """Each language with the address of this page in it."""
        return [(code, url_for(str(request.endpoint), **{**here(), FIELD: code})) for code in self._languages.codes]

    def _remember(self, response: Response) -> Response:
        wanted = request.args.get(FIELD, '')
        if wanted in self._languages.codes and request.endpoint and request.endpoint.startswith('pages.'):
            path = request.script_root or '/'
            response.set_cookie(COOKIE, wanted, max_age=YEAR, path=path, httponly=True, samesite='Lax')
        return response
