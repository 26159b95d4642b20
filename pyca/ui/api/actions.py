"""The routes by which people decide: end, extend, record now, retry; the story of an event beside them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from pyca.storage.orders import OrderState, Placed
from pyca.ui.api import events, given
from pyca.ui.api.answers import Wrong, answer, blueprint
from pyca.ui.api.plain import plain
from pyca.ui.commands import LONGEST, Commands
from pyca.ui.overview.sources import Sources
from pyca.ui.story.tell import Stories

UNKNOWN = 'No event with specified uid'


class Actions:
    """What the routes do."""

    def __init__(self, sources: Sources, commands: Commands) -> None:
        self._commands = commands
        self._stories = Stories(sources)

    def routes(self) -> Blueprint:
        api = blueprint('actions')
        api.get('/api/events/<uid>/story')(self.story)
        api.post('/api/events/<uid>/retry')(self.retry)
        api.post('/api/events/<uid>/end')(self.end)
        api.post('/api/events/<uid>/extend')(self.extend)
        api.post('/api/recordings')(self.record)
        api.get('/api/orders/<int:number>')(self.order)
        return api

    def story(self, uid: str) -> Response:
        story = self._stories.of(uid, _start())
        if story is None:
            raise Wrong(404, UNKNOWN)
        return answer({'meta': plain(story)})

    def retry(self, uid: str) -> Response:
        return answer({'data': [events.accounted(self._commands.retry(uid, _start()))]})

    def end(self, uid: str) -> Response:
        return _ordered(self._commands.end(uid, _start()))

    def extend(self, uid: str) -> Response:
        minutes = given.number(given.item(), 'minutes', 1, LONGEST)
        return _ordered(self._commands.extend(uid, minutes, _start()))

    def record(self) -> Response:
        wanted = given.item()
        minutes = given.number(wanted, 'minutes', 1, LONGEST)
        placed, unannounced = self._commands.record(minutes, given.title(wanted, 'title', ''))
        return _ordered(placed, **({'unannounced': unannounced} if unannounced else {}))

    def order(self, number: int) -> Response:
        placed = self._commands.order(number) if number <= given.LAST_SECOND else None
        if placed is None:
            raise Wrong(404, 'No such order')
        return answer({'meta': _told(placed)})


def _start() -> int | None:
    return given.query_number('start', None, given.LAST_SECOND)


def _ordered(placed: Placed, **more: str) -> Response:
    """200 done, 202 when nobody has answered yet."""
    return answer({'meta': {**_told(placed), **more}}, 200 if placed.state is OrderState.DONE else 202)


def _told(placed: Placed) -> dict[str, Any]:
    return {'order': placed.id, 'uid': placed.order.uid, 'state': placed.state.value, 'text': placed.answer}
