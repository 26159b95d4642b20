"""Says what has been archived, to administrators; the only route that knows of events nobody scheduled.

In Opencast it is the asset manager's: the media package of an event's newest snapshot.
"""

from __future__ import annotations

from pyca.demo import mediapackage
from pyca.demo.answers import Answer, Route, xml
from pyca.demo.exchange import Exchange


def newest(exchange: Exchange, identifier: str) -> Answer:
    model = exchange.model
    with model.lock:
        model.settle()
        model.strict.asked(identifier)
        if not any(flow.archived for flow in model.workflows if flow.mediapackage == identifier):
            return Answer(404)
        return xml(mediapackage.create(identifier, model.now()).xml())


ROUTES = (Route('GET', r'/assets/episode/([^/]+)', newest, 'text/xml'),)
