"""Small things that outlive a restart."""

from __future__ import annotations

from typing import Any

import pytest

from pyca.storage.database import Database
from pyca.storage.memory import Memory


@pytest.mark.parametrize('value', [0, 1.5, 'Grüße', [1, 2], {'a': ['b']}, True, '\ud800', None])
def test_a_value_comes_back(database: Database, value: Any) -> None:
    Memory(database).put('key', 'something else')
    Memory(database).put('key', value)
    assert Memory(database).get('key') == value


def test_an_unknown_key_is_none(database: Database) -> None:
    assert Memory(database).get('key') is None


def test_an_equal_value_is_not_written_again(database: Database) -> None:
    Memory(database).put('key', {'a': 1, 'b': 2})
    before = database.change()
    Memory(database).put('key', {'b': 2, 'a': 1})
    assert database.change() == before
