"""Puts the web application together."""

from __future__ import annotations

from flask import Flask, Response

from pyca.clock import Clock
from pyca.settings import Settings
from pyca.storage.database import Database
from pyca.ui import health, login, pages, pictures, times
from pyca.ui.api.routes import routes
from pyca.ui.orders import Counter
from pyca.ui.overview.sources import Sources


def create_app(settings: Settings, database: Database, clock: Clock, counter: Counter | None = None) -> Flask:
    """The application over one database. It keeps nothing in memory: several workers serve it side by side."""
    app = Flask(__name__)
    login.protect(app, settings.ui)
    times.register(app)
    sources = Sources.of(settings, database, clock)
    app.register_blueprint(pages.blueprint(sources))
    app.register_blueprint(pictures.blueprint(settings.capture))
    app.register_blueprint(health.blueprint(sources.services))
    for part in routes(sources, counter):
        app.register_blueprint(part)
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
