"""Where the services of the core are (contract section 4)."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from pyca.clock import Clock
from pyca.errors import CoreError, NotUnderstood, Overloaded
from pyca.opencast.http import Http
from pyca.settings import Server

logger = logging.getLogger(__name__)

CAPTURE_ADMIN = 'org.opencastproject.capture.admin'
SCHEDULER = 'org.opencastproject.scheduler'
INGEST = 'org.opencastproject.ingest'
ARCHIVE = 'org.opencastproject.assetmanager'
WORDS = {CAPTURE_ADMIN: 'capture admin', SCHEDULER: 'scheduler', INGEST: 'ingest', ARCHIVE: 'archive'}

AGE = 3600.0
"""Seconds that an answer of the registry is used."""
PAUSE = 10.0
"""Seconds between two questions about one service when there is no good answer (H41)."""


class EndpointStore(Protocol):
    """Keeps the endpoints over a restart, as well as it can: it raises nothing."""

    def load(self, service: str) -> Sequence[str]:
        """What was saved last, empty if nothing was."""

    def save(self, service: str, nodes: Sequence[str]) -> None:
        """Keep this."""


@dataclass
class _Known:
    """What is known of a service. `asked` and `tried` are monotonic times, None = not since the start.

    `empty`: the registry said that no node is online.
    """

    nodes: list[str]
    asked: float | None = None
    tried: float | None = None
    error: CoreError | None = None
    empty: bool = False


class Endpoints:
    """The base addresses of the services, from `service_overrides` or the core's registry."""

    def __init__(
        self,
        http: Http,
        server: Server,
        store: EndpointStore,
        clock: Clock,
        choose: Callable[[Sequence[str]], str] = random.choice,
    ) -> None:
        self._http = http
        self._server = server
        self._store = store
        self._clock = clock
        self._choose = choose
        self._known: dict[str, _Known] = {}
        self._warned: set[str] = set()

    def get(self, service: str, *, fresh: bool = False) -> str:
        """The address of a service, any of its nodes, without a slash at its end.

        `fresh` asks the registry first, as is due before each upload (trap 10). While the registry cannot be asked
        the old answer stays valid (H42). Raises Overloaded when no node is online, which passes (trap 9); so may
        everything else that a question can raise, as long as nothing is known.
        """
        override = self._server.service_overrides.get(service, '').rstrip('/')
        if override:
            return override
        known = self._recall(service)
        if fresh or known.asked is None or self._clock.monotonic() - known.asked > AGE:
            self._refresh(service, known)
        if known.error is not None and (not known.nodes or (known.empty and service == INGEST)):
            raise known.error.with_traceback(None)
        return self._choose(known.nodes)

    def failed(self, service: str) -> None:
        """A node did not do what it should: ask the registry before it is used again."""
        self._recall(service).asked = None

    def _recall(self, service: str) -> _Known:
        if service not in self._known:
            nodes = [node for node in self._store.load(service) if _usable(node)]
            self._http.trust(*nodes)
            self._known[service] = _Known(nodes)
        return self._known[service]

    def _refresh(self, service: str, known: _Known) -> None:
        now = self._clock.monotonic()
        if known.error is not None and known.tried is not None and now - known.tried < PAUSE:
            return
        known.tried = now
        try:
            nodes = self._ask(service)
        except CoreError as error:
            if known.nodes and str(error) != str(known.error):
                logger.warning('The old address of the %s service stays in use: %s', WORDS.get(service, service), error)
            known.error, known.empty = error, False
            return
        if not nodes:
            known.error, known.empty, known.asked = Overloaded(_none_online(service)), True, None
            return
        if nodes != known.nodes:
            self._store.save(service, nodes)
        known.nodes, known.asked, known.error, known.empty = nodes, now, None, False
        self._http.trust(*nodes)
        self._warn(nodes)

    def _ask(self, service: str) -> list[str]:
        url = f'{self._server.url.rstrip("/")}/services/available.json?serviceType={quote(service, safe="")}'
        try:
            answer = json.loads(self._http.get(url).body)
        except (ValueError, RecursionError) as error:
            raise NotUnderstood(f'GET {url}: the service registry answered with something that is no JSON') from error
        return sorted({address for entry in _entries(answer, url) if (address := _address(entry, service))})

    def _warn(self, nodes: Sequence[str]) -> None:
        """An https core that names an http node gives the password away on the way there."""
        for node in nodes:
            if urlsplit(self._server.url).scheme == 'https' and urlsplit(node).scheme == 'http':
                if node not in self._warned:
                    logger.warning(
                        'The core is asked by https but names the node %s: login and recordings go there unprotected. '
                        'Correct the host of that node in Opencast, or set service_overrides in [server].',
                        node,
                    )
                self._warned.add(node)


def _none_online(service: str) -> str:
    word = WORDS.get(service, service)
    return f'no {word} node is online in the service registry of the core; it is asked again until there is one'


def _entries(answer: Any, url: str) -> list[dict[str, Any]]:
    """The services of an answer: `""`, one object or a list (contract 2.3, trap 8, H37)."""
    services = answer.get('services') if isinstance(answer, dict) else None
    if services in ('', None) and isinstance(answer, dict) and 'services' in answer:
        return []
    found = services.get('service', []) if isinstance(services, dict) else None
    found = [found] if isinstance(found, dict) else found
    if found in ('', None) and isinstance(services, dict):
        return []
    if not isinstance(found, list):
        raise NotUnderstood(f'GET {url}: this is no list of services: {str(answer)[:100]}')
    return [entry for entry in found if isinstance(entry, dict)]


def _address(entry: Mapping[str, Any], service: str) -> str:
    """The address of one entry; empty if it is not to be used."""
    off = (False, 0, 'false')
    if str(entry.get('type', service)) != service or entry.get('maintenance', False) in (True, 1, 'true'):
        return ''
    if entry.get('active', True) in off or entry.get('online', True) in off:
        return ''
    path = str(entry.get('path', '')).strip('/')
    address = f'{str(entry.get("host", "")).rstrip("/")}/{path}'.rstrip('/')
    return address if path and _usable(address) else ''


def _usable(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in ('http', 'https') and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
