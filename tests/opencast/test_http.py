"""Requests to a server that does not always behave."""

from __future__ import annotations

import base64
import gzip
import logging
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from pyca import __version__, settings
from pyca.errors import CoreError, Interrupted, LoginFailed, NotUnderstood, Overloaded, Refused, Unreachable
from pyca.opencast.http import Http
from tests.opencast.conftest import Exchange, FakeCore

Connect = Callable[..., Http]
Start = Callable[..., FakeCore]


def test_basic_login_goes_ahead_with_the_name_of_the_program(core: FakeCore, http: Http) -> None:
    response = http.get(f'{core.url}/x?a=b')

    assert response.status == 200
    (call,) = core.calls
    assert call.path == '/x?a=b'
    assert base64.b64decode(call.headers['Authorization'].removeprefix('Basic ')) == b'hall:secret word'
    assert call.headers['X-Requested-Auth'] == 'Basic'
    assert call.headers['User-Agent'] == f'pyCA/{__version__}'


def test_a_user_name_with_umlaut_is_sent_as_utf8(core: FakeCore, connect: Connect) -> None:
    connect(core, username='hörsaal').get(core.url)

    sent = base64.b64decode(core.calls[0].headers['Authorization'].removeprefix('Basic '))
    assert sent == 'hörsaal:secret word'.encode()


def test_headers_of_an_answer_have_lower_case_names_and_the_text_is_utf8(core: FakeCore, http: Http) -> None:
    core.answer = lambda exchange: exchange.reply(200, 'Hörsaal', {'ETag': 'mod1'})

    response = http.get(core.url)

    assert response.headers['etag'] == 'mod1'
    assert response.text == 'Hörsaal'
    assert response.url == core.url


def test_an_address_is_sent_as_it_is(core: FakeCore, http: Http) -> None:
    """What is asked and what digest login signs must be the same."""
    http.get(f'{core.url}/a/../Höhle/b%20c?d=ä')

    assert core.paths == ['GET /a/../H%C3%B6hle/b%20c?d=%C3%A4']


def test_a_form_is_urlencoded(core: FakeCore, http: Http) -> None:
    core.answer = lambda exchange: exchange.take()

    http.post(f'{core.url}/form', {'state': 'idle', 'address': 'http://hörsaal/?a=b&c'})

    (call,) = core.calls
    assert call.headers['Content-Type'] == 'application/x-www-form-urlencoded'
    assert parse_qs(call.body.decode()) == {'state': ['idle'], 'address': ['http://hörsaal/?a=b&c']}
    assert 'Expect' not in call.headers


def test_a_large_form_is_multipart_without_file_parts(core: FakeCore, http: Http) -> None:
    core.answer = lambda exchange: exchange.take()

    http.post(f'{core.url}/ingest', {'small': 'ä', 'mediaPackage': '<' * 400_000})  # three bytes each, urlencoded

    (call,) = core.calls
    assert call.headers['Content-Type'].startswith('multipart/form-data; boundary=')
    assert 'name="small"\r\n\r\nä\r\n'.encode() in call.body
    assert b'filename' not in call.body


def test_a_put_has_no_body(core: FakeCore, http: Http) -> None:
    http.put(f'{core.url}/make')

    (call,) = core.calls
    assert call.method == 'PUT'
    assert call.headers.get('Content-Length') == '0'
    assert 'Content-Type' not in call.headers


def test_one_session_is_kept(core: FakeCore, http: Http) -> None:
    """Trap 5: a core opens a session of four hours for each request without a cookie."""
    core.answer = lambda exchange: exchange.reply(200, '', {'Set-Cookie': 'JSESSIONID=one; Path=/; HttpOnly'})

    for _ in range(3):
        http.get(core.url)

    assert [call.headers.get('Cookie') for call in core.calls] == [None, 'JSESSIONID=one', 'JSESSIONID=one']
    assert len({call.connection for call in core.calls}) == 1


def test_the_cookie_file_keeps_the_session_over_a_restart(core: FakeCore, connect: Connect, tmp_path: Path) -> None:
    jar = tmp_path / 'cookies'
    core.answer = lambda exchange: exchange.reply(200, '', {'Set-Cookie': 'JSESSIONID=one; Path=/; HttpOnly'})
    connect(core, cookiefile=str(jar)).get(core.url)

    connect(core, cookiefile=str(jar)).get(core.url)

    assert core.calls[1].headers.get('Cookie') == 'JSESSIONID=one'
    assert jar.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [jar]


def test_processes_that_share_a_cookie_file_never_leave_half_of_it(
    core: FakeCore, connect: Connect, tmp_path: Path
) -> None:
    """H64."""
    jar = tmp_path / 'cookies'
    core.answer = lambda exchange: exchange.reply(200, '', {'Set-Cookie': f'JSESSIONID={"x" * 2000}; Path=/'})
    several = [connect(core, cookiefile=str(jar)) for _ in range(4)]

    def work(http: Http) -> None:
        for _ in range(5):
            http.get(core.url)
        http.close()

    threads = [threading.Thread(target=work, args=(http,)) for http in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    lines = jar.read_text().splitlines()
    assert [line.split('\t')[-1] for line in lines[1:]] == ['x' * 2000]


def test_a_cookie_file_that_cannot_be_written_is_only_a_warning(
    core: FakeCore, connect: Connect, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    http = connect(core, cookiefile=str(tmp_path / 'missing' / 'cookies'))
    core.answer = lambda exchange: exchange.reply(200, '', {'Set-Cookie': 'a=b'})

    assert http.get(core.url).status == 200
    assert http.get(core.url).status == 200

    assert [record.levelname for record in caplog.records] == ['WARNING']
    assert str(tmp_path / 'missing' / 'cookies') in caplog.text


def test_a_body_that_is_too_large_is_said_with_what_to_do(core: FakeCore, http: Http) -> None:
    page = '<html><head><title>413 Request Entity Too Large</title></head></html>'
    core.answer = lambda exchange: exchange.reply(413, page, {'Content-Type': 'text/html'})

    with pytest.raises(Refused, match='too large for the server; raise the limit of the core, or of the proxy'):
        http.post(f'{core.url}/addTrack', {'flavor': 'presenter/source'})


@pytest.mark.parametrize(
    ('location', 'error', 'words'),
    [
        ('/login.html', LoginFailed, 'login page'),
        ('https://sso.example.org/auth', LoginFailed, 'sso.example.org'),
        ('https://127.0.0.1/x', NotUnderstood, 'set url in [server]'),
        ('/x/', NotUnderstood, 'a slash more or less'),
    ],
)
def test_a_redirect_is_never_followed(
    core: FakeCore, http: Http, location: str, error: type[CoreError], words: str
) -> None:
    """Trap 1: followed, it is a web page with 200."""
    core.answer = lambda exchange: exchange.reply(302, '', {'Location': location})

    with pytest.raises(error) as caught:
        http.get(f'{core.url}/x')

    assert words in str(caught.value)
    assert core.paths == ['GET /x']


def test_a_login_page_with_200_is_a_failed_login(core: FakeCore, http: Http) -> None:
    page = '<!DOCTYPE html>\n<html><form><input type="password"></form></html>'
    core.answer = lambda exchange: exchange.reply(200, page, {'Content-Type': 'text/html'})

    with pytest.raises(LoginFailed, match='login page'):
        http.get(core.url)


@pytest.mark.parametrize('kind', ['text/html', 'application/json', 'text/calendar'])
def test_a_maintenance_page_with_200_is_not_understood(core: FakeCore, http: Http, kind: str) -> None:
    """H34: whatever the proxy calls it."""
    core.answer = lambda exchange: exchange.reply(200, '\n<html><h1>Back soon</h1>', {'Content-Type': kind})

    with pytest.raises(NotUnderstood, match='web page'):
        http.get(core.url)


def test_a_plain_answer_may_call_itself_html(core: FakeCore, http: Http) -> None:
    """Contract 5.2: so do the answers to states."""
    core.answer = lambda exchange: exchange.reply(200, 'hall set to idle', {'Content-Type': 'text/html'})

    assert http.get(core.url).text == 'hall set to idle'


@pytest.mark.parametrize('status', [400, 403, 404, 409, 419, 500, 501])
def test_a_refusal_has_the_status_and_what_the_core_said(core: FakeCore, http: Http, status: int) -> None:
    """H33."""
    core.answer = lambda exchange: exchange.reply(status, 'Could not retrieve\nall elements' + 'x' * 1000)

    with pytest.raises(Refused) as caught:
        http.get(f'{core.url}/x')

    assert caught.value.status == status
    assert 'Could not retrieve all elements' in str(caught.value)
    assert f'GET {core.url}/x' in str(caught.value)
    assert len(str(caught.value)) < 600


def test_the_page_of_a_refusal_does_not_get_into_the_sentence(core: FakeCore, http: Http) -> None:
    core.answer = lambda exchange: exchange.reply(403, '<html><h1>Denied</h1>', {'Content-Type': 'text/html'})

    with pytest.raises(Refused) as caught:
        http.get(core.url)

    assert '<' not in str(caught.value)
    assert 'ROLE_CAPTURE_AGENT' in str(caught.value)


@pytest.mark.parametrize('status', [429, 502, 503, 504])
def test_a_busy_core_is_asked_again_later(core: FakeCore, http: Http, status: int) -> None:
    core.answer = lambda exchange: exchange.take(status, '', {'Retry-After': '17'})

    with pytest.raises(Overloaded) as caught:
        http.post(core.url, {'a': 'b'})

    assert caught.value.retry_after == 17
    assert caught.value.sent is (status != 429)  # a proxy does not know what the core did


def test_a_retry_after_may_be_a_date(core: FakeCore, connect: Connect, clock: object) -> None:
    http = connect(core, clock=clock)
    core.answer = lambda exchange: exchange.reply(503, '', {'Retry-After': 'Sun, 15 Jun 2025 15:07:10 GMT'})

    with pytest.raises(Overloaded) as caught:
        http.get(core.url)

    assert caught.value.retry_after == 30


def test_a_core_that_is_not_there_is_unreachable_in_one_sentence(connect: Connect, start: Start) -> None:
    core = start()
    http = connect(core, url='http://127.0.0.1:1')

    with pytest.raises(Unreachable) as caught:
        http.get('http://127.0.0.1:1/x')

    assert 'nothing accepts connections there' in str(caught.value)
    assert 'GET http://127.0.0.1:1/x' in str(caught.value)
    assert not caught.value.sent


@pytest.mark.parametrize('reset', [False, True])
@pytest.mark.parametrize('method', ['put', 'post', 'multipart'])
def test_an_answer_that_is_lost_leaves_open_what_the_core_did(
    core: FakeCore, http: Http, method: str, reset: bool
) -> None:
    """H26."""

    def swallow(exchange: Exchange) -> None:
        exchange.read()
        exchange.hang_up(reset=reset)

    core.answer = swallow
    large = {'mediaPackage': '<' * 400_000}
    calls: dict[str, Callable[[], object]] = {
        'put': lambda: http.put(f'{core.url}/x'),
        'post': lambda: http.post(f'{core.url}/ingest', {'mediaPackage': 'x'}, once=True),
        'multipart': lambda: http.post(f'{core.url}/ingest', large, once=True),
    }

    with pytest.raises(Unreachable) as caught:
        calls[method]()

    assert caught.value.sent
    assert len(core.calls) == 1


def test_the_final_call_is_never_repeated_over_a_kept_connection(core: FakeCore, http: Http) -> None:
    """Trap 29: a client library repeats silently what dies on a connection that was used before."""

    def answer(exchange: Exchange) -> None:
        exchange.read()
        if exchange.method == 'POST':
            exchange.hang_up()
        else:
            exchange.reply()

    core.answer = answer
    http.get(core.url)

    with pytest.raises(Unreachable) as caught:
        http.post(f'{core.url}/ingest', {'mediaPackage': 'x'}, once=True)

    assert caught.value.sent
    assert core.paths == ['GET /', 'POST /ingest']


@pytest.mark.parametrize('coding', ['gzip', 'deflate'])
def test_an_answer_is_asked_for_plain_and_read_compressed(core: FakeCore, http: Http, coding: str) -> None:
    """Some proxies compress whatever they are asked for."""
    packed = gzip.compress(b'{"id": 1}') if coding == 'gzip' else zlib.compress(b'{"id": 1}')
    core.answer = lambda exchange: exchange.reply(200, packed, {'Content-Encoding': coding})

    assert http.get(core.url).body == b'{"id": 1}'
    assert [call.headers['Accept-Encoding'] for call in core.calls] == ['identity']


def test_an_answer_that_unpacks_without_end_is_not_understood(core: FakeCore, http: Http) -> None:
    packed = gzip.compress(bytes(50_000_000))
    core.answer = lambda exchange: exchange.reply(200, packed, {'Content-Encoding': 'gzip'})

    with pytest.raises(NotUnderstood, match='larger than 100000 bytes'):
        http.get(core.url, most=100_000)


def test_a_coding_that_nobody_knows_is_named(core: FakeCore, http: Http) -> None:
    core.answer = lambda exchange: exchange.reply(200, b'{}', {'Content-Encoding': 'morse'})

    with pytest.raises(NotUnderstood, match='compressed by morse'):
        http.get(core.url)


def test_an_answer_that_is_cut_off_is_no_answer(core: FakeCore, http: Http) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.reply(200, b'BEGIN:VCAL', {'Content-Length': '1000'})
        exchange.hang_up()

    core.answer = answer

    with pytest.raises(Unreachable, match='cut off'):
        http.get(core.url)


def test_a_refusal_whose_text_is_cut_off_still_counts(core: FakeCore, http: Http) -> None:
    def answer(exchange: Exchange) -> None:
        exchange.reply(400, 'Could not', {'Content-Length': '1000'})
        exchange.hang_up()

    core.answer = answer

    with pytest.raises(Refused, match='Could not'):
        http.get(core.url)


def test_an_answer_without_end_is_not_understood(core: FakeCore, http: Http) -> None:
    core.answer = lambda exchange: exchange.reply(200, b'x' * 3000)

    with pytest.raises(NotUnderstood, match='larger than 2000 bytes'):
        http.get(core.url, most=2000)


def test_a_core_that_never_answers_costs_the_time_limit(core: FakeCore, connect: Connect) -> None:
    core.answer = lambda exchange: exchange.hang(core.released)
    http = connect(core, limits=settings.Http(timeout=4))  # a busy machine may need a part of it to ask

    with pytest.raises(Unreachable, match='timeout in') as caught:
        http.post(core.url, {'a': 'b'})

    assert caught.value.sent


def test_a_stop_ends_a_request_that_waits(core: FakeCore, connect: Connect) -> None:
    stop = threading.Event()
    beats: list[int] = []

    def answer(exchange: Exchange) -> None:
        stop.set()
        core.released.wait(20)
        exchange.hang_up()

    core.answer = answer
    http = connect(core, interrupted=stop.is_set, beat=lambda: beats.append(1))

    with pytest.raises(Interrupted):
        http.get(core.url)

    assert beats
    with pytest.raises(Interrupted, match='not sent'):
        http.get(core.url)
    assert len(core.calls) == 1


def test_credentials_do_not_go_to_foreign_hosts(core: FakeCore, start: Start, http: Http) -> None:
    foreign = start()

    with pytest.raises(LoginFailed, match='not sent'):
        http.get(f'{foreign.url}/x')

    assert foreign.calls == []
    http.trust(f'{foreign.url}/ingest')
    assert http.get(f'{foreign.url}/x').status == 200


def test_the_hosts_of_overrides_get_the_credentials(core: FakeCore, start: Start, connect: Connect) -> None:
    other = start()
    http = connect(core, service_overrides={'org.opencastproject.ingest': f'{other.url}/ingest'})

    assert http.get(f'{other.url}/ingest/createMediaPackage').status == 200


@pytest.mark.parametrize('url', ['file:///etc/passwd', 'ftp://127.0.0.1/x', 'nonsense', 'http://[::1', ''])
def test_other_addresses_are_not_even_tried(http: Http, url: str) -> None:
    http.trust(url)

    with pytest.raises(LoginFailed):
        http.get(url)


def test_proxy_variables_are_honoured(core: FakeCore, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('http_proxy', core.url)
    http = connect(core, url='http://core.example.org')

    http.get('http://core.example.org/x')

    assert core.paths == ['GET http://core.example.org/x']


def test_secrets_stay_out_of_the_log(core: FakeCore, http: Http, caplog: pytest.LogCaptureFixture) -> None:
    """H55."""
    caplog.set_level(logging.DEBUG)
    core.answer = lambda exchange: exchange.reply(401, '', {'WWW-Authenticate': 'Basic realm="Opencast"'})

    with pytest.raises(LoginFailed) as caught:
        http.get(core.url)

    said = caplog.text + str(caught.value)
    assert 'secret word' not in said
    assert base64.b64encode(b'hall:secret word').decode() not in said


def test_a_connection_can_be_closed_and_used_again(core: FakeCore, http: Http) -> None:
    http.get(core.url)
    http.close()

    assert http.get(core.url).status == 200
