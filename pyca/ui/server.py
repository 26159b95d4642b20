"""The small web server of `pyca ui`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from pyca.errors import PycaError
from pyca.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

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
    sockets: dict[int, Any] = {}
    try:
        server = create_server(app, map=sockets, host=host, port=port, threads=4, ident='pyCA')
    except OSError as error:
        raise PycaError(
            f'The web interface cannot listen on {host}:{port}: {error.strerror}. '
            'Stop whatever uses that port, another pyca perhaps.'
        ) from error
    try:
        listening(int(server.effective_port))
        while not stop.requested:
            wasyncore.loop(timeout=TURN, map=sockets, count=1)
    finally:
        server.task_dispatcher.shutdown(timeout=TURN)
        wasyncore.close_all(sockets)
