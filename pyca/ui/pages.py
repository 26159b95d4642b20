"""The pages for people."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from pyca.errors import StorageError
from pyca.ui import sentences
from pyca.ui.exposure import SENTENCES, exposure
from pyca.ui.overview.gather import gather
from pyca.ui.overview.sources import Sources
from pyca.ui.times import zone


def blueprint(sources: Sources) -> Blueprint:
    """The routes `/` (which leads to the page) as on existing installations, `/status`."""
    pages = Blueprint('pages', __name__)
    settings = sources.settings

    @pages.get('/')
    def index() -> AnyResponse:
        return redirect(url_for('pages.status'))

    @pages.get('/status')
    def status() -> Response:
        now = sources.clock.now()
        basics = {
            'agent': settings.agent.name,
            'backup': settings.agent.backup_mode,
            'refresh': settings.ui.refresh_rate,
            'now': now,
            'zone': zone(now),
            'exposed': SENTENCES.get(exposure(settings.ui)),
        }
        try:
            seen = gather(sources)
        except StorageError as error:
            page = make_response(render_template('unreadable.html', reason=str(error), **basics), 503)
        else:
            page = make_response(render_template('status.html', seen=seen, say=sentences, **basics))
        page.headers['Cache-Control'] = 'no-store'
        return page

    return pages
