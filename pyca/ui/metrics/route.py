"""The route that Prometheus asks."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest

from pyca.errors import StorageError
from pyca.ui.metrics.agent import Agent
from pyca.ui.overview.sources import Sources
from pyca.ui.refusals import refuse

TEXT = 'text/plain; version=0.0.4; charset=utf-8'
"""The format that every Prometheus reads."""


def blueprint(sources: Sources) -> Blueprint:
    """`/metrics`, read anew at each request: a worker counts nothing, so it does not matter which one answers."""
    metrics = Blueprint('metrics', __name__)
    registry = CollectorRegistry()
    registry.register(Agent(sources))

    @metrics.get('/metrics')
    def scrape() -> Response:
        try:
            return Response(generate_latest(registry), content_type=TEXT)
        except StorageError as error:
            return refuse(503, str(error))

    return metrics
