"""Passwords as digests."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyca import config
from pyca.errors import ConfigurationError
from pyca.passwords import digest_of, is_broken, is_digest, matches


@settings(max_examples=5, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_a_digest_knows_its_password(password: str, other: str) -> None:
    digest = digest_of(password)
    assert matches(digest, password)
    assert matches(digest, other) == (password == other)
    assert is_digest(digest)
    assert not is_broken(digest)


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_password_may_stand_as_itself(password: str, other: str) -> None:
    assert matches(password, password)
    assert matches(password, other) == (password == other)


def test_no_two_digests_are_equal() -> None:
    assert digest_of('secret') != digest_of('secret')


def test_a_digest_comes_unchanged_out_of_the_configuration() -> None:
    """A dollar, a comma or a hash sign would mean something there."""
    digest = digest_of('secret')
    assert re.fullmatch(r'[\w:-]+', digest)
    for quote in ('', "'", '"'):
        text = f'[ui]\npassword = {quote}{digest}{quote}\nviewer_password = {quote}{digest}{quote}\n'
        assert config.parse(text, 'pyca.conf').ui.password == digest


@pytest.mark.parametrize('key', ['password', 'viewer_password'])
@pytest.mark.parametrize('cut', [slice(0, 30), slice(0, -1), slice(0, 7)])
def test_half_a_digest_is_a_mistake_and_no_password(key: str, cut: slice) -> None:
    half = digest_of('secret')[cut]
    with pytest.raises(ConfigurationError) as caught:
        config.parse(f'[ui]\n{key} = {half}\n', 'pyca.conf')
    assert f'[ui] {key}: the value (not shown) is part of what "pyca password" prints' in str(caught.value)


@pytest.mark.parametrize('cost', ['30:8:1', '14:99:99', '0:8:1', '17:1:1', '14:0:1', '14:8:0'])
def test_a_digest_that_would_cost_the_machine_everything_is_none(cost: str) -> None:
    assert not is_digest(digest_of('secret').replace('14:8:1', cost))


def test_other_costs_than_todays_are_understood() -> None:
    stored = 'scrypt:10:8:16:AAAAAAAAAAAAAAAAAAAAAA:HoYjn7seSVmlRLwOa_Y71PkVjUV7lYqBWRIP8ezNGxU'
    assert matches(stored, 'password')
    assert not matches(stored, 'Password')
