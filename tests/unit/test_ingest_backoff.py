"""Waits between the tries of an upload."""

from __future__ import annotations

import pytest

from pyca.errors import CoreError, LoginFailed, NotUnderstood, Overloaded, Refused, Unreachable
from pyca.ingest.backoff import after, wait


def low(first: float, second: float) -> float:
    return first


def high(first: float, second: float) -> float:
    return second


def test_waits_grow_from_five_seconds_to_ten_minutes_and_stay_there() -> None:
    shortest = [wait(failures, low) for failures in range(1, 40)]
    longest = [wait(failures, high) for failures in range(1, 40)]
    assert shortest[0] == 5
    assert shortest == sorted(shortest)
    assert longest[:3] == [10, 20, 40]
    assert longest[-1] == max(longest) == 600
    assert all(one < other for one, other in zip(shortest, longest, strict=True))


def test_a_huge_number_of_failures_is_no_trouble() -> None:
    assert wait(10**9, high) == 600


@pytest.mark.parametrize(
    ('error', 'failures', 'shortest', 'longest'),
    [
        (Unreachable('gone'), 1, 5, 10),
        (NotUnderstood('HTML'), 1, 5, 10),
        (Refused('500', status=500), 1, 5, 10),
        (Refused('403', status=403), 1, 30, 60),
        (Refused('403', status=403), 20, 300, 600),
        (LoginFailed('401'), 1, 15, 30),
        (LoginFailed('401'), 20, 300, 600),
        (Overloaded('503'), 1, 5, 10),
        (Overloaded('503', retry_after=77), 1, 77, 77),
        (Overloaded('503', retry_after=1), 3, 20, 40),
        (Overloaded('503', retry_after=86400), 1, 600, 600),
    ],
)
def test_the_wait_depends_on_what_went_wrong(error: CoreError, failures: int, shortest: float, longest: float) -> None:
    assert after(error, failures, low) == shortest
    assert after(error, failures, high) == longest
