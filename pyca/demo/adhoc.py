"""Takes events that an agent schedules by itself, through the ingest service (contract 7.9)."""

from __future__ import annotations

import re
from datetime import datetime
from xml.etree import ElementTree

from pyca.demo.answers import Answer, Route, text
from pyca.demo.exchange import Exchange
from pyca.demo.ingest import Refusal, read_package
from pyca.demo.mediapackage import MediaPackage
from pyca.demo.records import WORKFLOW, Event

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
        event = _event(package, ElementTree.fromstring(file.path.read_bytes()), workflow) if file else None
        if event is None:
            return text('The catalog names no agent, or no time', 400)
        others = [other for other in model.events.values() if other.agent == event.agent]
        if event.uid in model.events or any(o.start < event.end and event.start < o.end for o in others):
            return text('Unable to schedule event: it conflicts with another one', 409)
        model.put(event)
    return Answer(201)


def _event(package: MediaPackage, catalog: ElementTree.Element, workflow: str) -> Event | None:
    found = {element.tag.removeprefix(TERMS): element.text or '' for element in catalog}
    period = dict(re.findall(r'(start|end)=([^;]+);', found.get('temporal', '')))
    if len(period) != 2 or not found.get('spatial'):
        return None
    start, end = (datetime.fromisoformat(period[name].replace('Z', '+00:00')).timestamp() for name in ('start', 'end'))
    presenters = (found['creator'],) if found.get('creator') else ()
    return Event(
        package.id,
        found['spatial'],
        start,
        end,
        found.get('title', ''),
        presenters=presenters,
        workflow=workflow or WORKFLOW,
    )


ROUTES = (Route('POST', r'/ingest/schedule(?:/([^/]+))?', schedule, form=True),)
