"""Digest login against a server that computes it on its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pyca.errors import CoreError, LoginFailed, Refused
from pyca.opencast.http import Http, Upload
from tests.opencast.conftest import Exchange, FakeCore, MovedClock

Connect = Callable[..., Http]


@dataclass
class DigestCore:
    """Demands digest login as Opencast does. `sessions`: a cookie is login enough afterwards."""

    password: str = 'secret word'
    sessions: bool = False
    always_stale: bool = False
    algorithm: str = ''
    others: str = '{}, Basic realm="other"'
    nonce: int = 1
    old: set[str] = field(default_factory=set)
    served: list[str] = field(default_factory=list)
    refused_bytes: int = 0

    def __call__(self, exchange: Exchange) -> None:
        given = exchange.headers.get('Authorization', '')
        logged_in = self.sessions and 'JSESSIONID=good' in exchange.headers.get('Cookie', '')
        if (logged_in and not given) or (self._right(exchange, given) and not self.always_stale):
            exchange.read()
            self.served.append(f'{exchange.method} {exchange.path}')
            exchange.reply(200, 'fine', {'Set-Cookie': 'JSESSIONID=good; Path=/'} if self.sessions else {})
            return
        stale = self.always_stale or any(f'nonce="{nonce}"' in given for nonce in self.old)
        self.refused_bytes += len(exchange.read())
        exchange.reply(401, '', {'WWW-Authenticate': self._challenge(stale)})

    def expire(self) -> None:
        """Let the nonce become old."""
        self.old.add(str(self.nonce))
        self.nonce += 1

    def _challenge(self, stale: bool) -> str:
        algorithm = f', algorithm={self.algorithm}' if self.algorithm else ''
        return self.others.format(
            f'Digest realm="Open \\"cast\\"", qop="auth", nonce="{self.nonce}", opaque="o"{algorithm}'
            + (', stale="true"' if stale else '')
        )

    def _right(self, exchange: Exchange, given: str) -> bool:
        fields = {
            name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"((?:\\.|[^"])*)"|(\w+))', given)
        }
        if fields.get('nonce') != str(self.nonce) or fields.get('uri') != exchange.path:
            return False

        def md5(text: str) -> str:
            return hashlib.new('sha256' if self.algorithm == 'SHA-256' else 'md5', text.encode()).hexdigest()

        user = fields['username'].replace('\\"', '"').encode('latin-1').decode()
        secret = md5(f'{user}:Open "cast":{self.password}')
        middle = f'{fields["nonce"]}:{fields["nc"]}:{fields["cnonce"]}:{fields["qop"]}'
        expected: str = md5(f'{secret}:{middle}:{md5(f"{exchange.method}:{exchange.path}")}')
        return str(fields['response']) == expected


@pytest.fixture
def digest(core: FakeCore) -> DigestCore:
    demands = DigestCore()
    core.answer = demands
    return demands


def bodies(core: FakeCore) -> list[int]:
    return [call.received for call in core.calls if call.method == 'POST']


@pytest.mark.parametrize('user', ['hall', 'dept:agent', 'hör"saal'])
@pytest.mark.parametrize('algorithm', ['', 'MD5', 'SHA-256'])
def test_digest_login_works_for_any_name(
    core: FakeCore, connect: Connect, digest: DigestCore, user: str, algorithm: str
) -> None:
    """H64: a colon in the user name is no separator."""
    digest.algorithm = algorithm
    http = connect(core, auth_method='digest', username=user)

    assert http.get(f'{core.url}/recordings/calendars?agentid=a%20b&cutoff=1').text == 'fine'

    assert core.calls[0].headers['X-Requested-Auth'] == 'Digest'
    assert len(core.calls) == 2


@pytest.mark.parametrize(
    'others',
    [
        '{}, Digest realm="r", nonce="n", qop="auth", algorithm=SNAKE',
        'Digest realm="r", nonce="n", qop="auth", algorithm=SNAKE, {}',
        '{}, Basic realm="Basic or, Digest that is the question"',
        'Negotiate, {}, Bearer',
    ],
)
def test_digest_login_takes_the_challenge_that_it_can_meet(
    core: FakeCore, connect: Connect, digest: DigestCore, others: str
) -> None:
    digest.others = others

    assert connect(core, auth_method='digest').get(f'{core.url}/x').text == 'fine'

    assert len(core.calls) == 2


def test_a_body_goes_out_once_with_the_login(core: FakeCore, connect: Connect, digest: DigestCore) -> None:
    """Trap 5."""
    http = connect(core, auth_method='digest')

    http.post(f'{core.url}/agents/a', {'state': 'idle'})
    http.post(f'{core.url}/agents/a', {'state': 'idle'})

    assert core.paths == ['GET /info/me.json', 'POST /agents/a', 'POST /agents/a']
    assert digest.refused_bytes == 0


def test_the_challenge_is_renewed_before_it_gets_stale(
    core: FakeCore, connect: Connect, digest: DigestCore, clock: MovedClock
) -> None:
    """Contract 3.1: it is good for 300 s."""
    http = connect(core, auth_method='digest', clock=clock)
    http.post(f'{core.url}/agents/a', {'state': 'idle'})
    digest.expire()
    clock.time += 290

    http.post(f'{core.url}/agents/a', {'state': 'idle'})

    assert digest.refused_bytes == 0
    assert len(bodies(core)) == 2


def test_a_stale_challenge_has_the_request_repeated_once(
    core: FakeCore, connect: Connect, digest: DigestCore, tmp_path: Path
) -> None:
    file = tmp_path / 'camera.mp4'
    file.write_bytes(b'x' * 300_000)
    http = connect(core, auth_method='digest')
    http.get(f'{core.url}/x')
    digest.expire()

    http.upload(f'{core.url}/ingest/addTrack', [('flavor', 'a/b')], Upload(file, 'camera.mp4'))

    assert digest.served == ['GET /x', 'POST /ingest/addTrack']
    assert len(bodies(core)) == 2


def test_a_challenge_that_is_stale_at_once_has_the_request_repeated_once(
    core: FakeCore, connect: Connect, digest: DigestCore
) -> None:
    def answer(exchange: Exchange) -> None:
        if exchange.method == 'POST' and digest.nonce == 1:
            digest.expire()
        digest(exchange)

    core.answer = answer

    connect(core, auth_method='digest').post(f'{core.url}/agents/a', {'state': 'idle'})

    assert core.paths == ['GET /info/me.json', 'POST /agents/a', 'POST /agents/a']


def test_a_server_that_always_says_stale_is_left_alone(core: FakeCore, connect: Connect, digest: DigestCore) -> None:
    digest.always_stale = True
    http = connect(core, auth_method='digest')

    with pytest.raises(LoginFailed):
        http.post(f'{core.url}/agents/a', {'state': 'idle'})

    assert len(core.calls) <= 4


def test_a_restarted_core_that_forgot_the_challenge_is_no_failed_login(
    core: FakeCore, connect: Connect, digest: DigestCore
) -> None:
    http = connect(core, auth_method='digest')
    http.get(f'{core.url}/x')
    digest.nonce += 1

    assert http.get(f'{core.url}/y').text == 'fine'


def test_a_wrong_password_is_said_with_user_and_method(core: FakeCore, connect: Connect, digest: DigestCore) -> None:
    """Trap 4: digest users and basic users are different sets."""
    digest.password = 'another'
    http = connect(core, auth_method='digest')

    with pytest.raises(LoginFailed) as caught:
        http.get(f'{core.url}/x')

    assert 'user "hall" with digest login' in str(caught.value)
    assert 'auth_method = basic' in str(caught.value)
    assert len(core.calls) == 2


def test_a_basic_login_that_fails_names_the_line_to_add(core: FakeCore, connect: Connect) -> None:
    """C10: up to 4.5 digest was the default."""
    core.answer = lambda exchange: exchange.reply(401, '', {'WWW-Authenticate': 'Basic realm="Opencast"'})

    with pytest.raises(LoginFailed) as caught:
        connect(core, username='dept:agent').get(f'{core.url}/x')

    assert 'user "dept:agent" with basic login' in str(caught.value)
    assert 'auth_method = digest' in str(caught.value)
    assert '":"' in str(caught.value)
    assert len(core.calls) == 1


@pytest.mark.parametrize('method', ['basic', 'digest'])
def test_a_401_without_challenge_is_a_refusal_and_no_loop(core: FakeCore, connect: Connect, method: str) -> None:
    """Trap 3: the account is fine, an access list says no."""
    core.answer = lambda exchange: exchange.reply(401, 'unauthorized', {'Content-Type': 'text/plain'})

    with pytest.raises(Refused) as caught:
        connect(core, auth_method=method).get(f'{core.url}/x')

    assert caught.value.status == 401
    assert 'unauthorized' in str(caught.value)
    assert len(core.calls) == 1


def test_a_session_is_login_enough_for_a_body(
    core: FakeCore, connect: Connect, digest: DigestCore, tmp_path: Path
) -> None:
    """Contract 3.4: with a session the question brings no challenge. An empty body must not be sent to get one."""
    digest.sessions = True
    jar = str(tmp_path / 'cookies')
    first = connect(core, auth_method='digest', cookiefile=jar)
    first.get(f'{core.url}/x')
    first.close()
    core.calls.clear()

    connect(core, auth_method='digest', cookiefile=jar).post(f'{core.url}/agents/a', {'state': 'idle'})

    assert core.paths == ['GET /info/me.json', 'POST /agents/a']
    assert bodies(core) == [len('state=idle')]


@pytest.mark.parametrize('challenge', ['Digest realm="x"', 'Digest nonce="1", algorithm=SNAKE', 'Negotiate', 'Digest'])
def test_a_challenge_that_cannot_be_met_is_a_failed_login(core: FakeCore, connect: Connect, challenge: str) -> None:
    core.answer = lambda exchange: exchange.reply(401, '', {'WWW-Authenticate': challenge})

    with pytest.raises(CoreError):
        connect(core, auth_method='digest').get(f'{core.url}/x')

    assert len(core.calls) == 1


def test_a_node_elsewhere_is_asked_for_its_own_challenge(
    start: Callable[[], FakeCore], core: FakeCore, connect: Connect, digest: DigestCore
) -> None:
    node = start()
    node.answer = other = DigestCore(nonce=77)
    http = connect(core, auth_method='digest')
    http.get(f'{core.url}/x')
    http.trust(node.url)

    http.post(f'{node.url}/ingest/ingest', {'mediaPackage': 'x'}, once=True)

    assert node.paths == ['GET /info/me.json', 'POST /ingest/ingest']
    assert other.refused_bytes == 0


def test_an_unreachable_core_before_the_body_means_that_nothing_was_sent(core: FakeCore, connect: Connect) -> None:
    core.answer = lambda exchange: exchange.hang_up()

    with pytest.raises(CoreError) as caught:
        connect(core, auth_method='digest').post(f'{core.url}/ingest/ingest', {'mediaPackage': 'x'}, once=True)

    assert getattr(caught.value, 'sent', None) is False
