"""Takes one connection's requests from the first byte to the last."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pyca.demo import mishaps
from pyca.demo.answers import Answer, Route, find, page, text
from pyca.demo.exchange import Body, Exchange, FormTooLarge, NotANumber, parameters
from pyca.demo.faults import Fault
from pyca.demo.records import Request
from pyca.demo.routes import ROUTES

if TYPE_CHECKING:
    from pyca.demo.server import Listener

SHOWN = ('user-agent', 'content-type', 'content-length', 'if-none-match', 'accept', 'expect', 'x-requested-auth')
SMALL = 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections that stay open."""

    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True
    server: Listener
    _waits_for_continue = False

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.desk.idle_seconds)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Requests are in `requests`; nothing is printed."""

    def handle_expect_100(self) -> bool:
        """Go on only when somebody wants the body."""
        self._waits_for_continue = True
        return True

    def handle_one_request(self) -> None:
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self._exchange()
        except mishaps.Reset:
            self.close_connection = True
            self.server.abort(self.connection)
        except OSError:
            self.close_connection = True
        self._waits_for_continue = False

    def _exchange(self) -> None:
        desk = self.server.desk
        exchange = self._received()
        node = exchange.node
        request = exchange.request
        with desk.model.lock:
            desk.model.requests.append(request)
            if not node.registered and exchange.header('authorization'):
                desk.model.strict.credentials(node.url)
        if self.server.dark:
            desk.faults.pause()
        fault = desk.faults.take(request.method, exchange.inner)
        try:
            request.fault = fault.kind.value if fault else ''
            mishaps.on_body(exchange.body, fault, desk.faults, self.connection)
            work = mishaps.instead(exchange, fault, self.server) or self._admitted(exchange)
            answer = mishaps.after(work, fault, desk.faults)
            if answer is not None:
                self._send(exchange, answer, fault)
            else:
                self.close_connection = True
        finally:
            request.ended = desk.model.now()
            desk.model.notify(lambda: None)

    def _received(self) -> Exchange:
        model = self.server.desk.model
        inner = self._inner()
        headers = {name.lower(): value for name, value in self.headers.items()}
        node = self.server.node.turn(headers.get('cookie', ''))
        length = headers.get('content-length')
        request = Request(
            method=self.command,
            path=unquote(inner.partition('?')[0]),
            query=parameters(self.path),
            at=model.now(),
            node=node.url,
            headers={name: value for name, value in headers.items() if name in SHOWN},
            length=int(length) if length else None,
        )
        chunked = 'chunked' in headers.get('transfer-encoding', '').lower()
        body = Body(self.rfile, request.length, chunked=chunked)
        body.begin = self._begin_body

        def arrived(count: int) -> None:
            request.bytes_in = count

        body.arrived = arrived
        exchange = Exchange(model, node, request, (self.path, inner), body)
        exchange.headers = headers
        exchange.peer = str(self.client_address[0])
        return exchange

    def _inner(self) -> str:
        """The target below the base path; nothing for one that is not below it."""
        base = self.server.desk.base
        inner = self.path.removeprefix(base) or '/'
        return inner if self.path.startswith(base) and inner.startswith(('/', '?')) else ''

    def _begin_body(self) -> None:
        if self._waits_for_continue:
            self._waits_for_continue = False
            self.connection.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')

    def _admitted(self, exchange: Exchange) -> Answer:
        """The answer to a request, its login looked at first."""
        desk = self.server.desk
        host = exchange.header('host').partition(':')[0]
        if desk.organizations and host not in desk.organizations:
            return text(f'No organization is mapped to {host}', 404)
        if not exchange.inner:
            return page('Another site', f'<p>The core is at {desk.base}.</p>', 404)
        with desk.model.lock:
            refused, cookie = desk.security.admit(exchange)
        answer = refused or self._routed(exchange)
        if cookie:
            answer.headers = {**answer.headers, 'Set-Cookie': f'{cookie}; Path={desk.base or "/"}; HttpOnly'}
        return answer

    def _routed(self, exchange: Exchange) -> Answer:
        desk = self.server.desk
        found = find(ROUTES, exchange)
        if isinstance(found, Answer):
            return found
        route, match = found
        if desk.guides_only and not route.guide:
            return Answer(desk.guides_only)
        return self._handled(exchange, route, [unquote(group) for group in match.groups() if group is not None])

    def _handled(self, exchange: Exchange, route: Route, groups: list[str]) -> Answer:
        try:
            return route.handler(exchange, *groups)
        except FormTooLarge:
            return Answer(400)
        except NotANumber:
            return Answer(404)

    # -- the way out ----------------------------------------------------------------------------------------------

    def _send(self, exchange: Exchange, answer: Answer, fault: Fault | None) -> None:
        body, whole = mishaps.cut(answer, fault)
        linger = not self._clean(exchange.body)
        close = linger or not whole or self.close_connection
        head = [f'HTTP/1.1 {answer.status} {_phrase(answer.status)}', 'X-Stand-In: not Opencast']
        head += [f'Date: {self.date_time_string(exchange.model.now())}', 'Server: stand-in']
        if answer.status not in (204, 304):
            head.append(f'Content-Length: {len(answer.body) if not whole else len(body)}')
        if answer.content_type:
            head.append(f'Content-Type: {answer.content_type}')
        head += [f'{name}: {value}' for name, value in answer.headers.items()]
        if close:
            head.append('Connection: close')
            self.close_connection = True
        # noted before the bytes go: the client may ask again faster than this thread gets to run
        exchange.request.status = answer.status
        if whole and answer.sent is not None and self._listening():
            answer.sent()
        self.connection.sendall('\r\n'.join([*head, '', '']).encode('latin-1') + body)
        if linger:
            self._linger(exchange.body)

    def _clean(self, body: Body) -> bool:
        """Read what is left of a small body, so that the connection can go on; tells whether it can."""
        if body.ended:
            return True
        return not self._waits_for_continue and body.drain(SMALL)

    def _linger(self, body: Body) -> None:
        """Close without a reset that would destroy the answer on its way."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.connection, socket.SHUT_WR)
            self.connection.settimeout(1.0)
            body.drain(64 * SMALL)

    def _listening(self) -> bool:
        """Whether the client still has its side open."""
        if isinstance(self.connection, ssl.SSLSocket) or not select.select([self.connection], [], [], 0)[0]:
            return True
        return bool(self.connection.recv(1, socket.MSG_PEEK))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return 'Unknown'
