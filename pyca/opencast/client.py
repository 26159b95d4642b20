"""What an agent asks of the core, every answer checked for being what was asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

from pyca.errors import LoginFailed, NotUnderstood, Overloaded, Refused, Unreachable
from pyca.event import Event
from pyca.opencast import mediapackage, times
from pyca.opencast.calendar import Calendar
from pyca.opencast.endpoints import ARCHIVE, CAPTURE_ADMIN, SCHEDULER, Endpoints
from pyca.opencast.heard import Heard, heard
from pyca.opencast.http import Http
from pyca.opencast.ingest import IngestNode
from pyca.states import AgentState, RecordingState

__all__ = ['CalendarAnswer', 'Core', 'Technical']

LARGEST_CALENDAR = 2**29
"""Bytes; an entry has easily 20 kB of attached files, and 10,000 entries have been seen."""
CALENDAR_TYPES = ('', 'text/calendar', 'text/plain', 'application/octet-stream')
YEAR_2001 = 978_307_200_000
"""In milliseconds. A cutoff before is no absolute time, and hides all events (contract 6.1, trap 17)."""


@dataclass(frozen=True)
class CalendarAnswer:
    """A whole calendar. `etag` is to be sent back as it is; `bad` has a sentence for each thing that could not be used,
    `lost` the uids of the entries that were left out."""

    events: list[Event]
    bad: list[str] = field(default_factory=list)
    etag: str | None = None
    lost: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Technical:
    """What the scheduler knows about one event, until it is deleted (contract 6.7). Seconds since the epoch."""

    uid: str
    agent: str
    start: int
    end: int


class Core(IngestNode):
    """The core, seen by one agent, in one thread."""

    def __init__(self, http: Http, endpoints: Endpoints, agent: str, series: str = '') -> None:
        super().__init__(http, endpoints)
        self._agent = agent
        self._series = series
        self._calendar = Calendar()

    def post_agent_state(self, state: AgentState, address: str) -> None:
        """Tell the state of the agent, which registers it, too (contract 5.2). An empty address is left out."""
        name = self._name()
        fields = {'address': address, 'state': state.value} if address else {'state': state.value}
        with self._via(CAPTURE_ADMIN) as base:
            self._http.post(f'{base}/agents/{name}', fields)

    def post_recording_state(self, uid: str, state: RecordingState) -> None:
        """Tell the state of a recording. Refused with 404 for ever if the core did not schedule it (trap 15)."""
        with self._via(CAPTURE_ADMIN) as base:
            self._http.post(f'{base}/recordings/{quoted(uid)}', {'state': state.value})

    def recording_state(self, uid: str) -> Heard | None:
        """What the core was told last of a recording; None (404) if nothing, or if there is no such event."""
        with self._via(CAPTURE_ADMIN) as base:
            url = f'{base}/recordings/{quoted(uid)}.json'
            try:
                return heard(self._http.get(url).body, uid, url)
            except Refused as error:
                if error.status == 404:
                    return None
                raise

    def post_configuration(self, text: str) -> None:
        """Replace what the core knows of the agent's inputs; `capabilities.py` writes the text."""
        name = self._name()
        with self._via(CAPTURE_ADMIN) as base:
            self._http.post(f'{base}/agents/{name}/configuration', {'configuration': text})

    def calendar(self, cutoff: int | None, etag: str | None) -> CalendarAnswer | None:
        """The events that begin before `cutoff` (milliseconds since the epoch); None if nothing changed since `etag`.

        The ETag knows nothing of the cutoff: whoever moves that must leave the ETag out (trap 18).
        """
        name = self._name()
        limit = f'&seriesid={quoted(self._series)}' if self._series else ''
        limit += f'&cutoff={cutoff}' if cutoff is not None and cutoff >= YEAR_2001 else ''
        with self._via(SCHEDULER) as base:
            url = f'{base}/calendars?agentid={name}{limit}'
            headers = {'If-None-Match': etag} if etag else {}
            response = self._http.get(url, headers=headers, most=LARGEST_CALENDAR)
            if response.status == 304 and etag:
                return None
            kind = response.headers.get('content-type', '').partition(';')[0].strip().lower()
            if response.status != 200 or kind not in CALENDAR_TYPES:
                raise NotUnderstood(f'GET {url}: {response.status} with {kind or "nothing"} instead of a calendar')
            try:
                parsed = self._calendar.parse(response.body)
            except NotUnderstood as error:
                raise NotUnderstood(f'GET {url}: {error}') from error
            return CalendarAnswer(parsed.events, parsed.bad, response.headers.get('etag'), parsed.lost)

    def technical(self, uid: str) -> Technical | None:
        """What the scheduler knows about an event; None if there is no such event (404)."""
        with self._via(SCHEDULER) as base:
            url = f'{base}/{quoted(uid)}/technical.json'
            try:
                body = self._http.get(url).body
            except Refused as error:
                if error.status == 404:
                    return None
                raise
            try:
                answer = json.loads(body)
                start, end = times.epoch(answer['start']), times.epoch(answer['end'])
                found, agent = str(answer['id']), str(answer['location'])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise NotUnderstood(f'GET {url}: this says nothing about an event: {body[:100]!r}') from error
            if found != uid:
                raise NotUnderstood(f'GET {url}: the answer is about event {found}')
            return Technical(found, agent, start, end)

    def scheduler_owns(self, uid: str) -> bool:
        """Whether the scheduler still has the event's media package; false (404) once it is archived or deleted."""
        with self._via(SCHEDULER) as base:
            url = f'{base}/{quoted(uid)}/mediapackage.xml'
            try:
                response = self._http.get(url)
            except Refused as error:
                if error.status == 404:
                    return False
                raise
            mediapackage.parse(response.text, expect_id=uid)
            return True

    def archived(self, package: str) -> bool:
        """Whether the archive has an event of this id, also one that was never scheduled.

        Nothing else tells of such an event, and only administrators may ask it.
        """
        with self._via(ARCHIVE) as base:
            try:
                response = self._http.get(f'{base}/episode/{quoted(package)}')
            except Refused as error:
                if error.status == 404:
                    return False
                raise
            mediapackage.parse(response.text, expect_id=package)
            return True

    def _name(self) -> str:
        if not self._agent or '/' in self._agent or self._agent in ('.', '..'):
            raise Refused(
                f'the core cannot take the agent name "{self._agent}"; set another name in [agent], without a slash',
                status=400,
            )
        return quoted(self._agent)

    @contextmanager
    def _via(self, service: str) -> Iterator[str]:
        """The address of a service; whatever says that it may be the wrong one has it looked up anew next time."""
        try:
            yield self._endpoints.get(service)
        except (Unreachable, Overloaded, LoginFailed, NotUnderstood):
            self._endpoints.failed(service)
            raise


def quoted(text: str) -> str:
    """A name as one part of a path."""
    return quote(text, safe='')
