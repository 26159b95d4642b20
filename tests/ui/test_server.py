"""The web server of `pyca ui`."""

from __future__ import annotations

import http.client
import socket
import threading

import pytest
from flask import Flask

from pyca.errors import PycaError
from pyca.stop import Stop
from pyca.ui.server import Server, serve


def hello() -> Flask:
    app = Flask('hello')
    app.add_url_rule('/', 'hello', lambda: 'hello')
    return app


def test_it_serves_until_another_thread_asks_it_to_stop() -> None:
    stop, ready = Stop(), threading.Event()
    server = Server(hello(), port=0)

    def run() -> None:
        try:
            while not stop.requested:
                assert server.step() == 0
                ready.set()
        finally:
            server.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(20)
    port = server.port
    assert port is not None

    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=20)
    connection.request('GET', '/')
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b'hello')
    connection.close()

    stop.request()
    thread.join(timeout=20)
    assert not thread.is_alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(('127.0.0.1', port), timeout=20)


def test_a_port_that_is_taken_is_named_in_one_sentence_until_it_is_free() -> None:
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        server = Server(hello(), port=port)
        with pytest.raises(PycaError, match=f'cannot listen on 127.0.0.1:{port}'):
            server.step()
    server.step()
    assert server.port == port
    server.close()


def test_it_does_not_begin_when_it_is_asked_to_stop_already() -> None:
    stop = Stop()
    stop.request()
    serve(hello(), '127.0.0.1', 0, stop)


def test_it_gives_up_on_a_port_that_is_taken() -> None:
    with socket.create_server(('127.0.0.1', 0)) as other, pytest.raises(PycaError, match='another pyca perhaps'):
        serve(hello(), '127.0.0.1', other.getsockname()[1], Stop())
