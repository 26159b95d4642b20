"""Takes events that an agent schedules by itself, through the ingest service (contract 7.9)."""

from __future__ import annotations

import re
from datetime import datetime
from xml.etree import ElementTree

from pyca.demo.answers import Answer, Route, text
from pyca.demo.exchange import Exchange
from pyca.demo.mediapackage import MediaPackage
from pyca.demo.records import WORKFLOW, Event
from pyca.demo.shelf import Refusal, read_package

TERMS = '{http://purl.org/dc/terms/}'


def schedule(exchange: Exchange, workflow: str = '') -> Answer:
    fields = exchange.form()
    try:
        package = read_package(exchange, fields.pop('mediaPackage', None))
    except Refusal as refusal:
        return refusal.answer
    catalogs = [element for element in package.elements if element.flavor == 'dublincore/episode']
    if len(catalogs) != 1:
        return text('There can be only one (and exactly one) episode dublin core catalog', 400)
    model = exchange.model
    with model.lock:
        file = exchange.node.files.get(catalogs[0].url)
        event = _event(package, file.path.read_bytes(), workflow) if file else None
        if event is None:
            return text('The catalog names no agent, or no time, or was created at another one', 400)
        event.properties.update(fields)
        others = [other for other in model.events.values() if other.agent == event.agent]
        if event.uid in model.events or any(o.start < event.end and event.start < o.end for o in others):
            return text('Unable to schedule event: it conflicts with another one', 409)
        model.put(event)
    return Answer(201)


def _event(package: MediaPackage, content: bytes, workflow: str) -> Event | None:
    try:
        catalog = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return None
    found = {element.tag.removeprefix(TERMS): element.text or '' for element in catalog}
    period = dict(re.findall(r'(start|end)=([^;]+);', found.get('temporal', '')))
    if len(period) != 2 or not found.get('spatial'):
        return None
    start, end = (_seconds(period[name]) for name in ('start', 'end'))
    if start is None or end is None:
        return None
    if found.get('created') and _seconds(found['created']) != start:
        return None
    presenters = (found['creator'],) if found.get('creator') else ()
    return Event(
        package.id,
        found['spatial'],
        start,
        end,
        found.get('title', ''),
        series=found.get('isPartOf') or None,
        presenters=presenters,
        workflow=workflow or WORKFLOW,
    )


def _seconds(moment: str) -> float | None:
    try:
        return datetime.fromisoformat(moment.strip().replace('Z', '+00:00')).timestamp()
    except ValueError:
        return None


ROUTES = (Route('POST', r'/ingest/schedule(?:/([^/]+))?', schedule, form=True),)
