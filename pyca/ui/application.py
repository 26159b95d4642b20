"""Puts the web application together."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from pyca.clock import Clock
from pyca.settings import Settings
from pyca.storage.database import Database
from pyca.ui import foreign, headers, health, pages, pictures, times
from pyca.ui.api.routes import routes
from pyca.ui.gate import Gate
from pyca.ui.metrics import route as metrics
from pyca.ui.orders import Counter
from pyca.ui.overview.sources import Sources

LARGEST_BODY = 1 << 20
"""Bytes that a request may bring; no form and no call of the API needs more."""


def create_app(settings: Settings, database: Database, clock: Clock, counter: Counter | None = None) -> Flask:
    """The application over one database. Several workers serve it side by side, so it keeps in memory only what each
    can do without."""
    app = Flask(__name__)
    app.config['MAX_CONTENT_LENGTH'] = LARGEST_BODY
    _believe(app, settings.ui.proxies)
    Gate(settings.ui, database, clock).guard(app)
    headers.tell(app)
    times.register(app)
    foreign.register(app)
    sources = Sources.of(settings, database, clock)
    app.register_blueprint(pages.blueprint(sources))
    app.register_blueprint(pictures.blueprint(settings.capture))
    app.register_blueprint(health.blueprint(sources.services))
    app.register_blueprint(metrics.blueprint(sources))
    for part in routes(sources, counter):
        app.register_blueprint(part)
    return app


def _believe(app: Flask, proxies: int) -> None:
    """Take client, scheme, host, path prefix from the headers of so many proxies; they are lies without one."""
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies
        )
