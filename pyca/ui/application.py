"""Puts the web application together."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from pyca.clock import Clock
from pyca.settings import Settings
from pyca.storage.counter import Counter
from pyca.storage.database import Database
from pyca.ui import foreign, headers, health, logfile, pictures
from pyca.ui.api.routes import routes
from pyca.ui.commands import Commands
from pyca.ui.gate import Gate
from pyca.ui.languages import Languages
from pyca.ui.logview import LogViews
from pyca.ui.metrics import route as metrics
from pyca.ui.overview.sources import Sources
from pyca.ui.pages import routes as pages
from pyca.ui.reader import Readers

LARGEST_BODY = 1 << 20
"""Bytes that a request may bring; no form and no call of the API needs more."""


def create_app(
    settings: Settings,
    database: Database,
    clock: Clock,
    counter: Counter | None = None,
    languages: Languages | None = None,
) -> Flask:
    """The application over one database. Several workers serve it side by side, so it keeps in memory only what each
    can do without."""
    app = Flask(__name__)
    app.jinja_options = {'trim_blocks': True, 'lstrip_blocks': True}
    app.config['MAX_CONTENT_LENGTH'] = LARGEST_BODY
    _believe(app, settings.ui.proxies)
    Gate(settings.ui, database, clock).guard(app)
    headers.tell(app)
    foreign.register(app)
    languages = languages or Languages.shipped()
    readers = Readers(languages, settings.agent.timezone)
    readers.serve(app)
    sources = Sources.of(settings, database, clock)
    counter = counter or Counter(database)
    views = LogViews(settings, clock)
    app.register_blueprint(pages.blueprint(sources, Commands(sources, counter), readers, views))
    app.register_blueprint(pictures.blueprint(settings.capture))
    app.register_blueprint(health.blueprint(sources.services))
    app.register_blueprint(metrics.blueprint(sources))
    app.register_blueprint(logfile.blueprint(views))
    for part in routes(sources, counter, languages.default, views.command):
        app.register_blueprint(part)
    return app


def _believe(app: Flask, proxies: int) -> None:
    """Take client, scheme, host, path prefix from the headers of so many proxies; they are lies without one."""
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies
        )
