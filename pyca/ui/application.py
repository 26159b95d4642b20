"""Puts the web application together."""

from __future__ import annotations

from flask import Flask, Response

from pyca.clock import Clock
from pyca.settings import Settings
from pyca.storage.database import Database
from pyca.ui import login, pages, times
from pyca.ui.overview.sources import Sources


def create_app(settings: Settings, database: Database, clock: Clock) -> Flask:
    """The application over one database. It keeps nothing in memory: several workers serve it side by side."""
    app = Flask(__name__)
    login.protect(app, settings.ui)
    times.register(app)
    app.register_blueprint(pages.blueprint(Sources.of(settings, database, clock)))
    app.after_request(_cautious)
    return app


def _cautious(response: Response) -> Response:
    """Tell browsers what these pages never need."""
    response.headers.setdefault(
        'Content-Security-Policy',
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'",
    )
    response.headers.setdefault('X-Content-Type-Options', 'nosniff')
    response.headers.setdefault('Referrer-Policy', 'no-referrer')
    return response
