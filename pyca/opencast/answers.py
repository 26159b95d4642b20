"""What an answer of the core means: use it, try again, go away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from pyca.errors import CoreError, LoginFailed, NotUnderstood, Overloaded, Refused, Unreachable
from pyca.opencast.times import http_date

_PAGE = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)', re.I | re.S)
_LOGIN_PAGE = re.compile(rb'type\s*=\s*["\']?password|login|j_username|sign[ -]?in', re.I)
_BUSY = {429: 'too many requests', 502: 'bad gateway', 503: 'no service now', 504: 'gateway timeout'}
_LOST = {502, 503, 504}
"""What a proxy says that lost the core's answer; some say 503, and that with a `Retry-After`."""
_WORDS = 300
_SLASH = (
    'sent on to the same address with a slash more or less at its end; whatever stands before the core must pass '
    'addresses on as they are'
)


@dataclass(frozen=True)
class Response:
    """An answer. `headers` has lower-cased names; a header that came more than once is joined by commas."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced."""
        return self.body.decode('utf-8', 'replace')

    @property
    def words(self) -> str:
        """What a person should read of an error: the first characters of a plain text, nothing of a page (H33)."""
        if '<' in self.text[:_WORDS] and ('html' in self.headers.get('content-type', '') or is_page(self.body)):
            return ''
        return ' '.join(''.join(c if c.isprintable() else ' ' for c in self.text[: 4 * _WORDS]).split())[:_WORDS]


def is_page(body: bytes) -> bool:
    """Whether a body is a web page. The type in the header says little: plain answers call themselves HTML, too."""
    return _PAGE.match(body[:4000]) is not None


def problem(response: Response, place: str, *, refusal: str, sent: bool, now: float) -> CoreError | None:
    """The error that an answer stands for; None for one that can be used (2xx, 304, no web page).

    `place` names the request, `refusal` says why a login may have been refused, `sent` whether the whole request had
    gone out. 500 is refused: it is also the answer for conflicts (trap 28), so the caller decides.
    """
    status = response.status
    if 200 <= status < 300 or status == 304:
        return _page(response, place)
    if 300 <= status < 400:
        return _redirect(response, place)
    if status in _BUSY:
        text = f'{place}: {status} {_BUSY[status]}{_said(response)}; it is tried again later'
        wait = retry_after(response.headers.get('retry-after', ''), now)
        return Overloaded(text, retry_after=wait, sent=sent and status in _LOST)
    if status == 408:
        return Unreachable(f'{place}: 408, the server waited too long for the request; it is tried again')
    if status == 401 and 'www-authenticate' in response.headers:
        return LoginFailed(f'{place}: 401, {refusal}')
    return Refused(f'{place}: {_verdict(status)}{_said(response)}', status=status, body=response.text[:_WORDS])


def retry_after(value: str, now: float) -> float | None:
    """The seconds that a `Retry-After` header asks for, as a number or a date."""
    if re.fullmatch(r'\d{1,9}', value.strip()):
        return float(value)
    date = http_date(value)
    return None if date is None else max(0.0, date - now)


def _said(response: Response) -> str:
    return f' ("{response.words}")' if response.words else ''


def _verdict(status: int) -> str:
    return {
        400: '400, the core cannot use the request',
        401: '401, the account is known but has no right to this (an access list); ask whoever runs the core',
        403: '403, the account has no right to this; it needs the role ROLE_CAPTURE_AGENT',
        404: '404, the core does not know it',
        407: '407, the proxy wants a login; put it into the proxy variables of the environment',
        413: '413, the request is too large for the server; raise the limit of the core, or of the proxy before it',
        500: '500, the core failed or has a conflict; its log has the reason',
    }.get(status, f'the answer is {status}')


def _page(response: Response, place: str) -> CoreError | None:
    """A page where data was asked for: the login page that a redirect leads to (trap 1), or a maintenance page."""
    if not is_page(response.body):
        return None
    if _LOGIN_PAGE.search(response.body[:100_000]):
        return LoginFailed(f'{place}: a login page came instead of an answer; check url and auth_method in [server]')
    return NotUnderstood(f'{place}: a web page came instead of an answer; is the core under maintenance, or url wrong?')


def _redirect(response: Response, place: str) -> CoreError:
    """Redirects are never followed (trap 1): to a login page they mean no login, else that `url` is outdated.

    One that only adds a slash, or takes it away, comes from something before the core, and `url` is right.
    """
    target = urljoin(response.url, response.headers.get('location', ''))
    here, there = urlsplit(response.url), urlsplit(target)
    if here.path.strip('/') == there.path.strip('/') and target != response.url:
        home = f'{there.scheme}://{there.netloc}'
        if home == f'{here.scheme}://{here.netloc}':
            return NotUnderstood(f'{place}: {response.status}, {_SLASH}')
        return NotUnderstood(f'{place}: {response.status}, it has moved to {home}; set url in [server] to that')
    return LoginFailed(
        f'{place}: {response.status}, sent on to {there.scheme}://{there.netloc}{there.path}, which is most likely a '
        'login page; check url and auth_method in [server]'
    )
