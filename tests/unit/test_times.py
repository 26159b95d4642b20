"""Times as the core writes them."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from dateutil import tz

from pyca.opencast import times


@pytest.mark.parametrize(
    'text', ['2025-06-05T08:00:00Z', '2025-06-05T08:00:00.999Z', '2025-06-05T10:00:00+02:00', '2025-06-05T08:00:00']
)
def test_iso_times_are_whole_seconds(text: str) -> None:
    assert times.epoch(text) == 1749110400


@pytest.mark.parametrize('text', ['', 'soon', '2025-13-05T08:00:00Z', 'Jun 5, 2025, 10:00:00 AM', 7, None])
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r'\w'):
        times.epoch(text)


@pytest.mark.parametrize('name', ['Europe/Berlin', 'UTC', 'America/Argentina/Ushuaia'])
def test_zones_are_known_by_their_id(name: str) -> None:
    assert times.zone(name) is not None


@pytest.mark.parametrize('name', ['', 'Nirgends', 'Nirgends/Da', '/etc/passwd', '../../etc/passwd', 'X3', 'Europe'])
def test_a_zone_that_nobody_knows_is_none(name: str) -> None:
    assert times.zone(name) is None


def test_a_date_begins_where_it_is_meant() -> None:
    assert times.moment(date(2025, 6, 5), tz.tzoffset(None, 7200)) == 1749074400
    assert times.moment(datetime(2025, 6, 5, 8, tzinfo=timezone.utc), tz.tzoffset(None, 7200)) == 1749110400
