"""How a request proves who sends it: Basic ahead, or Digest with a challenge that is known before a body is sent.

Digest is computed here instead of by libcurl. libcurl asks with an empty body where it knows no challenge, which a
core with a live session (contract 3.4) takes for the real request, and it has no limit for how often a server may
say `stale`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pyca.clock import Clock
from pyca.settings import Server

BODY_AGE, UPLOAD_AGE = 240.0, 60.0
"""Seconds that a digest challenge is trusted for, of the 300 that the core gives it (contract 3.1)."""

_SCHEME = re.compile(r'(?:^|,)\s*(Basic|Digest|Bearer|Negotiate|NTLM)(?=\s|,|$)', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_PAIR = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
_HASHES = {'MD5': 'md5', 'SHA-256': 'sha256'}
_SERVICE = re.compile(r'/(?:ingest|capture-admin|recordings|services)(?:/.*)?$')
_PORTS = {'http': 80, 'https': 443}


def origin(url: str) -> str:
    """Scheme, host and port of an address: what credentials and challenges belong to. Empty if it is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return ''
    return f'{parts.scheme}://{parts.hostname}:{port}' if parts.scheme in _PORTS and parts.hostname else ''


def challenges(header: str) -> list[tuple[str, dict[str, str]]]:
    """What a `WWW-Authenticate` header offers, the preferred one first: lower-cased schemes with their parameters.

    A scheme may be there several times, with another algorithm each; what is in quotes is no scheme.
    """
    found = list(_SCHEME.finditer(_QUOTED.sub(lambda match: '"' * len(match[0]), header)))
    ends = [*(match.start() for match in found), len(header)][1:]
    return [
        (
            match.group(1).lower(),
            {
                name.lower(): re.sub(r'\\(.)', r'\1', quoted) if quoted else bare
                for name, quoted, bare in _PAIR.findall(header[match.end() : end])
            },
        )
        for match, end in zip(found, ends, strict=True)
    ]


@dataclass
class _Known:
    """What an origin said last: its challenge, or None where the session of the cookie is login enough."""

    challenge: Mapping[str, str] | None
    since: float
    count: int = 0
    proven: bool = False


class Login:
    """The account of the core, and what each origin wants to see of it."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._known: dict[str, _Known] = {}

    @property
    def digest(self) -> bool:
        return self._server.auth_method == 'digest'

    def headers(self, method: str, url: str) -> list[str]:
        """The header lines for a request. `X-Requested-Auth` keeps the login page away (contract 3.1, trap 1)."""
        if not self.digest:
            account = f'{self._server.username}:{self._server.password}'.encode()
            return ['X-Requested-Auth: Basic', f'Authorization: Basic {base64.b64encode(account).decode()}']
        known = self._known.get(origin(url))
        if known is None or known.challenge is None:
            return ['X-Requested-Auth: Digest']
        known.count += 1
        return ['X-Requested-Auth: Digest', f'Authorization: {self._answer(known, method, url)}']

    def ready(self, url: str, age: float) -> bool:
        """Whether a body can be sent at once: the challenge (or the session) was seen not longer than `age` ago."""
        known = self._known.get(origin(url))
        return not self.digest or (known is not None and self._clock.monotonic() - known.since <= age)

    def question(self, url: str) -> str:
        """The address of a cheap question to an origin, whose answer brings its challenge (contract 3.5)."""
        core, target = self._server.url.rstrip('/'), urlsplit(url)
        base = _SERVICE.sub('', target.path) if _SERVICE.search(target.path) else ''
        home = core if origin(core) == origin(url) else f'{target.scheme}://{target.netloc}{base}'
        return f'{home}/info/me.json'

    def forget(self, url: str) -> None:
        """Drop the challenge of an origin, so that the next answer brings a new one."""
        self._known.pop(origin(url), None)

    def accepted(self, url: str) -> None:
        """Note that an origin answered something other than 401."""
        known = self._known.setdefault(origin(url), _Known(None, self._clock.monotonic()))
        known.proven = True

    def learn(self, url: str, header: str) -> bool:
        """Take the challenge of a 401; tells whether the same request may do better now.

        Not so when the challenge answers a login that was computed for a nonce just given: then name or password
        are wrong. A nonce that worked before may have become stale (after 300 s, contract 3.1) or unknown.
        """
        offered = (challenge for scheme, challenge in challenges(header) if scheme == 'digest' and self.digest)
        challenge = next((each for each in offered if each.get('nonce') and _hash_name(each) is not None), None)
        if challenge is None:
            return False
        before = self._known.get(origin(url))
        self._known[origin(url)] = _Known(challenge, self._clock.monotonic())
        tried = before is not None and before.challenge is not None
        return not tried or challenge.get('stale', '').lower() == 'true' or (before is not None and before.proven)

    def refusal(self) -> str:
        """Why the account may have been refused, and what to do; for the text of `LoginFailed` (trap 4, C10)."""
        user = self._server.username
        if self.digest:
            return (
                f'the core refuses user "{user}" with digest login; check username and password in [server]. Users of '
                'the admin interface cannot log in by digest: for them set auth_method = basic'
            )
        colon = '; a name with ":" cannot log in by basic, which cuts it there' if ':' in user else ''
        return (
            f'the core refuses user "{user}" with basic login{colon}; check username and password in [server]. If the '
            'account is a digest account (the default up to pyCA 4.5) add the line auth_method = digest to [server]'
        )

    def _answer(self, known: _Known, method: str, url: str) -> str:
        challenge = known.challenge or {}
        name, session = _hash_name(challenge) or ('md5', False)

        def digest(*parts: str) -> str:
            return hashlib.new(name, ':'.join(parts).encode(), usedforsecurity=False).hexdigest()

        parts = urlsplit(url)
        uri = (parts.path or '/') + (f'?{parts.query}' if parts.query else '')
        nonce, realm = challenge['nonce'], challenge.get('realm', '')
        cnonce, count = secrets.token_hex(8), f'{known.count:08x}'
        secret = digest(self._server.username, realm, self._server.password)
        secret = digest(secret, nonce, cnonce) if session else secret
        qop = 'auth' in re.split(r'[\s,]+', challenge.get('qop', ''))
        middle = (nonce, count, cnonce, 'auth') if qop else (nonce,)
        fields = {'username': self._server.username, 'realm': realm, 'nonce': nonce, 'uri': uri}
        fields['response'] = digest(secret, *middle, digest(method, uri))
        fields |= {key: challenge[key] for key in ('opaque',) if key in challenge}
        fields |= {'cnonce': cnonce} if qop or session else {}
        text = ', '.join(f'{key}="{_quoted(value)}"' for key, value in fields.items())
        text += f', algorithm={challenge["algorithm"]}' if 'algorithm' in challenge else ''
        return f'Digest {text}' + (f', qop=auth, nc={count}' if qop else '')


def _hash_name(challenge: Mapping[str, str]) -> tuple[str, bool] | None:
    """The hash of a challenge as hashlib names it, with whether it is a session variant; None for unknown ones."""
    algorithm = challenge.get('algorithm', 'MD5').upper()
    name = _HASHES.get(algorithm.removesuffix('-SESS'))
    return (name, algorithm.endswith('-SESS')) if name else None


def _quoted(value: str) -> str:
    return value.replace('\\', '\\\\').replace('"', '\\"')
