"""Listens on a port, answers with threads that all end at `stop`."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

from pyca.demo.faults import Faults
from pyca.demo.handler import Handler
from pyca.demo.ical import Layout
from pyca.demo.model import Model
from pyca.demo.security import Security

if TYPE_CHECKING:
    from pyca.demo.nodes import Node

REUSE_SECONDS = 60.0


@dataclass
class Desk:
    """What all nodes share."""

    model: Model
    security: Security
    faults: Faults
    layout: Layout = field(default_factory=Layout)
    nodes: list[Node] = field(default_factory=list)
    etag_cache: float = 0.0
    max_failed_jobs: int | None = None
    max_zips: int | None = None
    old_servlets: bool = False
    base: str = ''
    """A path in front of every other one, such as `/opencast`."""
    organizations: set[str] = field(default_factory=set)
    """The host names that belong to a tenant; none = any name."""
    idle_seconds: float | None = None
    """Silence on a connection after which it is closed (contract 2.4)."""
    guides_only: int = 0
    failures: list[str] = field(default_factory=list)
    """What went wrong in the stand-in itself."""


class Listener(ThreadingHTTPServer):
    """The server of one node."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, desk: Desk, node: Node, tls: ssl.SSLContext | None) -> None:
        self.desk = desk
        self.node = node
        self.stopping = False
        self.dark = False
        self._tls = tls
        self._live: set[socket.socket] = set()
        self._aborted: set[socket.socket] = set()
        self._live_lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._fillers: list[socket.socket] = []
        super().__init__(('127.0.0.1', node.port), Handler, bind_and_activate=False)
        self._bind()

    def _bind(self) -> None:
        """Bind, patiently: on a restart the port may still be on its way out, or lent to somebody for a moment."""
        until = time.monotonic() + REUSE_SECONDS
        while True:
            try:
                self.server_bind()
                self.node.hold(self.port)  # not possible once somebody listens there
                self.server_activate()
                return
            except OSError:
                if time.monotonic() >= until:
                    self.server_close()
                    raise
                time.sleep(0.05)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's asks for the host's name, which may take long

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self) -> None:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), name=f'stand-in {self.port}')
        self._thread.start()

    def stop(self) -> None:
        """End at once: no connection, no thread, no port stays."""
        self.stopping = True
        self._rest()
        self._lighten()
        with self._live_lock:
            live = list(self._live)
        for connection in live:
            _shut(connection)
        self.server_close()

    def _rest(self) -> None:
        """Accept nothing more."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
            self._thread = None

    def darken(self) -> None:
        """Become a black hole: nothing is accepted, and the queue of the kernel is full."""
        if self.dark:
            return
        self.dark = True
        self._rest()
        self.socket.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(self.server_address)
            self._fillers.append(filler)

    def relight(self) -> None:
        """Accept again."""
        if self.dark and not self.stopping:
            self._lighten()
            self.socket.listen(self.request_queue_size)
            self.dark = False
            self.start()

    def _lighten(self) -> None:
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()

    def finish_request(self, request: Any, client_address: Any) -> None:
        connection = request
        if self._tls is not None:
            connection = self._tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        with self._live_lock:
            self._live.add(connection)
            stopping = self.stopping
        try:
            if stopping:
                _shut(connection)
            if isinstance(connection, ssl.SSLSocket):
                connection.do_handshake()
            Handler(connection, client_address, self)
        finally:
            with self._live_lock:
                self._live.discard(connection)
            if connection is not request:
                self._aborted.discard(connection)
                connection.close()

    def abort(self, connection: socket.socket) -> None:
        """Make the end of this connection a TCP reset."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self._aborted.add(connection)

    def shutdown_request(self, request: Any) -> None:
        if request in self._aborted:
            self._aborted.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections break; that is what this server is for. Anything else is its own mistake and must be seen."""
        if not isinstance(sys.exc_info()[1], OSError):
            self.desk.failures.append(traceback.format_exc())


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
