"""Hours of the day, over the days on which the clocks are changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyca.hours import Hours

BERLIN = ZoneInfo('Europe/Berlin')
NIGHT = ('22:00-06:00',)


def at(text: str) -> float:
    """A moment given in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


@pytest.mark.parametrize(
    ('spans', 'moment', 'opens'),
    [
        (NIGHT, '2025-01-15 12:00:30', '2025-01-15 21:00:00'),
        (NIGHT, '2025-07-15 12:00:30', '2025-07-15 20:00:00'),
        (NIGHT, '2025-01-15 21:00:00', '2025-01-15 21:00:00'),
        (NIGHT, '2025-01-15 20:59:59', '2025-01-15 21:00:00'),
        (NIGHT, '2025-01-15 04:59:59', '2025-01-15 04:59:59'),
        (NIGHT, '2025-01-15 05:00:00', '2025-01-15 21:00:00'),
        # On the 30th of March 02:00 is 03:00, on the 26th of October 03:00 is 02:00 once more.
        (NIGHT, '2025-03-30 03:59:59', '2025-03-30 03:59:59'),
        (NIGHT, '2025-03-30 04:00:00', '2025-03-30 20:00:00'),
        (NIGHT, '2025-10-26 04:59:59', '2025-10-26 04:59:59'),
        (NIGHT, '2025-10-26 05:00:00', '2025-10-26 21:00:00'),
        (('02:30-05:00',), '2025-03-30 00:00:00', '2025-03-30 01:00:00'),
        (('02:00-02:30',), '2025-03-30 00:00:00', '2025-03-31 00:00:00'),
        (('02:00-02:30',), '2025-10-26 00:30:00', '2025-10-26 01:00:00'),
        (('12:00-13:00', '22:00-24:00'), '2025-01-15 12:30:00', '2025-01-15 21:00:00'),
        (('12:00-13:00', '22:00-24:00'), '2025-01-15 23:00:00', '2025-01-16 11:00:00'),
        ((), '2025-01-15 12:00:00', '2025-01-15 12:00:00'),
    ],
)
def test_they_open_when_the_clock_on_the_wall_says_so(spans: Sequence[str], moment: str, opens: str) -> None:
    hours = Hours.of(spans, BERLIN)

    assert hours.opens(at(moment)) == at(opens)
    assert hours.open(at(moment)) == (moment == opens)


def test_a_moment_is_shown_as_the_clock_on_the_wall_does() -> None:
    hours = Hours.of(NIGHT, BERLIN)

    assert hours.shown(hours.opens(at('2025-07-15 12:00:30'))) == '22:00'


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2_000_000_000),
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.sampled_from(['Europe/Berlin', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/New_York', 'UTC']),
)
def test_what_opens_is_open_then_and_was_not_before(now: int, begin: int, end: int, zone: str) -> None:
    if begin == end:
        return
    hours = Hours(((begin, end),), ZoneInfo(zone))
    opens = hours.opens(now)

    assert now <= opens <= now + 2 * 86_400
    assert hours.open(opens)
    assert opens == now or not hours.open(opens - 1)
