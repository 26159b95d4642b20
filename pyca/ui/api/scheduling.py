"""The route that puts an event into the core's schedule."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing

from flask import Blueprint, Response

from pyca import settings
from pyca.errors import CoreError, Overloaded, Refused, Unreachable
from pyca.opencast.client import Core
from pyca.opencast.endpoints import Endpoints
from pyca.opencast.episode import Episode
from pyca.opencast.http import Http
from pyca.opencast.scheduling import schedule
from pyca.storage.memory import Memory
from pyca.storage.nodes import KnownNodes
from pyca.ui.api import given
from pyca.ui.api.answers import Wrong, answer, blueprint
from pyca.ui.overview.sources import Sources

logger = logging.getLogger(__name__)

LEAD = 10
"""Seconds from now to the start of the event."""
LONGEST = 86_400
TITLE = 'pyCA Recording'
LIMITS = settings.Http(timeout=30, connection_timeout=10)
"""Nobody waits for longer in front of a page, and a worker has others to serve."""


def routes(sources: Sources, connect: Callable[[], Http] | None = None) -> Blueprint:
    """`POST /api/schedule`; `connect` makes the connection to the core."""
    api = blueprint('scheduling')
    server, agent, ui = sources.settings.server, sources.settings.agent, sources.settings.ui
    make = connect or (lambda: Http(server, LIMITS, clock=sources.clock))

    @api.post('/api/schedule')
    def schedule_event() -> Response:
        start = int(sources.clock.now()) + LEAD
        length, title, creator = _wanted(ui.username)
        wanted = Episode(agent.name, start, start + length, title, creator, agent.series)
        with closing(make()) as http:
            endpoints = Endpoints(http, server, KnownNodes(Memory(sources.database)), sources.clock)
            _schedule(Core(http, endpoints, agent.name), wanted)
        logger.info('An event of %d s was scheduled through the web interface', length)
        return answer({'data': ['Event scheduled']})

    return api


def _wanted(user: str) -> tuple[int, str, str]:
    item = given.item()
    length = given.whole(item.get('duration'))
    if length is None:
        raise Wrong(400, 'Duration must be an integer')
    if not 0 < length <= LONGEST:
        raise Wrong(400, f'Duration must be from 1 to {LONGEST} seconds')
    return length, given.title(item, 'title', TITLE), given.title(item, 'creator', user)


def _schedule(core: Core, wanted: Episode) -> None:
    """A conflict is said as such, and nothing else is (H56)."""
    try:
        schedule(core, wanted)
    except Refused as error:
        if error.status == 409:
            raise Wrong(409, 'Scheduling conflict') from error
        raise Wrong(502, 'The core does not take the event', str(error)) from error
    except CoreError as error:
        lost = isinstance(error, (Unreachable, Overloaded)) and error.sent  # it may have been made
        raise Wrong(504 if lost else 502, 'The core did not answer as it should', str(error)) from error
