"""The web interface over both kinds of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pyca.settings import Capture, Settings, Ui
from pyca.storage.database import Database
from pyca.ui.application import create_app
from tests.storage.clocks import HandClock

JSON = 'application/vnd.api+json'


@pytest.fixture
def client(database: Database, clock: HandClock, tmp_path: Path) -> Iterator[FlaskClient]:
    settings = Settings(capture=Capture(directory=str(tmp_path)), ui=Ui(password=''))
    with create_app(settings, database, clock).test_client() as made:
        yield made


@pytest.mark.parametrize('uid', ['%00', 'a%00b', '%FF', '%ED%A0%80', '%F0%9F%8E%93', "'", '%25'])
@pytest.mark.parametrize(
    ('method', 'address'),
    [
        ('GET', '/api/events/{}'),
        ('DELETE', '/api/events/{}?hard=true'),
        ('GET', '/api/events/{}/story'),
        ('POST', '/api/events/{}/retry'),
        ('POST', '/api/events/{}/end'),
        ('GET', '/events/{}'),
        ('GET', '/events/{}/delete'),
    ],
)
def test_an_event_of_any_name_is_only_unknown(client: FlaskClient, method: str, address: str, uid: str) -> None:
    answer = client.open(address.format(uid), method=method, headers={'Content-Type': JSON})
    assert answer.status_code == 404


def test_a_name_with_a_nul_needs_a_login_like_any_other(database: Database, clock: HandClock) -> None:
    closed = create_app(Settings(ui=Ui(password='secret')), database, clock).test_client()
    assert closed.get('/api/events/%00').status_code == 401
