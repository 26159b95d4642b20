"""Passwords do not get into texts."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from pyca.masking import Redaction, masked_url
from pyca.settings import Agent, Server, Settings, Ui


@pytest.mark.parametrize(
    ('url', 'masked'),
    [
        ('postgresql://me:secret@db/pyca', 'postgresql://me:***@db/pyca'),
        ('postgresql+psycopg2://me:se:c@r/et@db:5432/pyca', 'postgresql+psycopg2://me:***@db:5432/pyca'),
        ('sqlite:///pyca.db', 'sqlite:///pyca.db'),
        ('https://opencast.example.org:8443/x', 'https://opencast.example.org:8443/x'),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, masked: str) -> None:
    assert masked_url(url) == masked


@pytest.mark.parametrize(
    'text',
    [
        'login as s3cr3t$/word failed',
        'POST /?password=' + quote('s3cr3t$/word', safe=''),
        repr({'password': 's3cr3t$/word'}),
        'Basic ' + base64.b64encode(b'agent:s3cr3t$/word').decode(),
        'page login P4ge"pass',
        r'{"password": "P4ge\"pass"}',
        'database said d@tabase-pw',
        'database said d%40tabase-pw',
    ],
)
def test_the_secrets_of_a_configuration_are_taken_out_in_every_shape(text: str) -> None:
    redact = Redaction.of(
        Settings(
            agent=Agent(database='postgresql://me:d%40tabase-pw@db/pyca'),
            server=Server(username='agent', password='s3cr3t$/word'),
            ui=Ui(password='P4ge"pass'),
        )
    )
    found = redact(text)
    assert '***' in found
    assert not any(word in found for word in ('s3cr3t', 'P4ge', 'tabase-pw', 'YWdlbnQ'))


@pytest.mark.parametrize(
    ('text', 'redacted'),
    [
        ('> Authorization: Basic YTpi', '> Authorization: ***'),
        ('authorization: Digest username="a", nonce="b"\r\nHost: x', 'authorization: ***\r\nHost: x'),
        ("{'Authorization': 'Basic YTpi'}", "{'Authorization': ***"),
        ('Proxy-Authorization=Basic YTpi', 'Proxy-Authorization=***'),
        ('Set-Cookie: JSESSIONID=abc', 'Set-Cookie: ***'),
        ('GET https://me:word@host/path', 'GET https://me:***@host/path'),
        ('cookiefile: none', 'cookiefile: none'),
        ('http://host:8000/a and me@example.org', 'http://host:8000/a and me@example.org'),
    ],
)
def test_login_headers_are_taken_out_whatever_they_say(text: str, redacted: str) -> None:
    assert Redaction()(text) == redacted


def test_words_that_everybody_knows_are_left_readable() -> None:
    redact = Redaction.of(Settings(server=Server(username='agent', password='abc')))
    assert redact('https://develop.opencast.org said abcdef') == 'https://develop.opencast.org said abcdef'


def test_the_longer_of_two_secrets_goes_first() -> None:
    assert Redaction(['word', 'wordwise'])('wordwise') == '***'
