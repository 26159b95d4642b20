"""Who may ask what: accounts, sessions, challenges, roles (contract 3)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

from pyca.clock import Clock
from pyca.demo.answers import Answer, page
from pyca.demo.exchange import Exchange
from pyca.demo.records import User
from pyca.demo.strict import Strict

REALM = 'Opencast'
NONCE_SECONDS = 300.0
SESSION_SECONDS = 4 * 3600.0
ANONYMOUS = User('anonymous', '', ('ROLE_ANONYMOUS',))
OPEN = (r'GET /info/.*', r'GET /sysinfo/bundles/version', r'GET /series/.*', r'GET /login\.html', r'GET /')
AGENT = (
    r'GET /services/available\..*',
    r'\w+ /capture-admin/.*',
    r'GET /recordings/.*',
    r'\w+ /ingest/.*',
    r'GET /workflow/definitions\.xml',
)
MAY = {'ROLE_CAPTURE_AGENT': AGENT, 'ROLE_STUDIO': (r'\w+ /ingest/.*',)}


class Security:
    """Admits requests or answers them. Called with the model's lock held."""

    def __init__(self, clock: Clock, users: Iterable[User], strict: Strict) -> None:
        self._clock = clock
        self._strict = strict
        self._secret = secrets.token_bytes(16)
        self._sessions: dict[str, tuple[float, User]] = {}
        self._basic: dict[str, User] = {}
        self._digest: dict[str, User] = {}
        self.set_users(users)

    def set_users(self, users: Iterable[User]) -> None:
        """Replace all accounts; every session ends."""
        users = tuple(users)
        self._basic = {user.name: user for user in users if user.basic}
        self._digest = {user.name: user for user in users if user.digest}
        self._sessions.clear()

    def admit(self, exchange: Exchange) -> tuple[Answer | None, str]:
        """The answer to who may not go on (else None), with a cookie to set (or nothing)."""
        session, user, new = self._session(exchange)
        authorization = exchange.header('authorization')
        stale = False
        if authorization:
            known, stale = self._login(authorization, exchange)
            if known is None:
                scheme = 'Digest' if authorization.lower().startswith('digest') else 'Basic'
                return self._challenge(scheme, stale=stale), _cookie(session, new=new)
            user = known
            self._strict.session(user.name, new=new)
        self._sessions[session] = (self._clock.now(), user)
        exchange.request.user = '' if user is ANONYMOUS else user.name
        exchange.request.session = session
        exchange.roles = user.roles
        return self._decide(user, exchange), _cookie(session, new=new)

    def _session(self, exchange: Exchange) -> tuple[str, User, bool]:
        """The session of a request: its id, its user, whether it was made just now."""
        try:
            cookie = SimpleCookie(exchange.header('cookie')).get('JSESSIONID')
        except CookieError:
            cookie = None
        now = self._clock.now()
        if cookie and cookie.value in self._sessions and now - self._sessions[cookie.value][0] < SESSION_SECONDS:
            return cookie.value, self._sessions[cookie.value][1], False
        return secrets.token_hex(8), ANONYMOUS, True

    def _decide(self, user: User, exchange: Exchange) -> Answer | None:
        question = f'{exchange.request.method} {exchange.raw_path}'
        wanted = exchange.header('x-requested-auth')
        if user is ANONYMOUS:
            if wanted in ('Basic', 'Digest'):
                return self._challenge(wanted)
            if _any(OPEN, question):
                return None
            if exchange.header('x-requested-with') == 'XMLHttpRequest':
                return Answer(419)
            return login_redirect(exchange.node.url)
        allowed = 'ROLE_ADMIN' in user.roles or _any(OPEN, question)
        if allowed or any(role in user.roles and _any(paths, question) for role, paths in MAY.items()):
            return None
        return page('Access denied', f'<p>{user.name} may not do this.</p>', 403)

    def _login(self, authorization: str, exchange: Exchange) -> tuple[User | None, bool]:
        """The account of an Authorization header, and whether only the nonce was too old."""
        scheme, _, rest = authorization.partition(' ')
        if scheme.lower() == 'basic':
            return self._by_basic(rest), False
        if scheme.lower() == 'digest':
            return self._by_digest(rest, exchange)
        return None, False

    def _by_basic(self, text: str) -> User | None:
        try:
            name, _, password = base64.b64decode(text, validate=True).decode().partition(':')
        except (binascii.Error, UnicodeDecodeError):
            return None
        user = self._basic.get(name)
        return user if user and hmac.compare_digest(user.password.encode(), password.encode()) else None

    def _by_digest(self, text: str, exchange: Exchange) -> tuple[User | None, bool]:
        fields = {key: quoted or bare for key, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', text)}
        user = self._digest.get(fields.get('username', ''))
        nonce = fields.get('nonce', '')
        made, _, mark = nonce.partition('-')
        if user is None or fields.get('uri') != exchange.target or mark != self._mark(made):
            return None, False
        first = _md5(f'{user.name}:{REALM}:{user.password}')
        second = _md5(f'{exchange.request.method}:{exchange.target}')
        middle = f'{fields.get("nc")}:{fields.get("cnonce")}:{fields["qop"]}:' if 'qop' in fields else ''
        if fields.get('response') != _md5(f'{first}:{nonce}:{middle}{second}'):
            return None, False
        if self._clock.now() - int(made) / 1000 > NONCE_SECONDS:
            return None, True
        return user, False

    def _challenge(self, scheme: str, *, stale: bool = False) -> Answer:
        if scheme == 'Basic':
            return Answer(401, headers={'WWW-Authenticate': f'Basic realm="{REALM}"'})
        made = str(round(self._clock.now() * 1000))
        value = f'Digest realm="{REALM}", qop="auth", nonce="{made}-{self._mark(made)}"'
        return Answer(401, headers={'WWW-Authenticate': value + (', stale="true"' if stale else '')})

    def _mark(self, made: str) -> str:
        return hmac.new(self._secret, made.encode(), hashlib.sha256).hexdigest()[:24]


def login_redirect(base: str) -> Answer:
    return Answer(302, headers={'Location': f'{base}/login.html'})


def _any(patterns: tuple[str, ...], question: str) -> bool:
    return any(re.fullmatch(pattern, question) for pattern in patterns)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _cookie(session: str, *, new: bool) -> str:
    return f'JSESSIONID={session}' if new else ''
