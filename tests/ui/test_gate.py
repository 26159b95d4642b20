"""The check before every request."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, render_template_string, request
from werkzeug.test import TestResponse

from pyca.settings import Ui
from tests.ui.conftest import MakeApp, Serve

OPEN = {'/healthz', '/static/<path:filename>'}
ADMIN = ('admin', 'sécret')
VIEWER = ('viewer', 'look')
GUARDED: dict[str, Any] = {'password': 'sécret', 'viewer_password': 'look'}
API = 'application/vnd.api+json'


def with_routes(app: Flask) -> Flask:
    """Routes of each kind, as somebody may add them who does not think of logins."""

    def changing() -> Response:
        return Response(f'changed {request.form.get("title", "")}')

    app.add_url_rule('/end', 'end', changing, methods=['POST'])
    app.add_url_rule('/api/end', 'api_end', changing, methods=['POST', 'PATCH', 'DELETE'])
    app.add_url_rule('/api/look', 'look', lambda: 'seen')
    app.add_url_rule('/form', 'form', lambda: render_template_string('{{ may_change() }} {{ form_token() }}'))
    if '/healthz' not in {rule.rule for rule in app.url_map.iter_rules()}:
        app.add_url_rule('/healthz', 'sign_of_life', lambda: 'ok')
    return app


def token(client: Any, login: tuple[str, str] | None) -> str:
    return str(client.get('/form', auth=login).get_data(as_text=True).partition(' ')[2])


def test_every_route_is_closed_but_two(make_app: MakeApp) -> None:
    app = make_app(Ui(**GUARDED))
    client = app.test_client()
    seen = set()
    for rule in app.url_map.iter_rules():
        address = re.sub(r'<[^>]*>', '1', rule.rule)
        for method in rule.methods or ():
            with client.open(address, method=method) as answer:
                seen.add(rule.rule)
                assert (answer.status_code == 401) == (rule.rule not in OPEN), f'{method} {rule.rule}'
    assert '/status' in seen


def test_a_route_that_somebody_adds_is_closed(make_app: MakeApp) -> None:
    client = with_routes(make_app(Ui(**GUARDED))).test_client()
    assert [client.get(address).status_code for address in ('/form', '/api/look')] == [401, 401]
    assert client.post('/api/end', content_type=API).status_code == 401
    assert client.get('/healthz').status_code in (200, 503)


@pytest.mark.parametrize(
    'odd',
    [
        {'Authorization': 'Basic \xff'},
        {'Authorization': 'Basic Zm9v\x80'},
        {'If-None-Match': f'"a-{"1" * 5000}-1"'},
        {'If-None-Match': f'W/"a-1-{"1" * 5000}"'},
    ],
    ids=lambda odd: repr(odd)[:30],
)
@pytest.mark.parametrize('given', [GUARDED, {'password': '', 'room': True}], ids=['login', 'open'])
def test_a_strange_header_is_no_error(make_app: MakeApp, odd: dict[str, str], given: dict[str, Any]) -> None:
    app = make_app(Ui(**given))
    client = app.test_client()
    login = base64.b64encode(':'.join(ADMIN).encode()).decode()
    for rule in app.url_map.iter_rules():
        address = re.sub(r'<[^>]*>', '1', rule.rule)
        for method in rule.methods or ():
            headers = {'Authorization': f'Basic {login}', 'Content-Type': API, **odd}
            with client.open(address, method=method, headers=headers) as answer:
                assert answer.status_code != 500, f'{method} {rule.rule}'
                if 'Authorization' in odd and given is GUARDED:
                    assert (answer.status_code == 401) == (rule.rule not in OPEN), f'{method} {rule.rule}'


def test_style_is_there_without_a_login(serve: Serve) -> None:
    with serve(**GUARDED).get('/static/pyca.css') as style:
        assert style.status_code == 200
    assert serve(**GUARDED).get('/static/../settings.py').status_code == 404


@pytest.mark.parametrize(
    'client',
    [
        {'headers': {'Host': 'hall-1.example.org'}},
        {'headers': {'Host': 'localhost.example.org'}},
        {'headers': {'Host': '192.0.2.1:5000'}},
        {'headers': {'Host': ''}},
        {'headers': {'Host': '[::2]:5000'}},
        {'environ_base': {'REMOTE_ADDR': '192.0.2.7'}},
        {'environ_base': {'REMOTE_ADDR': '::ffff:192.0.2.7'}},
        {'environ_base': {'REMOTE_ADDR': ''}},
        {'headers': {'Forwarded': 'for=192.0.2.7'}},
        {'headers': {'X-Forwarded-For': '127.0.0.1'}},
        {'headers': {'X-Forwarded-Host': 'localhost'}},
        {'headers': {'X-Forwarded-Anything': ''}},
        {'headers': {'X-Real-IP': '127.0.0.1'}},
        {'headers': {'Via': '1.1 proxy'}},
        {'environ_overrides': {'SERVER_PROTOCOL': 'HTTP/1.0'}},
        {'headers': {'Origin': 'http://hall-1.example.org'}},
        {'headers': {'Origin': 'https://localhost.example.org:5000'}},
        {'headers': {'Origin': 'http://192.0.2.1:5000'}},
        {'headers': {'Origin': ''}},
        {'headers': {'Sec-Fetch-Site': 'cross-site'}},
        {'headers': {'Sec-Fetch-Site': 'same-site'}},
    ],
    ids=str,
)
@pytest.mark.parametrize('address', ['/', '/status', '/static/pyca.css', '/nothing'])
def test_with_the_default_login_only_this_machine_is_let_in(serve: Serve, client: dict[str, Any], address: str) -> None:
    """H54."""
    answer = serve().get(address, auth=('admin', 'opencast'), **client)
    assert answer.status_code == 403
    text = answer.get_data(as_text=True)
    assert 'pyca password' in text
    assert 'allow_default_login' in text
    assert 'WWW-Authenticate' not in answer.headers


@pytest.mark.parametrize('host', ['localhost', 'localhost:5000', '127.0.0.1:5000', '127.8.9.1', '[::1]:5000', '[::1]'])
@pytest.mark.parametrize('address', ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
def test_on_this_machine_the_default_login_does(serve: Serve, host: str, address: str) -> None:
    environment = {'REMOTE_ADDR': address}
    client = serve()
    given: dict[str, Any] = {'headers': {'Host': host}, 'environ_base': environment}
    assert client.get('/status', auth=('admin', 'opencast'), **given).status_code == 200
    assert client.get('/status', **given).status_code == 401


@pytest.mark.parametrize(
    'headers',
    [
        {'Origin': 'null'},
        {'Origin': 'http://localhost:5000'},
        {'Origin': 'http://[::1]:5000'},
        {'Sec-Fetch-Site': 'none'},
        {'Sec-Fetch-Site': 'same-origin'},
    ],
    ids=str,
)
def test_a_browser_on_this_machine_is_let_in_with_what_it_says_of_itself(serve: Serve, headers: dict[str, str]) -> None:
    given = {'Host': 'localhost:5000', **headers}
    assert serve().get('/status', auth=('admin', 'opencast'), headers=given).status_code == 200


def test_a_sign_of_life_is_given_even_with_the_default_login(make_app: MakeApp) -> None:
    client = with_routes(make_app(Ui())).test_client()
    assert client.get('/healthz', environ_base={'REMOTE_ADDR': '192.0.2.7'}).status_code in (200, 503)


def test_the_default_login_can_be_allowed_for_all(serve: Serve) -> None:
    client, far = serve(allow_default_login=True), {'REMOTE_ADDR': '192.0.2.7'}
    assert client.get('/status', environ_base=far).status_code == 401
    page = client.get('/status', auth=('admin', 'opencast'), environ_base=far)
    assert page.status_code == 200
    assert 'The login is the one that everybody knows' in page.get_data(as_text=True)


@pytest.mark.parametrize('options', [{'username': 'root'}, {'password': 'other'}])
def test_with_another_login_the_whole_network_is_let_in(serve: Serve, options: dict[str, str]) -> None:
    login = (options.get('username', 'admin'), options.get('password', 'opencast'))
    far = {'REMOTE_ADDR': '192.0.2.7'}
    assert serve(**options).get('/status', auth=login, environ_base=far).status_code == 200


def test_a_known_proxy_does_not_make_the_default_login_better(serve: Serve) -> None:
    answer = serve(proxies=1).get('/status', auth=('admin', 'opencast'), headers={'X-Forwarded-For': '127.0.0.1'})
    assert answer.status_code == 403


def test_without_a_password_everybody_is_let_in_with_a_problem_shown(serve: Serve) -> None:
    page = serve(password='').get('/status', environ_base={'REMOTE_ADDR': '192.0.2.7'})
    assert page.status_code == 200
    assert 'There is no password' in page.get_data(as_text=True)
    assert 'There is no password' not in serve(**GUARDED).get('/status', auth=ADMIN).get_data(as_text=True)


@pytest.mark.parametrize('login', [ADMIN, VIEWER])
def test_both_logins_see_everything(make_app: MakeApp, login: tuple[str, str]) -> None:
    client = with_routes(make_app(Ui(**GUARDED))).test_client()
    for address in ('/status', '/form', '/api/look'):
        assert client.get(address, auth=login).status_code == 200
    assert client.get('/nothing', auth=login).status_code == 404


@pytest.mark.parametrize('address', ['/end', '/api/end'])
@pytest.mark.parametrize('method', ['POST', 'PATCH', 'DELETE'])
def test_the_viewer_changes_nothing(make_app: MakeApp, address: str, method: str) -> None:
    client = with_routes(make_app(Ui(**GUARDED))).test_client()
    answer = client.open(address, method=method, auth=VIEWER, content_type=API, headers={'X-Pyca-Token': 'a' * 64})
    assert answer.status_code == (405 if address == '/end' and method != 'POST' else 403)
    assert client.get('/form', auth=VIEWER).get_data(as_text=True) == 'False '


def test_a_viewer_is_unknown_until_there_is_a_password_for_it(serve: Serve) -> None:
    assert serve(password='secret').get('/status', auth=('viewer', '')).status_code == 401


def test_the_api_wants_its_media_type_after_the_login(make_app: MakeApp) -> None:
    """Peers 1.7 with C27: parameters are accepted."""
    client = with_routes(make_app(Ui(**GUARDED))).test_client()

    def post(kind: str | None, login: tuple[str, str] | None = ADMIN, **more: Any) -> TestResponse:
        return client.post('/api/end', auth=login, content_type=kind, **more)

    assert post(API).status_code == 200
    assert post(f'{API}; charset=utf-8').status_code == 200
    for kind in (None, 'application/json', 'text/plain', f'text/plain; {API}'):
        refused = post(kind)
        assert refused.status_code == 415
        assert refused.get_data(as_text=True) == f'Unsupported Media Type (expected: {API})'
        assert post(kind, None).status_code == 401
    proof = {'X-Pyca-Token': token(client, ADMIN)}
    assert post('application/x-www-form-urlencoded', headers=proof).status_code == 415
    assert client.head('/api/look', auth=ADMIN).status_code == 415
    assert client.put('/api/end', auth=ADMIN).status_code == 405
    assert client.options('/api/end', auth=ADMIN).status_code == 200


def test_a_form_of_ours_is_believed_by_every_worker(make_app: MakeApp) -> None:
    first = with_routes(make_app(Ui(**GUARDED))).test_client()
    second = with_routes(make_app(Ui(**GUARDED))).test_client()
    proof = token(first, ADMIN)
    assert len(proof) == 64
    answer = second.post('/end', auth=ADMIN, data={'token': proof, 'title': 'Logic'})
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, 'changed Logic')
    assert second.post('/end', auth=ADMIN, headers={'X-Pyca-Token': proof}).status_code == 200


@pytest.mark.parametrize('password', ['sécret', ''])
def test_a_form_of_another_site_is_refused(make_app: MakeApp, password: str) -> None:
    """Browsers send a login with whatever a page of another site makes them send."""
    client = with_routes(make_app(Ui(**{**GUARDED, 'password': password}))).test_client()
    for form in ({}, {'token': ''}, {'token': 'a' * 64}, {'token': '\U0001f600'}):
        answer = client.post('/end', auth=ADMIN, data=form)
        assert answer.status_code == 403
        assert 'Load the page again' in answer.get_data(as_text=True)
    assert client.post('/end', auth=ADMIN, data={'token': token(client, ADMIN)}).status_code == 200


def test_a_token_ends_with_its_password(make_app: MakeApp) -> None:
    before = with_routes(make_app(Ui(**GUARDED))).test_client()
    after = with_routes(make_app(Ui(password='new'))).test_client()
    answer = after.post('/end', auth=('admin', 'new'), data={'token': token(before, ADMIN)})
    assert answer.status_code == 403


def test_a_form_without_a_database_is_refused_with_the_reason(make_app: MakeApp, tmp_path: Path) -> None:
    client = with_routes(make_app(Ui(**GUARDED))).test_client()
    proof = token(client, ADMIN)
    (tmp_path / 'pyca.db').unlink()
    (tmp_path / 'pyca.db').mkdir()
    answer = client.post('/end', auth=ADMIN, data={'token': proof})
    assert answer.status_code == 503
    assert 'pyca.db' in answer.get_data(as_text=True)


def test_refusals_speak_the_language_of_the_api(serve: Serve) -> None:
    answer = serve().get('/api/nothing', environ_base={'REMOTE_ADDR': '192.0.2.7'})
    assert answer.mimetype == API
    [error] = answer.get_json()['errors']
    assert error['status'] == 403
    assert 'allow_default_login' in error['title']


def test_a_body_without_end_is_refused(make_app: MakeApp) -> None:
    client = with_routes(make_app(Ui(**GUARDED))).test_client()
    assert client.post('/end', auth=ADMIN, data={'token': 'x' * (1 << 21)}).status_code == 413


class Broken(io.RawIOBase):
    """What a web server makes of a body that is not HTTP: reading it raises what that server thought of."""

    class NotHttp(Exception):
        pass

    def readable(self) -> bool:
        return True

    def read(self, _size: int = -1) -> bytes:
        raise self.NotHttp


@pytest.mark.parametrize(
    ('address', 'kind'),
    [
        ('/api/recordings', API),
        ('/api/schedule', API),
        ('/record', 'application/x-www-form-urlencoded'),
        ('/record', 'multipart/form-data; boundary=x'),
        ('/record', 'text/plain'),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(serve: Serve, address: str, kind: str) -> None:
    """A chunk without a length, for instance, under gunicorn."""
    environment = {'wsgi.input': Broken(), 'wsgi.input_terminated': True, 'HTTP_TRANSFER_ENCODING': 'chunked'}
    client = serve(**GUARDED)

    def send(login: tuple[str, str] | None) -> TestResponse:
        return client.post(address, auth=login, content_type=kind, environ_overrides=environment)

    refused = send(ADMIN)
    assert refused.status_code == 400
    assert 'cannot be read' in refused.text
    assert refused.mimetype == (API if kind == API else 'text/plain')
    assert (send(None).status_code, send(VIEWER).status_code) == (401, 403)


def test_behind_a_known_proxy_links_carry_its_prefix(serve: Serve) -> None:
    said = {'X-Forwarded-Prefix': '/hall-1', 'X-Forwarded-For': '192.0.2.7', 'X-Forwarded-Proto': 'https'}
    known, unknown = serve(**GUARDED, proxies=1), serve(**GUARDED)
    assert known.get('/', auth=ADMIN, headers=said).headers['Location'] == '/hall-1/status'
    assert '/hall-1/static/pyca.css' in known.get('/status', auth=ADMIN, headers=said).get_data(as_text=True)
    assert unknown.get('/', auth=ADMIN, headers=said).headers['Location'] == '/status'


@pytest.mark.parametrize('login', [None, ADMIN])
@pytest.mark.parametrize('address', ['/', '/status', '/nothing', '/static/pyca.css'])
def test_every_answer_tells_browsers_to_be_careful(serve: Serve, address: str, login: tuple[str, str] | None) -> None:
    with serve(**GUARDED).get(address, auth=login) as answer:
        policy = answer.headers['Content-Security-Policy']
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert 'unsafe' not in policy
        assert '*' not in policy
        assert 'http' not in policy
        assert answer.headers['X-Content-Type-Options'] == 'nosniff'
        assert answer.headers['X-Frame-Options'] == 'SAMEORIGIN'
        assert (answer.headers['Cache-Control'] == 'no-store') == (not address.startswith('/static'))
