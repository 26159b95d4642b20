"""A recording that a person begins on the spot, without the calendar."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from pyca.event import UNSCHEDULED, Event
from pyca.order import Order
from pyca.recording.journal import Journal
from pyca.recording.recording import Recording
from pyca.recording.schedule import Schedule

HELD = 'it was not scheduled, so the core has no event for it'
SHORTEST = 30.0
"""Seconds before the next event; for less nothing is begun."""


def plan(order: Order, holder: Event | None, schedule: Schedule, now: float) -> Event | str:
    """What is to be recorded, or why nothing is; `holder` has the device.

    It ends when the next event begins, at the latest.
    """
    if holder is not None:
        return f'{holder.title or holder.uid} has the device.'
    limit = schedule.next_start(order.uid, now)
    if limit - now < SHORTEST:
        return f'The next event begins in {limit - now:.0f} s.'
    end = int(min(now + 60 * order.minutes, limit))
    return Event(order.uid, int(now), end, order.title, {UNSCHEDULED: True})


def journal(order: Order, event: Event, folder: Path, flavors: tuple[str, ...]) -> Journal:
    return Journal(folder, event, flavors, held=HELD, orders=[order.key])


def give_way(recording: Recording, schedule: Schedule) -> None:
    """End it when the next event begins, which may be newer."""
    event = recording.event
    limit = schedule.next_start(event.uid, event.start)
    if limit < event.end:
        recording.follow(replace(event, end=int(limit)))


def until(event: Event) -> str:
    """The answer for who asked."""
    return f'It is recorded until {time.strftime("%H:%M:%S", time.localtime(event.end))}.'
