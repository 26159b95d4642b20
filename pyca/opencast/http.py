"""Requests to the core over HTTP, by pycurl."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import pycurl

from pyca import __version__, settings
from pyca.clock import Clock, SystemClock
from pyca.errors import Interrupted, LoginFailed, Unreachable
from pyca.opencast import answers, bodies
from pyca.opencast.answers import Response
from pyca.opencast.body import Body
from pyca.opencast.cookies import CookieFile
from pyca.opencast.exchange import MOST, Answer, Failure, Request, Upload
from pyca.opencast.login import BODY_AGE, UPLOAD_AGE, Login, origin
from pyca.opencast.multipart import Multipart
from pyca.opencast.watch import Verdict, Watch

__all__ = ['Http', 'Response', 'Session', 'Upload']

FORM_LIMIT = 1_000_000
"""Bytes of an urlencoded body; the core takes 1,500,000 and fails beyond (contract 2.4, trap 32)."""


class Session:
    """The cookies of several connections, so that the core has one session for all of them (contract 3.4)."""

    def __init__(self) -> None:
        self.share: Any = pycurl.CurlShare()
        self.share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_COOKIE)
        self.begun = False
        """Whether the cookies of the last run were read."""


@dataclass(eq=False, repr=False)
class Http:
    """One connection to the core, for one thread, made when it is first used.

    `rate`: bytes per second, 0 is no limit. `interrupted` ends a request within about a second; `beat` is called
    about as often while one runs. `heard` gets the headers of each answer, when it was asked for, when it came.
    `stall`: seconds in which a body that is being sent must move (H22). `held` tells whether files may not be sent
    now; of one that is under way only so much goes out then that the connection stays. `session` may be that of other
    connections.
    """

    server: settings.Server
    limits: settings.Http
    rate: int = field(default=0, kw_only=True)
    interrupted: Callable[[], bool] = field(default=lambda: False, kw_only=True)
    beat: Callable[[], None] = field(default=lambda: None, kw_only=True)
    clock: Clock = field(default_factory=SystemClock, kw_only=True)
    heard: Callable[[Mapping[str, str], float, float], None] = field(default=lambda *_: None, kw_only=True)
    stall: float = field(default=120.0, kw_only=True)
    held: Callable[[], bool] | None = field(default=None, kw_only=True)
    session: Session = field(default_factory=Session, kw_only=True)

    def __post_init__(self) -> None:
        self._curl: Any = None
        self._login = Login(self.server, self.clock)
        self._cookies = CookieFile(self.server.cookiefile)
        self._trusted: set[str] = set()
        self.trust(self.server.url, *self.server.service_overrides.values())

    def trust(self, *urls: str) -> None:
        """Let the hosts of these addresses see the credentials; all others are refused before anything is sent."""
        self._trusted.update(filter(None, map(origin, urls)))

    def get(self, url: str, *, headers: Mapping[str, str] = {}, most: int = MOST) -> Response:
        """Read something of `most` bytes at most."""
        lines = tuple(f'{name}: {value}' for name, value in headers.items())
        return self._request(Request('GET', url, lines, most=most))

    def post(
        self, url: str, fields: Mapping[str, str], *, once: bool = False, answer_limit: float | None = None
    ) -> Response:
        """Send a form, as multipart without file parts when it is large (trap 32).

        `once`: the core must not get it twice, not even over a connection that died (libcurl repeats silently on a
        kept one). With `answer_limit` the core may think for so many seconds, whatever `limits.timeout` says.
        """
        request = Request('POST', url, once=once, answer_limit=answer_limit)
        body = urlencode(fields, encoding='utf-8', errors='replace').encode()
        if len(body) <= FORM_LIMIT:
            return self._request(replace(request, body=body))
        return self._request(replace(request, form=Multipart(list(fields.items()))))

    def put(self, url: str) -> Response:
        """Ask for something to be made; no body."""
        return self._request(Request('PUT', url, ('Content-Type:',), body=b'', once=True))

    def upload(self, url: str, fields: Sequence[tuple[str, str]], file: Upload) -> Response:
        """Send a file from disk, behind the fields (the core stops reading at the file: contract 7.3).

        Raises OSError when the file cannot be read.
        """
        with Multipart(fields, file.name.encode('ascii', 'replace').decode(), file.path) as form:
            return self.send(url, form, file.progress, file.answer_limit)

    def send(
        self, url: str, body: Body, progress: Callable[[int, int], bool | None] | None, answer_limit: float
    ) -> Response:
        """Send a body of any length; what its `before_end` raises is raised here."""
        request = Request('POST', url, form=body, once=True, answer_limit=answer_limit, progress=progress)
        return self._request(request)

    def close(self) -> None:
        """Close the connection; a later request opens a new one."""
        if self._curl is not None:
            self._save_cookies()
            self._curl.close()
        self._curl = None

    def _request(self, request: Request) -> Response:
        request = replace(request, url=request.wire_url)
        if origin(request.url) not in self._trusted:
            raise LoginFailed(
                f'{request.place}: not sent, since this host is neither the core in [server] nor named by its service '
                'registry; add it to service_overrides in [server] if it is right'
            )
        if request.body is not None or request.form:
            self._prime(request)
        response, sent = self._perform(request)
        challenge = response.headers.get('www-authenticate', '')
        if response.status == 401 and self._login.learn(request.url, challenge):
            response, sent = self._perform(request)
        if response.status != 401:
            self._login.accepted(request.url)
        refusal = self._login.refusal()
        problem = answers.problem(response, request.place, refusal=refusal, sent=sent, now=self.clock.now())
        if problem is not None:
            raise (request.form and request.form.broken()) or problem
        return response

    def _prime(self, request: Request) -> None:
        """Learn the digest challenge by a small question, so that a body goes out once (trap 5, contract 3.4)."""
        if self._login.ready(request.url, UPLOAD_AGE if request.form else BODY_AGE):
            return
        self._login.forget(request.url)
        question = Request('GET', self._login.question(request.url))
        try:
            response, _ = self._perform(question)
        except Unreachable as error:
            raise Unreachable(str(error)) from error  # whatever became of the question, the request was not sent
        if response.status == 401 and self._login.learn(question.url, response.headers.get('www-authenticate', '')):
            return
        self._login.accepted(question.url)

    def _perform(self, request: Request) -> tuple[Response, bool]:
        """One transfer; gives the answer, with whether the whole request had gone out before it."""
        if self.interrupted():
            raise Interrupted(f'{request.place}: not sent, the program is to stop')
        curl = self._handle()
        answer = Answer(request.most)
        watch = Watch(self.clock, self.interrupted, lambda: self._beat(request.form))
        if request.answer_limit is not None:
            watch.stall = max(self.stall, 2.0 * bodies.SMALLEST_BLOCK / self.rate if self.rate else 0.0)
            watch.answer_limit = request.answer_limit
            watch.report = request.progress
        self._prepare(curl, request)
        curl.setopt(pycurl.HEADERFUNCTION, answer.header)
        curl.setopt(pycurl.WRITEFUNCTION, answer.write)
        curl.setopt(pycurl.NOPROGRESS, 0)
        curl.setopt(pycurl.XFERINFOFUNCTION, watch)
        asked = self.clock.now()
        try:
            curl.perform()
        except pycurl.error as error:
            # A server may refuse before it has read the whole body, and then break the connection.
            early = answer.ended and answer.status >= 400 and watch.verdict is Verdict.NONE and not answer.full
            if not early:
                self._fail(request, watch, answer, error)
        watch.finish()
        self.heard(answer.headers, asked, self.clock.now())
        if 'set-cookie' in answer.headers:
            self._save_cookies()
        return Response(answer.status, answer.headers, b''.join(answer.body), request.url), bodies.gone_out(
            self._curl, request
        )

    def _beat(self, form: Body | None) -> None:
        self.beat()
        if form is not None:
            bodies.wake(self._curl, form)

    def _fail(self, request: Request, watch: Watch, answer: Answer, error: pycurl.error) -> None:
        number, text = (*error.args, '')[:2]
        if request.form and (broken := request.form.broken()):
            raise broken
        connected = self._curl.getinfo(pycurl.PRETRANSFER_TIME) > 0
        failure = Failure(number, text, connected=connected, sent=bodies.gone_out(self._curl, request))
        raise failure.error(request, watch, answer) from error

    def _handle(self) -> Any:
        if self._curl is None:
            self._curl = pycurl.Curl()
            self._curl.setopt(pycurl.SHARE, self.session.share)
            self._curl.setopt(pycurl.COOKIEFILE, '')
            for line in () if self.session.begun else self._cookies.load():
                self._curl.setopt(pycurl.COOKIELIST, line.encode())
            self.session.begun = True
        self._curl.reset()
        return self._curl

    def _save_cookies(self) -> None:
        self._cookies.save(self._curl.getinfo(pycurl.INFO_COOKIELIST))

    def _prepare(self, curl: Any, request: Request) -> None:
        curl.setopt(pycurl.URL, request.url.encode())
        curl.setopt(pycurl.COOKIEFILE, '')
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.PATH_AS_IS, 1)
        curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        curl.setopt(pycurl.FOLLOWLOCATION, 0)
        curl.setopt(pycurl.TCP_KEEPALIVE, 1)
        curl.setopt(pycurl.USERAGENT, f'pyCA/{__version__}')
        # Not asked for, as it changes the ETag; what comes compressed all the same is unpacked block by block.
        curl.setopt(pycurl.ACCEPT_ENCODING, 'identity')
        curl.setopt(pycurl.CONNECTTIMEOUT, self.limits.connection_timeout)
        if request.answer_limit is None:
            curl.setopt(pycurl.TIMEOUT, self.limits.timeout)
        if self.rate:
            curl.setopt(pycurl.MAX_SEND_SPEED_LARGE, self.rate)
        self._secure(curl)
        curl.setopt(pycurl.HTTPGET, 1)  # a reset leaves the method of a form with a file behind
        kind = bodies.attach(curl, request, self.rate, self.held, self.clock)
        if request.method == 'PUT':
            curl.setopt(pycurl.CUSTOMREQUEST, 'PUT')
        if request.once:
            curl.setopt(pycurl.FRESH_CONNECT, 1)
        lines = ['Expect:', *kind, *self._login.headers(request.method, request.url), *request.headers]
        curl.setopt(pycurl.HTTPHEADER, [line.encode() for line in lines])

    def _secure(self, curl: Any) -> None:
        if self.server.insecure:
            curl.setopt(pycurl.SSL_VERIFYPEER, 0)
            curl.setopt(pycurl.SSL_VERIFYHOST, 0)
            return
        # A libcurl that came inside a Python package may not know where this machine keeps its certificates.
        trusted = self.server.certificate or ssl.get_default_verify_paths().cafile
        if trusted:
            curl.setopt(pycurl.CAINFO, os.fsencode(trusted))
