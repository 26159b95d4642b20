"""A recording that a person begins on the spot, without the calendar."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from pyca.event import UNSCHEDULED, Event
from pyca.order import Answer, Order
from pyca.recording.handled import Key, key
from pyca.recording.journal import Journal
from pyca.recording.overlap import Device
from pyca.recording.recording import Recording
from pyca.recording.schedule import Schedule
from pyca.recording.store import Store

HELD = 'it was not scheduled, so the core has no event for it'
SHORTEST = 30.0
"""Seconds before the next event; for less nothing is begun."""


class Impromptu:
    """Begins such recordings."""

    def __init__(
        self,
        store: Store,
        flavors: tuple[str, ...],
        device: Device,
        record: Callable[[Journal], bool],
        obstacles: Mapping[Key, str],
    ) -> None:
        """`record` starts the keeper of something new, or leaves under `obstacles` why it cannot."""
        self._store = store
        self._flavors = flavors
        self._device = device
        self._record = record
        self._obstacles = obstacles

    def begin(self, order: Order, schedule: Schedule, now: float) -> Answer:
        """Begin it, if nobody has the device. It ends when the next event begins, at the latest."""
        holder = self._device.holder()
        if holder is not None:
            return Answer(False, f'{holder.title or holder.uid} has the device.')
        limit = schedule.next_start(order.uid, now)
        if limit - now < SHORTEST:
            return Answer(False, f'The next event begins in {limit - now:.0f} s.')
        end = int(min(now + 60 * order.minutes, limit))
        event = Event(order.uid, int(now), end, order.title, {UNSCHEDULED: True})
        folder = self._store.folder(event)
        if not self._record(Journal(folder, event, self._flavors, held=HELD, orders=[order.key])):
            return Answer(False, f'Nothing is recorded: {self._obstacles.get(key(event), "see the log")}')
        return Answer(True, f'It is recorded until {time.strftime("%H:%M:%S", time.localtime(end))}.')


def give_way(recording: Recording, schedule: Schedule) -> None:
    """End it when the next event begins, which may be newer."""
    event = recording.event
    limit = schedule.next_start(event.uid, event.start)
    if limit < event.end:
        recording.follow(replace(event, end=int(limit)))
