"""The scheduler with its calendar (contract 6)."""

from __future__ import annotations

import hashlib
import json as text_json
from collections.abc import Iterable
from datetime import datetime, timezone

from pyca.demo import ical
from pyca.demo.answers import Answer, Route, not_found, plain_json, text, xml
from pyca.demo.exchange import Exchange
from pyca.demo.mediapackage import create
from pyca.demo.model import Model
from pyca.demo.records import Event
from pyca.demo.shapes import Json

PREFIX = 'org.opencastproject.workflow.config.'
HOUR = 3600.0


def _readable(model: Model, agent: str | None, series: str | None) -> Iterable[Event]:
    model.settle()
    for event in model.events.values():
        if agent not in (None, event.agent) or series not in (None, event.series):
            continue
        if event.series not in model.unreadable_series:
            yield event


def _not_modified(exchange: Exchange, etag: str) -> Answer | None:
    """304 if the ETag sent is the same string; the 304 itself quotes it (contract 6.1)."""
    if exchange.header('if-none-match') == etag:
        return Answer(304, headers={'ETag': f'"{etag}"'})
    return None


def calendars(exchange: Exchange) -> Answer:
    model, agent = exchange.model, exchange.query.get('agentid') or None
    cutoff = exchange.long('cutoff')
    with model.lock:
        model.settle()
        headers = {}
        if agent:
            sent = exchange.headers.get('if-none-match')
            model.strict.calendar_asked(agent, sent, exchange.query.get('cutoff'))
            etag = exchange.node.etag(agent)
            if same := _not_modified(exchange, etag):
                return same
            headers = {'ETag': etag} if exchange.node.layout.etag else {}
        now = model.now()
        events = [
            event
            for event in _readable(model, agent, exchange.query.get('seriesid') or None)
            if event.owned and event.end >= now - HOUR and (cutoff is None or event.start * 1000 < cutoff)
        ]
        layout = exchange.node.layout
        events.sort(key=lambda event: (event.start, '') if layout.sorted else (0.0, _shuffled(event.uid)))
        for event in events:
            model.strict.catalog_given(ical.episode(event).encode())
            if event.series:
                model.strict.catalog_given(ical.series(event.series).encode())
        body = ical.calendar(events, now, layout).encode()
    answer = Answer(200, body, 'text/calendar; charset=UTF-8', headers)
    if agent and headers:
        answer.sent = lambda: model.strict.calendar_given(agent, headers['ETag'], exchange.query.get('cutoff'))
    return answer


def _shuffled(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()


def calendar_json(exchange: Exchange) -> Answer:
    """The other calendar, with its oddities (contract 6.5)."""
    model, agent = exchange.model, exchange.query.get('agentid') or None
    cutoff = exchange.long('cutoff')
    with model.lock:
        headers = {'ETag': exchange.node.etag(agent)} if agent else {}
        if agent and (same := _not_modified(exchange, headers['ETag'])):
            return same
        now = model.now()
        events = [
            event
            for event in _readable(model, agent, None)
            if event.end >= now and (cutoff is None or event.end * 1000 < cutoff)
        ]
        if not all(event.owned for event in events):
            return Answer(500)
        stamps = exchange.query.get('timestamp') == 'true'
        events.sort(key=lambda event: event.start)
        answer = plain_json([_element(event, stamps=stamps) for event in events])
    answer.headers = headers
    return answer


def _element(event: Event, *, stamps: bool) -> Json:
    properties = event.agent_properties()

    def when(seconds: float) -> Json:
        if stamps:
            return round(seconds * 1000)
        moment = datetime.fromtimestamp(seconds, timezone.utc)
        return f'{moment:%b} {moment.day}, {moment.year}, {int(f"{moment:%I}")}:{moment:%M:%S}\u202f{moment:%p}'

    return {
        'data': {
            'eventId': event.uid,
            'agentId': event.agent,
            'startDate': when(event.start),
            'endDate': when(event.end),
            'presenters': list(event.presenters),
            'workflowProperties': workflow_properties(event),
            'agentConfig': properties,
            'recording': {},
        },
        'episode-dublincore': ical.episode(event),
    }


def workflow_properties(event: Event) -> dict[str, str]:
    return {key[len(PREFIX) :]: value for key, value in event.agent_properties().items() if key.startswith(PREFIX)}


def drafted(exchange: Exchange, kind: str) -> Answer:
    """The calendar under the names of the older draft; no core ever had them, and there it is 405 (contract 2.1)."""
    if not exchange.model.draft:
        return Answer(405)
    return calendars(exchange) if kind == 'ical' else calendar_json(exchange)


def last_modified(exchange: Exchange, agent: str) -> Answer:
    with exchange.model.lock:
        exchange.model.settle()
        return text(exchange.node.etag(agent))


def technical(exchange: Exchange, uid: str) -> Answer:
    model = exchange.model
    with model.lock:
        event = model.event(uid)
        model.strict.asked(uid)
        if event is None:
            return not_found()
        history = model.recordings.get(uid) or [(0.0, '')]
        shape = {
            'id': uid,
            'location': event.agent,
            'start': ical.iso(event.start),
            'end': ical.iso(event.end),
            'presenters': list(event.presenters),
            'wfProperties': workflow_properties(event),
            'agentConfig': event.agent_properties(),
            'state': history[-1][1],
            'lastHeardFrom': ical.iso(history[-1][0]) if history[-1][0] else '',
        }
    return text(text_json.dumps(shape), content_type='text/xml')


def media_package(exchange: Exchange, uid: str) -> Answer:
    with exchange.model.lock:
        exchange.model.strict.asked(uid)
        event = exchange.model.owned(uid)
    if event is None:
        return not_found()
    package = create(uid, event.start)
    package.texts['title'] = event.title
    return xml(package.xml())


def properties(exchange: Exchange, uid: str, which: str) -> Answer:
    event = exchange.model.event(uid)
    if event is None:
        return not_found()
    values = workflow_properties(event) if which == 'workflow' else event.agent_properties()
    return text(''.join(f'{key}={value}\n' for key, value in values.items()))


def current_or_next(exchange: Exchange, which: str, agent: str) -> Answer:
    model = exchange.model
    with model.lock:
        now = model.now()
        events = sorted(_readable(model, agent, None), key=lambda event: event.start)
        if which == 'current':
            events = [event for event in events if event.start < now <= event.end]
        else:
            events = [event for event in events if event.start >= now]
    if not events:
        return Answer(204)
    return xml(create(events[0].uid, events[0].start).xml()) if events[0].owned else Answer(500)


def event_count(exchange: Exchange) -> Answer:
    return text(str(len(exchange.model.events)))


HERE = '/recordings'
ROUTES = (
    Route('GET', rf'{HERE}/calendars', calendars, guide=True),
    Route('GET', rf'{HERE}/calendars\.(ical|json)', drafted),
    Route('GET', rf'{HERE}/calendar\.json', calendar_json, 'application/json'),
    Route('GET', rf'{HERE}/eventCount', event_count, 'text/plain'),
    Route('GET', rf'{HERE}/(current|upcoming)Recording/([^/]+)', current_or_next, 'text/xml'),
    Route('GET', rf'{HERE}/([^/]+)/lastmodified', last_modified, 'text/plain'),
    Route('GET', rf'{HERE}/([^/]+)/technical\.json', technical, 'text/xml'),
    Route('GET', rf'{HERE}/([^/]+)/mediapackage\.xml', media_package, 'text/xml'),
    Route('GET', rf'{HERE}/([^/]+)/(workflow|agent)\.properties', properties),
)
