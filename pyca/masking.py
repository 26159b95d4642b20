"""Passwords kept out of texts that people read."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus, unquote

from pyca.settings import VIEWER, Settings

MASK = '***'
PUBLISHED = frozenset({'opencast', 'CHANGE_ME'})
"""Default passwords that everybody knows; hiding them would only blot out ordinary words."""
SHORTEST = 4
"""Characters from which on a secret is searched for; a shorter one would blot out ordinary words."""

_HEADER = re.compile(r'(?i)((?:proxy-)?authorization|(?:set-)?cookie)(["\']?\s*[:=]\s*)[^\r\n]+')
_LOGIN = re.compile(r'(://[^\s:/@]*):[^\s/@]+@')
_ANYWHERE = re.compile(r'([\w+.-]+://[^\s:/@]*):\S*@')
_TELLING = r'passw(?:or)?d|passphrase|pwd|token|secret|credentials?|signature|(?:api|access|auth|stream)[_.-]?key'
_SHORT = r'pass|pw|key|auth|sig'
"""They are parts of ordinary words, so only what is a word of its own counts."""
_QUERY = re.compile(rf'(?i)([?&;](?:[\w.-]*(?:{_TELLING})|(?:[\w.-]*[_.-])?(?:{_SHORT}))=)[^\s&;]+')
_URL = re.compile(r'(?s)^([\w+.-]+://[^:/@]*):(.*)@')


def masked_url(url: str) -> str:
    """An address without the password in it."""
    return _URL.sub(rf'\1:{MASK}@', url)


def without_logins(text: str) -> str:
    """A text in which no address has a password, neither before its host nor in its query."""
    return _QUERY.sub(rf'\1{MASK}', _ANYWHERE.sub(rf'\1:{MASK}@', text))


class Redaction:
    """Takes secrets out of any text: the last line of defence, not the first.

    It knows the secrets of one configuration in the shapes in which they travel (plain, quoted for a URL, escaped,
    as Basic login), and replaces what follows `Authorization:` or `Cookie:` whatever it is.
    """

    def __init__(self, secrets: Iterable[str] = (), logins: Iterable[tuple[str, str]] = ()) -> None:
        """`logins` are pairs of user name and password; their passwords count as secrets too."""
        logins = list(logins)
        words = set(_shapes([*secrets, *(password for _, password in logins)]))
        words.update(_basic(name, password) for name, password in logins if password)
        longest_first = sorted(words, key=lambda word: (-len(word), word))
        self._words = re.compile('|'.join(map(re.escape, longest_first))) if words else None

    @classmethod
    def of(cls, settings: Settings) -> Redaction:
        server, ui = settings.server, settings.ui
        database = _URL.match(settings.agent.database)
        secrets = [database.group(2), unquote(database.group(2))] if database else []
        return cls(
            secrets, [(server.username, server.password), (ui.username, ui.password), (VIEWER, ui.viewer_password)]
        )

    def __call__(self, text: str) -> str:
        text = _HEADER.sub(rf'\1\2{MASK}', text)
        text = _LOGIN.sub(rf'\1:{MASK}@', text)
        return self._words.sub(MASK, text) if self._words else text


def _shapes(secrets: Iterable[str]) -> Iterator[str]:
    for secret in secrets:
        if len(secret) >= SHORTEST and secret not in PUBLISHED:
            yield from (
                secret,
                quote(secret, safe=''),
                quote_plus(secret),
                repr(secret)[1:-1],
                json.dumps(secret)[1:-1],
            )


def _basic(name: str, password: str) -> str:
    return base64.b64encode(f'{name}:{password}'.encode('utf-8', 'surrogatepass')).decode('ascii')
