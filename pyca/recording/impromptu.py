"""A recording that a person begins on the spot, without the calendar."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from pyca.event import ANNOUNCED, UNSCHEDULED, Event
from pyca.order import Answer, Order
from pyca.recording.fresh import fresh
from pyca.recording.handled import Key, key
from pyca.recording.journal import Journal
from pyca.recording.localend import LocalEnd
from pyca.recording.overlap import Device
from pyca.recording.schedule import Schedule
from pyca.recording.store import Store
from pyca.settings import Capture

SHORTEST = 30.0
"""Seconds before the next event; for less nothing is begun."""


def recorded_until(end: int) -> Answer:
    return Answer(True, f'It is recorded until {time.strftime("%H:%M:%S", time.localtime(end))}.')


class Impromptu:
    """Begins such recordings."""

    def __init__(
        self,
        store: Store,
        settings: Capture,
        device: Device,
        record: Callable[[Journal], bool],
        obstacles: Mapping[Key, str],
    ) -> None:
        """`record` starts the keeper of something new, or leaves under `obstacles` why it cannot."""
        self._store = store
        self._settings = settings
        self._device = device
        self._record = record
        self._obstacles = obstacles

    def begin(self, order: Order, schedule: Schedule, now: float) -> Answer:
        """Begin it, if nobody has the device. It ends when the next event that is known by now begins, at the latest.

        What is scheduled later, or moved, meets it by the rule of `capture.overlap`.
        """
        holder = self._device.holder()
        if holder is not None:
            return Answer(False, f'{holder.title or holder.uid} has the device.')
        limit = math.inf if self._device.shared else schedule.next_start(order.uid, now)
        if limit - now < SHORTEST:
            return Answer(False, f'The next event begins in {limit - now:.0f} s.')
        start = order.start or int(now)
        wanted = start + 60 * order.minutes
        end = int(min(wanted, limit))
        announced = order.start and not order.doubtful
        event = Event(order.uid, start, end, order.title, {ANNOUNCED if announced else UNSCHEDULED: True})
        journal = fresh(self._store.folder(event), event, self._settings)
        journal.local = LocalEnd(end, wanted) if order.start and end < wanted else None
        journal.orders = [order.key]
        if not self._record(journal):
            return Answer(False, f'Nothing is recorded: {self._obstacles.get(key(event), "see the log")}')
        return recorded_until(end)
