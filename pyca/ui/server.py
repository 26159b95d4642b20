"""The small web server of `pyca ui`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from pyca.errors import PycaError
from pyca.stop import Stop

HOST = '127.0.0.1'
PORT = 5000

TURN = 0.5
"""Seconds in which a stop is heard."""


def serve(
    app: Flask, host: str, port: int, stop: Stop, *, listening: Callable[[int], None] = lambda port: None
) -> None:
    """Serve until the stop is requested; `listening` is told the port once connections are accepted.

    Port 0 takes any free one. PycaError when the address cannot be had.
    """
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise PycaError(
            f'The web interface cannot listen on {host}:{port}: {error.strerror}. '
            'Stop whatever uses that port, another pyca perhaps.'
        ) from error
    channels: dict[int, Any] = {}
    server = create_server(app, map=channels, sockets=[listener], threads=4, ident='pyCA')
    try:
        listening(int(listener.getsockname()[1]))
        while not stop.requested:
            wasyncore.loop(timeout=TURN, map=channels, count=1)
    finally:
        server.task_dispatcher.shutdown(timeout=1)
        wasyncore.close_all(channels)
        listener.close()
