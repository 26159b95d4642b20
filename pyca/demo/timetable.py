"""Changes of the schedule over HTTP, with the questions about it that no agent needs (contract 6.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pyca.demo import admin, ical, mediapackage
from pyca.demo.answers import Answer, Route, json, not_found, plain_json, text, xml
from pyca.demo.dublincore import as_json
from pyca.demo.exchange import Exchange
from pyca.demo.mediapackage import Insane, NotXml
from pyca.demo.model import Model
from pyca.demo.records import WORKFLOW, Event
from pyca.demo.scheduler import PREFIX
from pyca.demo.shapes import DECLARATION, Json

DEFINITION = 'org.opencastproject.workflow.definition'


class Unreadable(Exception):
    """A field of the form is missing, or not what it should be."""


def create(exchange: Exchange) -> Answer:
    fields = exchange.form()
    try:
        event = _changed(Event('', '', 0.0, 0.0, ''), fields)
    except Unreadable as error:
        return text(str(error), 400)
    missing = [name for name in ('start', 'end', 'agent', 'mediaPackage') if not fields.get(name)]
    if missing:
        return text(f'{missing[0]} is missing', 400)
    model = exchange.model
    with model.lock:
        if event.uid in model.events or _conflicts(model, event):
            return _conflict(_conflicts(model, event))
        model.put(event)
    return Answer(201, headers={'Location': f'{exchange.node.url}/recordings/{event.uid}/mediapackage.xml'})


def change(exchange: Exchange, uid: str) -> Answer:
    fields = exchange.form()
    model = exchange.model
    with model.lock:
        old = model.event(uid)
        if old is None:
            return not_found()
        try:
            event = replace(_changed(old, fields), uid=uid)
        except Unreadable as error:
            return text(str(error), 400)
        if clashes := _conflicts(model, event):
            return _conflict(clashes)
        model.put(event, new_version=not {name for name in fields if fields[name]} <= {'end', 'agentparameters'})
    return Answer(200)


def remove(exchange: Exchange, uid: str) -> Answer:
    with exchange.model.lock:
        if uid not in exchange.model.events:
            return not_found()
        exchange.model.remove(uid)
    return Answer(200)


def _changed(event: Event, fields: Mapping[str, str]) -> Event:
    """The event with what a form says; an empty field says nothing."""
    given = {name: value for name, value in fields.items() if value}
    if 'mediaPackage' in given:
        try:
            package = mediapackage.parse(given['mediaPackage'])
        except (NotXml, Insane) as error:
            raise Unreadable('Unable to parse the media package') from error
        title = package.texts.get('title', event.title)
        event = replace(event, uid=package.id, title=title, series=package.texts.get('series', event.series))
    properties = _lines(given.get('agentparameters', ''))
    properties |= {PREFIX + key: value for key, value in _lines(given.get('wfproperties', '')).items()}
    event = replace(event, start=_seconds(given, 'start', event.start), end=_seconds(given, 'end', event.end))
    if event.end < event.start:
        raise Unreadable('The end is before the start')
    users = tuple(name.strip() for name in given['users'].split(',')) if 'users' in given else event.presenters
    return replace(
        event,
        agent=given.get('agent', event.agent),
        presenters=users,
        properties={**event.properties, **properties},
        workflow=properties.get(DEFINITION, event.workflow or WORKFLOW),
    )


def _seconds(given: Mapping[str, str], name: str, default: float) -> float:
    try:
        return int(given[name]) / 1000 if name in given else default
    except ValueError as error:
        raise Unreadable(f'{name} is no number') from error


def _lines(value: str) -> dict[str, str]:
    pairs = [line.partition('=') for line in value.splitlines() if '=' in line]
    return {key.strip(): part for key, _, part in pairs}


def _conflicts(model: Model, wanted: Event) -> list[Event]:
    """What overlaps it on its agent; touching is allowed (contract 6.2)."""
    return [
        other
        for other in model.of(wanted.agent)
        if other.uid != wanted.uid and other.start < wanted.end and wanted.start < other.end
    ]


def _conflict(events: list[Event]) -> Answer:
    answer = plain_json(_listed(events))
    answer.status = 409
    return answer


def _listed(events: list[Event]) -> Json:
    return {'totalCount': str(len(events)), 'events': [{'id': event.uid, **as_json(event)} for event in events]}


def conflicts(exchange: Exchange) -> Answer:
    start, end, agent = exchange.long('start'), exchange.long('end'), exchange.query.get('agent')
    if start is None or end is None or not agent:
        return Answer(400)
    with exchange.model.lock:
        found = _conflicts(exchange.model, Event('', agent, start / 1000, end / 1000, ''))
    return plain_json(_listed(found)) if found else Answer(204)


def _within(seconds: float, earliest: int | None, latest: int | None) -> bool:
    return (earliest is None or seconds * 1000 >= earliest) and (latest is None or seconds * 1000 <= latest)


def search(exchange: Exchange, kind: str) -> Answer:
    starts, ends = ((exchange.long(f'{name}from'), exchange.long(f'{name}to')) for name in ('starts', 'ends'))
    agent = exchange.query.get('agent')
    with exchange.model.lock:
        found = [
            event
            for event in exchange.model.events.values()
            if agent in (None, event.agent) and _within(event.start, *starts) and _within(event.end, *ends)
        ]
    if kind == 'json':
        return plain_json(_listed(found))
    inner = ''.join(ical.episode(event).partition('?>')[2] for event in found)
    return xml(f'{DECLARATION}<dublincores totalCount="{len(found)}">{inner}</dublincores>')


def get_status(exchange: Exchange, uid: str) -> Answer:
    with exchange.model.lock:
        history = exchange.model.recordings.get(uid)
    if not history:
        return not_found()
    heard, state = history[-1]
    return json({'id': uid, 'state': state, 'lastHeardFrom': ical.iso(heard)})


def dublin_core(exchange: Exchange, uid: str, kind: str) -> Answer:
    event = exchange.model.owned(uid)
    if event is None:
        return not_found()
    return xml(ical.episode(event)) if kind == 'xml' else plain_json(as_json(event))


HERE = '/recordings'
ROUTES = (
    Route('GET', rf'{HERE}/recordings\.(json|xml)', search),
    Route('GET', rf'{HERE}/conflicts\.json', conflicts, 'application/json'),
    Route('GET', rf'{HERE}/([^/]+)/dublincore\.(xml|json)', dublin_core),
    Route('GET', rf'{HERE}/([^/]+)/recordingStatus', get_status, 'application/json'),
    Route('PUT', rf'{HERE}/([^/]+)/recordingStatus', admin.set_recording, form=True),
    Route('DELETE', rf'{HERE}/([^/]+)/recordingStatus', admin.delete_recording),
    Route('POST', HERE, create, form=True),
    Route('PUT', rf'{HERE}/([^/]+)', change, form=True),
    Route('DELETE', rf'{HERE}/([^/]+)', remove),
)
