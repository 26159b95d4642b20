"""The small web server of `pyca ui`."""

from __future__ import annotations

import logging
import socket
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher

from pyca.errors import PycaError
from pyca.stop import Stop

logger = logging.getLogger(__name__)

HOST = '127.0.0.1'
PORT = 5000

TURN = 0.5
"""Seconds in which a stop is heard."""

THREADS = 4


class Server:
    """Serves an application as one of the services: each step is a short turn.

    The address is taken in the first step, not before; PycaError says that it cannot be had, and the next step tries
    again, so that nothing but the pages is missing. Port 0 takes any free one.
    """

    name = 'ui'
    busy = False

    def __init__(self, app: Flask, host: str = HOST, port: int = PORT) -> None:
        self._app = app
        self._address = (host, port)
        self._listener: socket.socket | None = None
        self._channels: dict[int, Any] = {}
        self._workers: ThreadedTaskDispatcher | None = None

    @property
    def port(self) -> int | None:
        """Where it listens; None while it does not."""
        return None if self._listener is None else int(self._listener.getsockname()[1])

    def step(self) -> float:
        """Serve what comes within half a second."""
        if self._listener is None:
            self._listener = self._listen()
            self._workers = ThreadedTaskDispatcher()
            self._workers.set_thread_count(THREADS)
            create_server(
                self._app, map=self._channels, sockets=[self._listener], _dispatcher=self._workers, ident='pyCA'
            )
            logger.info('the web interface is at http://%s:%d', self._address[0], self.port)
        wasyncore.loop(timeout=TURN, map=self._channels, count=1)
        return 0.0

    def close(self) -> None:
        """Let go of the address."""
        if self._workers is not None:
            self._workers.shutdown(timeout=1)
        wasyncore.close_all(self._channels)
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def _listen(self) -> socket.socket:
        host, port = self._address
        try:
            return socket.create_server((host, port), family=socket.AF_INET6 if ':' in host else socket.AF_INET)
        except OSError as error:
            raise PycaError(
                f'The web interface cannot listen on {host}:{port}: {error.strerror}. '
                'Stop whatever uses that port, another pyca perhaps.'
            ) from error


def serve(app: Flask, host: str, port: int, stop: Stop) -> None:
    """Serve until the stop is requested. PycaError when the address cannot be had."""
    server = Server(app, host, port)
    try:
        while not stop.requested:
            server.step()
    finally:
        server.close()
