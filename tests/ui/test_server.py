"""The web server of `pyca ui`."""

from __future__ import annotations

import http.client
import socket
import threading

import pytest
from flask import Flask

from pyca.clock import SystemClock
from pyca.errors import PycaError
from pyca.loop import Loop, Pulse
from pyca.stop import Bell, Stop
from pyca.ui.server import Server


def hello() -> Flask:
    app = Flask('hello')
    app.add_url_rule('/', 'hello', lambda: 'hello')
    return app


def test_it_serves_in_its_loop_until_the_stop() -> None:
    stop, server = Stop(), Server(hello(), port=0)
    port = server.open()
    loop = Loop(server, stop=stop, bell=Bell(), pulse=Pulse(SystemClock()))
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()

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


def test_a_port_that_is_taken_is_named_in_one_sentence() -> None:
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PycaError, match=f'cannot listen on 127.0.0.1:{port}'):
            Server(hello(), port=port).open()
