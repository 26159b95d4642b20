"""The small web server of `pyca ui`."""

from __future__ import annotations

import logging
import socket
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from pyca.errors import PycaError
from pyca.ui.application import LARGEST_BODY

logger = logging.getLogger(__name__)

TURN = 0.5
"""Seconds that one turn lasts when nobody asks."""


class Server:
    """Serves the page, one turn at a time; it opens its port at the first one, or when told to."""

    name = 'ui'
    busy = False

    def __init__(self, app: Flask, host: str = '127.0.0.1', port: int = 5000) -> None:
        """Port 0 takes any free one."""
        self._app = app
        self._address = (host, port)
        self._channels: dict[int, Any] = {}
        self._listener: socket.socket | None = None
        self._server: Any = None

    def open(self) -> int:
        """Accept connections from now on; returns the port. PycaError when the address cannot be had."""
        host, port = self._address
        try:
            self._listener = socket.create_server(
                (host, port), family=socket.AF_INET6 if ':' in host else socket.AF_INET
            )
        except OSError as error:
            raise PycaError(
                f'The web interface cannot listen on {host}:{port}: {error.strerror}. '
                'Stop whatever uses that port, another pyca perhaps.'
            ) from error
        self._server = create_server(
            self._app,
            map=self._channels,
            sockets=[self._listener],
            threads=4,
            ident='pyCA',
            max_request_body_size=LARGEST_BODY,
            clear_untrusted_proxy_headers=False,  # the check of requests has to see that a proxy is there
        )
        port = int(self._listener.getsockname()[1])
        logger.info('The web interface listens on http://%s:%d', f'[{host}]' if ':' in host else host, port)
        return port

    def step(self) -> float:
        """Answer what comes within half a second."""
        if self._server is None:
            self.open()
        wasyncore.loop(timeout=TURN, map=self._channels, count=1)
        return 0.0

    def close(self) -> None:
        if self._server is not None:
            self._server.task_dispatcher.shutdown(timeout=1)
            wasyncore.close_all(self._channels)
        if self._listener is not None:
            self._listener.close()
        self._server = self._listener = None
