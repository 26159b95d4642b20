"""What a person in the room wants of the agent that runs, said by `pyca record`."""

from __future__ import annotations

import time
from collections.abc import Callable

from pyca import config
from pyca.clock import Clock
from pyca.errors import PycaError
from pyca.onthespot import Connect, OnTheSpot
from pyca.order import Order, OrderKind
from pyca.settings import Settings
from pyca.states import EventStatus
from pyca.storage.counter import PAUSE, Counter
from pyca.storage.database import Database
from pyca.storage.orders import OrderState, Placed
from pyca.storage.recorded import Recorded, Recordings

PATIENCE = 8.0
"""Seconds to wait for the agent's answer beyond those that every order waits, then again for the recorder."""


class Wish:
    """Has it done by the agent, and says so in a sentence; PycaError says why not."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
        connect: Connect | None = None,
    ) -> None:
        """`pause`: how it waits."""
        self._settings = settings
        self._clock = clock
        self._pause = pause
        self._recordings = Recordings(database)
        self._counter = Counter(database, pause)
        self._on_the_spot = OnTheSpot(settings, database, clock, self._counter, connect)

    def record(self, minutes: int, title: str) -> str:
        """Begin a recording, and wait until its recorder runs."""
        self._need_the_agent()
        begun = self._on_the_spot.record(minutes, title)
        placed = self._answered(begun.placed)
        row = self._running(placed.order.uid)
        note = f'\nThe core did not say that it scheduled it: {begun.unannounced}' if begun.unannounced else ''
        return f'The recorder of {_named(row)} runs. {placed.answer}{note}'

    def stop(self, uid: str) -> str:
        """End the recording that runs."""
        self._need_the_agent()
        row = self._chosen(uid)
        return f'{_named(row)}: {self._answered(self._place(row, OrderKind.END)).answer}'

    def extend(self, uid: str, minutes: int) -> str:
        """Let it run longer."""
        self._need_the_agent()
        row = self._chosen(uid)
        return f'{_named(row)}: {self._answered(self._place(row, OrderKind.EXTEND, minutes)).answer}'

    def _need_the_agent(self) -> None:
        if config.public_demo(self._settings):
            raise PycaError('Nothing can be recorded: no url is set in [server].')
        if not self._counter.attended:
            raise PycaError('The agent is not running here: its capture service does not give any sign of life.')

    def _place(self, row: Recorded, kind: OrderKind, minutes: int = 0) -> Placed | None:
        return self._counter.place(Order('', row.event.uid, kind, minutes))

    def _answered(self, placed: Placed | None) -> Placed:
        """The order when it was done."""
        for _ in range(round(PATIENCE / PAUSE)):
            if placed is None or placed.state is not OrderState.OPEN:
                break
            self._pause(PAUSE)
            placed = self._counter.get(placed.id)
        if placed is None:
            raise PycaError('The order got lost; try again.')
        if placed.state is OrderState.OPEN:
            raise PycaError('The agent does not answer. What was asked for may still be done within a minute.')
        if placed.state is OrderState.REFUSED:
            raise PycaError(placed.answer)
        return placed

    def _running(self, uid: str) -> Recorded:
        row = None
        for _ in range(round(PATIENCE / PAUSE)):
            row = self._recordings.get(uid)
            if row is not None and row.phase == 'recording':
                return row
            self._pause(PAUSE)
        cause = f' ({row.cause})' if row is not None and row.cause else ''
        raise PycaError(f'It was begun as {uid}, but its recorder does not run yet{cause}.')

    def _chosen(self, uid: str) -> Recorded:
        """What was begun on the spot goes first; whoever means another one of several says which."""
        now = self._clock.now()
        rows = [row for row in self._recordings.all(EventStatus.RECORDING) if row.ours and now < row.event.end]
        found = [row for row in rows if row.event.uid.startswith(uid)]
        chosen = found if len(found) == 1 or uid else [row for row in found if row.event.impromptu]
        if len(chosen) == 1:
            return chosen[0]
        if not found:
            raise PycaError(f'{uid} is not being recorded.' if uid else 'Nothing is being recorded.')
        names = ', '.join(_named(row) for row in found)
        raise PycaError(f'Several are being recorded; say with --uid which one is meant: {names}')


def _named(row: Recorded) -> str:
    event = row.event
    return f'"{event.title}" ({event.uid})' if event.title else event.uid
