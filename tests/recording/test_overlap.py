"""Which event gets the device where two want it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from pyca.event import Event
from pyca.recording.overlap import Device
from tests.storage.clocks import HandClock


@dataclass
class Armed:
    """A recording whose keeper is there."""

    event: Event
    settled: bool = False


def device(rule: str, *having: Event, now: float) -> Device:
    recordings = {(event.uid, event.start): Armed(event) for event in having}
    return Device(rule, cast(Any, recordings), HandClock(now))


@pytest.mark.parametrize(
    ('start', 'end', 'free'),
    [
        (1000, 2000, True),  # over when the other begins
        (1000, 2001, False),
        (2500, 2600, False),
        (3000, 4000, True),  # begins when the other is over
    ],
)
def test_only_an_event_that_lasts_at_the_same_time_has_to_wait(start: int, end: int, free: bool) -> None:
    """One that was learned late must not be missed for the sake of the next, whose keeper waits already."""
    assert device('first', Event('next', 2000, 3000), now=1990).is_free(Event('late', start, end), 1990) is free
