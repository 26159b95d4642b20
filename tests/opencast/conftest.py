"""A server that does what a test tells it, and an agent's connection to it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pyca import settings
from pyca.opencast.http import Http


@dataclass
class Call:
    """What the server was asked. `received` counts the bytes of the body."""

    method: str
    path: str
    headers: Mapping[str, str]
    connection: tuple[Any, ...]
    received: int = 0
    body: bytes = b''


class Exchange:
    """One request, for a test to answer as it likes."""

    def __init__(self, handler: BaseHTTPRequestHandler, call: Call) -> None:
        self._handler = handler
        self.call = call
        self.method, self.path, self.headers = call.method, call.path, call.headers

    def read(self, most: int | None = None) -> bytes:
        """Read the body, or a part of it. Only the first MiB is kept."""
        wanted = int(self.headers.get('Content-Length', 0)) if most is None else most
        while self.call.received < wanted:
            block = self._handler.rfile.read(min(65536, wanted - self.call.received))
            if not block:
                break
            self.call.received += len(block)
            if len(self.call.body) < 2**20:
                self.call.body += block
        return self.call.body

    def reply(self, status: int = 200, body: bytes | str = b'', headers: Mapping[str, str] | None = None) -> None:
        content = body.encode() if isinstance(body, str) else body
        self._handler.send_response(status)
        for name, value in (headers or {}).items():
            self._handler.send_header(name, value)
        if 'Content-Length' not in (headers or {}):
            self._handler.send_header('Content-Length', str(len(content)))
        self._handler.end_headers()
        self._handler.wfile.write(content)
        self._handler.wfile.flush()

    def take(self, status: int = 200, body: bytes | str = b'', headers: Mapping[str, str] | None = None) -> None:
        """Read the whole body, then reply."""
        self.read()
        self.reply(status, body, headers)

    def hang(self, released: threading.Event) -> None:
        """Say nothing until the test is over."""
        released.wait(30)
        self.hang_up()

    def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection without an answer."""
        if reset:
            self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self._handler.close_connection = True


@dataclass
class FakeCore:
    """A web server on a free port. `answer` decides what happens; `released` ends whatever hangs."""

    server: ThreadingHTTPServer
    scheme: str = 'http'
    calls: list[Call] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    answer: Callable[[Exchange], None] = lambda exchange: exchange.reply()

    @property
    def url(self) -> str:
        return f'{self.scheme}://127.0.0.1:{self.server.server_address[1]}'

    @property
    def paths(self) -> list[str]:
        return [f'{call.method} {call.path}' for call in self.calls]


class _Server(ThreadingHTTPServer):
    core: FakeCore
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Broken connections are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    server: _Server
    timeout = 20

    def _any(self) -> None:
        core = self.server.core
        call = Call(self.command, self.path, dict(self.headers.items()), self.client_address)
        core.calls.append(call)
        exchange = Exchange(self, call)
        core.answer(exchange)
        if not self.close_connection:
            exchange.read()

    do_GET = do_POST = do_PUT = _any  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('http_proxy', 'https_proxy', 'all_proxy', 'HTTPS_PROXY', 'ALL_PROXY'):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def start() -> Iterator[Callable[..., FakeCore]]:
    """Start servers; each ends with the test."""
    running: list[tuple[FakeCore, threading.Thread]] = []

    def begin(prepare: Callable[[socket.socket], socket.socket] | None = None) -> FakeCore:
        server = _Server(('127.0.0.1', 0), _Handler)
        core = FakeCore(server)
        server.core = core
        if prepare:
            server.socket = prepare(server.socket)
            core.scheme = 'https'
        thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.02})
        thread.start()
        running.append((core, thread))
        return core

    yield begin
    for core, thread in running:
        core.released.set()
        core.server.shutdown()
        thread.join()
        core.server.server_close()


@pytest.fixture
def core(start: Callable[..., FakeCore]) -> FakeCore:
    return start()


@pytest.fixture
def connect(start: Callable[..., FakeCore]) -> Iterator[Callable[..., Http]]:
    """Connections to a server, closed before it (the fixture `start` is named so that it ends later)."""
    opened: list[Http] = []

    def begin(core: FakeCore, *, limits: settings.Http | None = None, **options: Any) -> Http:
        names = settings.Server.__dataclass_fields__
        account: dict[str, Any] = {'url': core.url, 'username': 'hall', 'password': 'secret word'}
        account |= {name: options.pop(name) for name in list(options) if name in names}
        http = Http(settings.Server(**account), limits or settings.Http(), **options)
        opened.append(http)
        return http

    yield begin
    for http in opened:
        http.close()


@pytest.fixture
def http(core: FakeCore, connect: Callable[..., Http]) -> Http:
    return connect(core)


class MovedClock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.time = 1_750_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()
