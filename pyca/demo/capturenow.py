"""Recordings that somebody starts in the core's admin interface, "capture now" (contract 6.6)."""

from __future__ import annotations

from pyca.demo.answers import Answer, Route, not_found, plain_json
from pyca.demo.dublincore import as_json
from pyca.demo.exchange import Exchange
from pyca.demo.model import new_id
from pyca.demo.records import WORKFLOW, Event


def begin(exchange: Exchange, agent: str) -> Answer:
    workflow = exchange.form().get('workflowDefinitionId', '') or WORKFLOW
    with exchange.model.lock:
        event = Event(new_id(), agent, 0.0, 0.0, 'Capture now event', workflow=workflow)
        if not exchange.model.capture_now.begin(exchange.model, event):
            return Answer(409)
    return Answer(201, headers={'Location': f'{exchange.node.url}/recordings/{event.uid}.xml'})


def prolong(exchange: Exchange, agent: str) -> Answer:
    model = exchange.model
    with model.lock:
        event = model.capture_now.event(model, agent)
        if event is None:
            return not_found()
        model.capture_now.prolong(model, event)
    return Answer(200)


def stop(exchange: Exchange, agent: str) -> Answer:
    model = exchange.model
    with model.lock:
        event = model.capture_now.event(model, agent)
        if event is None:
            return Answer(304)
        model.capture_now.stop(model, event)
    return Answer(200)


def current(exchange: Exchange, agent: str) -> Answer:
    return _first(exchange, [event for event in _settled(exchange, agent) if _runs(event, exchange.model.now())])


def upcoming(exchange: Exchange, agent: str) -> Answer:
    return _first(exchange, [event for event in _settled(exchange, agent) if event.start >= exchange.model.now()])


def _settled(exchange: Exchange, agent: str) -> list[Event]:
    with exchange.model.lock:
        exchange.model.settle()
        return sorted(exchange.model.of(agent), key=lambda event: event.start)


def _runs(event: Event, now: float) -> bool:
    return event.start < now <= event.end


def _first(exchange: Exchange, events: list[Event]) -> Answer:
    """The Dublin Core of the first; one that was archived cannot be read (contract 6.7)."""
    if not events:
        return not_found()
    return plain_json(as_json(events[0])) if events[0].owned else Answer(500)


HERE = '/recordings/capture/([^/]+)'
ROUTES = (
    Route('POST', HERE, begin, form=True),
    Route('PUT', rf'{HERE}/prolong', prolong),
    Route('DELETE', HERE, stop),
    Route('GET', HERE, current, 'application/json'),
    Route('GET', rf'{HERE}/upcoming', upcoming, 'application/json'),
)
