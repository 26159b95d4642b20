"""The clock of the core, as its answers show it."""

from __future__ import annotations

import pytest

from pyca.opencast.skew import Skew

AT = 1_800_000_000.0
DATE = 'Fri, 15 Jan 2027 08:00:00 GMT'


@pytest.mark.parametrize(
    ('asked', 'answered', 'told'),
    [
        (AT, AT + 0.4, [0.0]),
        (AT - 1, AT + 1, [0.0]),
        (AT + 3600, AT + 3600.2, [-3600.0]),
        (AT - 90.1, AT - 90, [91.0]),
        (AT - 30, AT, []),
        (AT, AT - 10, []),
    ],
    ids=['alike', 'a second is no difference', 'behind', 'ahead', 'a slow answer', 'our clock was set meanwhile'],
)
def test_the_date_of_an_answer_tells_the_clock(asked: float, answered: float, told: list[float]) -> None:
    heard: list[float] = []
    Skew(heard.append).heard({'date': DATE}, asked, answered)
    assert heard == told


def test_it_tells_only_what_is_new() -> None:
    heard: list[float] = []
    skew = Skew(heard.append)
    for ours in (AT, AT + 0.9, AT - 0.5, AT + 60, AT + 60.5, AT):
        skew.heard({'date': DATE}, ours, ours)
    assert heard == [0.0, -60.0, 0.0]


@pytest.mark.parametrize('headers', [{}, {'date': 'soon'}, {'date': DATE, 'age': '70'}, {'date': 'Fri, 99 Jan'}])
def test_an_answer_without_a_good_date_says_nothing(headers: dict[str, str]) -> None:
    heard: list[float] = []
    Skew(heard.append).heard(headers, AT, AT)
    assert heard == []
