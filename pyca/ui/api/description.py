"""The route that describes the API."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response

FILE = Path(__file__).with_name('openapi.json')


def routes() -> Blueprint:
    """`GET /api/openapi.json`."""
    api = Blueprint('description', __name__)

    @api.get('/api/openapi.json')
    def description() -> Response:
        return Response(FILE.read_bytes(), mimetype='application/json')

    return api
