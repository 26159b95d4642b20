"""The promises of the manual have tests, and the tests are there."""

from __future__ import annotations

import re

from tests.rules.source import ROOT, modules

ROWS = 14


def promises() -> list[str]:
    """The parts of the manual, one for each kind of harm."""
    return re.split(r'(?m)^## (?=\d+\. )', (ROOT / 'docs' / 'reliability.md').read_text())[1:]


def named(text: str) -> list[str]:
    return re.findall(r'`(tests/[\w/]+\.py::\w+)`', text)


def test_every_test_that_a_promise_names_exists() -> None:
    there = {f'{module.path}::{function.name}' for module in modules('tests') for function in module.functions}
    assert not [name for promise in promises() for name in named(promise) if name not in there]


def test_every_kind_of_harm_says_what_is_promised_what_not_and_who_shows_it() -> None:
    assert [int(promise.split('.')[0]) for promise in promises()] == list(range(1, ROWS + 1))
    for promise in promises():
        assert '**Promised.**' in promise, promise
        assert '**Not promised.**' in promise, promise
        assert [name for name in named(promise) if name.split('/')[1] in ('program', 'services', 'recording')], promise
