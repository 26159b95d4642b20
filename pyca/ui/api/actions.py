"""The routes by which people decide: end, extend, record now, retry; the story of an event beside them."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response

from pyca.errors import NothingToDecide
from pyca.order import OrderKind
from pyca.states import EventStatus
from pyca.storage.edits import InUse, in_use
from pyca.storage.orders import OrderState, Placed
from pyca.storage.recorded import Recorded
from pyca.storage.retrying import Retry
from pyca.ui.api import events, given
from pyca.ui.api.answers import Wrong, answer, blueprint, error
from pyca.ui.api.plain import plain
from pyca.ui.orders import Counter
from pyca.ui.overview.sources import Sources
from pyca.ui.story.tell import Stories

UNKNOWN = 'No event with specified uid'
ALONE = 'The capture service is not running'
LONGEST = 1440
"""Minutes of a recording, or of its extension."""
TITLE = 'Recording'


class Actions:
    """What the routes do."""

    def __init__(self, sources: Sources, counter: Counter) -> None:
        self._sources = sources
        self._counter = counter
        self._stories = Stories(sources)
        self._retry = Retry(sources.database)

    def routes(self) -> Blueprint:
        api = blueprint('actions')
        api.register_error_handler(NothingToDecide, _undecided)
        api.get('/api/events/<uid>/story')(self.story)
        api.post('/api/events/<uid>/retry')(self.retry)
        api.post('/api/events/<uid>/end')(self.end)
        api.post('/api/events/<uid>/extend')(self.extend)
        api.post('/api/recordings')(self.record)
        api.get('/api/orders/<int:number>')(self.order)
        return api

    def story(self, uid: str) -> Response:
        story = self._stories.of(uid, given.query_number('start', None, given.LAST_SECOND))
        if story is None:
            raise Wrong(404, UNKNOWN)
        return answer({'meta': plain(story)})

    def retry(self, uid: str) -> Response:
        """Upload it now: what is held, or waits for its next try."""
        row = self._recorded(uid)
        if row.event.unscheduled:
            raise Wrong(409, 'It was not scheduled, so the core has no event for it')
        if reason := in_use(row, self._sources.clock.now()):
            raise InUse(reason)
        start = given.query_number('start', None, given.LAST_SECOND)
        self._retry.decide(uid if start is None else row.name)
        return answer({'data': [events.accounted(self._recorded(uid))]})

    def end(self, uid: str) -> Response:
        self._under_way(uid)
        return self._ordered(uid, OrderKind.END)

    def extend(self, uid: str) -> Response:
        minutes = given.number(given.item(), 'minutes', 1, LONGEST)
        self._under_way(uid)
        return self._ordered(uid, OrderKind.EXTEND, minutes)

    def record(self) -> Response:
        """Begin a recording that nobody has scheduled."""
        wanted = given.item()
        minutes = given.number(wanted, 'minutes', 1, LONGEST)
        return self._ordered(str(uuid.uuid4()), OrderKind.RECORD, minutes, given.title(wanted, 'title', TITLE))

    def order(self, number: int) -> Response:
        """What became of an order that took longer."""
        placed = self._counter.get(number) if number <= given.LAST_SECOND else None
        if placed is None:
            raise Wrong(404, 'No such order')
        return answer({'meta': _told(placed)})

    def _recorded(self, uid: str) -> Recorded:
        """404 for what nobody knows, 409 for what is to come."""
        row = self._sources.recordings.get(uid, given.query_number('start', None, given.LAST_SECOND))
        if row is not None:
            return row
        if self._sources.upcoming.get(uid) is None:
            raise Wrong(404, UNKNOWN)
        raise Wrong(409, 'Its recording has not begun yet')

    def _under_way(self, uid: str) -> None:
        row = self._recorded(uid)
        if not row.ours or row.status is not EventStatus.RECORDING:
            raise Wrong(409, 'It is not being recorded')

    def _ordered(self, uid: str, kind: OrderKind, minutes: int = 0, title: str = '') -> Response:
        """200 done, 409 refused, 202 when nobody has answered yet."""
        if not self._counter.attended:
            raise Wrong(409, ALONE)
        placed = self._counter.place(uid, kind, minutes, title)
        if placed is None:
            raise Wrong(503, 'The order got lost')
        if placed.state is OrderState.REFUSED:
            raise Wrong(409, placed.answer)
        return answer({'meta': _told(placed)}, 200 if placed.state is OrderState.DONE else 202)


def _told(placed: Placed) -> dict[str, Any]:
    return {'order': placed.id, 'uid': placed.order.uid, 'state': placed.state.value, 'text': placed.answer}


def _undecided(reason: NothingToDecide) -> Response:
    return error(409, str(reason))
