"""The web server of `pyca ui`."""

from __future__ import annotations

import http.client
import socket
import threading

import pytest
from flask import Flask, request

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
    # at an address of its own, where nobody takes the port once it is free
    host = '127.0.0.2'
    stop, server = Stop(), Server(hello(), host, port=0)
    port = server.open()
    loop = Loop(server, stop=stop, bell=Bell(), pulse=Pulse(SystemClock()))
    thread = threading.Thread(target=loop.run, daemon=True)
    thread.start()

    connection = http.client.HTTPConnection(host, port, timeout=60)
    connection.request('GET', '/')
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b'hello')
    connection.close()

    stop.request()
    thread.join(timeout=60)
    assert not thread.is_alive()
    server.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, port), timeout=60)


@pytest.mark.parametrize('header', ['X-Forwarded-For: 127.0.0.1', 'Forwarded: for=127.0.0.1', 'Via: 1.1 proxy'])
def test_what_a_proxy_says_of_itself_is_not_hidden_from_the_check_of_requests(header: str) -> None:
    seen = Flask('seen')
    seen.add_url_rule('/', 'seen', lambda: str(dict(request.headers)))
    server = Server(seen, port=0)
    port = server.open()
    name, _, value = header.partition(': ')
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
    try:
        connection.request('GET', '/', headers={name: value})
        answers: list[bytes] = []
        reader = threading.Thread(target=lambda: answers.append(connection.getresponse().read()))
        reader.start()
        while reader.is_alive():
            server.step()
        assert f"'{name}': '{value}'" in answers[0].decode()
    finally:
        connection.close()
        server.close()


def test_a_port_that_is_taken_is_named_in_one_sentence() -> None:
    with socket.create_server(('127.0.0.1', 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PycaError, match=f'cannot listen on 127.0.0.1:{port}'):
            Server(hello(), port=port).open()
