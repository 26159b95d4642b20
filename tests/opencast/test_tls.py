"""Secure connections, with certificates made here."""

from __future__ import annotations

import functools
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pyca.errors import Unreachable
from pyca.opencast.http import Http
from tests.opencast.authority import Authority
from tests.opencast.conftest import FakeCore

Connect = Callable[..., Http]
Start = Callable[..., FakeCore]


def certificate(folder: Path, name: str, *, alternative: str) -> tuple[Path, Path]:
    """Certificate and key of a server that signs itself."""
    cert, key = folder / f'{name}.pem', folder / f'{name}.key'
    command = ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', str(key), '-out', str(cert)]
    command += ['-subj', f'/CN={name}', '-addext', f'subjectAltName={alternative}', '-days', '2']
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


def outdated(files: tuple[Path, Path]) -> tuple[Path, Path]:
    """The same certificate, over since yesterday."""
    cert, key = files[0].with_suffix('.old'), files[1]
    command = ['openssl', 'x509', '-in', str(files[0]), '-signkey', str(key), '-days', '-1', '-out', str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    return cert, key


def wrapped(plain: socket.socket, *, files: tuple[Path, Path]) -> socket.socket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context.wrap_socket(plain, server_side=True)


@pytest.fixture(scope='module')
def here(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp('tls'), 'here', alternative='IP:127.0.0.1')


def test_a_private_authority_is_trusted_by_its_file(start: Start, connect: Connect, here: tuple[Path, Path]) -> None:
    core = start(functools.partial(wrapped, files=here))

    assert connect(core, certificate=str(here[0])).get(core.url).status == 200


def test_an_unknown_authority_is_named_with_the_remedy(start: Start, connect: Connect, here: tuple[Path, Path]) -> None:
    core = start(functools.partial(wrapped, files=here))

    with pytest.raises(Unreachable) as caught:
        connect(core).get(core.url)

    assert 'unknown authority' in str(caught.value)
    assert 'set certificate in [server]' in str(caught.value)
    assert not caught.value.sent
    assert core.calls == []


def test_a_certificate_for_another_host_is_named(start: Start, connect: Connect, tmp_path: Path) -> None:
    files = certificate(tmp_path, 'other', alternative='DNS:other.example.org')
    core = start(functools.partial(wrapped, files=files))

    with pytest.raises(Unreachable, match='for another host name'):
        connect(core, certificate=str(files[0])).get(core.url)


def test_an_expired_certificate_is_named(start: Start, connect: Connect, tmp_path: Path) -> None:
    files = outdated(certificate(tmp_path, 'old', alternative='IP:127.0.0.1'))
    core = start(functools.partial(wrapped, files=files))

    with pytest.raises(Unreachable, match='expired'):
        connect(core, certificate=str(files[0])).get(core.url)


CAUSES = {
    'another host': ({'alternative': 'DNS:core.example.org'}, 'for another host name', 'check url in [server]'),
    'expired': ({'days': -1}, 'has expired', 'check the clock of this machine'),
    'unknown': ({}, 'from an unknown authority', 'set certificate in [server] to its CA file'),
}
"""What is wrong with a certificate, with what the sentence says of it."""


@pytest.mark.parametrize('wrong', CAUSES)
def test_each_refusal_says_which_of_the_causes_it_has(
    start: Start, connect: Connect, tmp_path: Path, wrong: str
) -> None:
    """The authority is private, and trusted but for the one that nobody knows."""
    authority, stranger = Authority(tmp_path / 'ours'), Authority(tmp_path / 'theirs', 'somebody')
    given, said, remedy = CAUSES[wrong]
    signer = stranger if wrong == 'unknown' else authority
    context = signer.server(**given)  # type: ignore[arg-type]
    core = start(lambda plain: context.wrap_socket(plain, server_side=True))

    with pytest.raises(Unreachable) as caught:
        connect(core, certificate=str(authority.file)).post(core.url, {'state': 'idle'})

    text = str(caught.value)
    assert [cause for cause, (_, words, _) in CAUSES.items() if words in text] == [wrong]
    assert said in text
    assert remedy in text
    assert not caught.value.sent
    assert core.calls == []


def test_a_private_authority_vouches_for_its_servers(start: Start, connect: Connect, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = authority.server(alternative='DNS:core.example.org, IP:127.0.0.1')
    core = start(lambda plain: context.wrap_socket(plain, server_side=True))

    assert connect(core, certificate=str(authority.file)).get(core.url).status == 200


def test_a_missing_file_of_authorities_is_named(start: Start, connect: Connect, here: tuple[Path, Path]) -> None:
    core = start(functools.partial(wrapped, files=here))

    with pytest.raises(Unreachable, match='check certificate in'):
        connect(core, certificate='/nowhere/ca.pem').get(core.url)


def test_insecure_takes_any_certificate(start: Start, connect: Connect, here: tuple[Path, Path]) -> None:
    core = start(functools.partial(wrapped, files=here))

    assert connect(core, insecure=True).get(core.url).status == 200


def test_a_server_without_tls_is_named(core: FakeCore, connect: Connect) -> None:
    url = core.url.replace('http:', 'https:')

    with pytest.raises(Unreachable, match='does not speak TLS'):
        connect(core, url=url).get(url)
