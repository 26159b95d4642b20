"""The log as a text file to take away."""

from __future__ import annotations

from datetime import datetime, timezone

from flask import Blueprint, Response, request

from pyca.ui.logview import DISABLED, EMPTY, ERROR, SENTENCES, LogViews
from pyca.ui.refusals import refuse

MOST = 20_000
"""Lines; what is read is limited in bytes before."""


def blueprint(views: LogViews) -> Blueprint:
    """`/log.txt`, with `?event=<uid>` only what names that event."""
    log = Blueprint('log', __name__)

    @log.get('/log.txt')
    def download() -> Response:
        view = views.read(MOST, request.args.get('event', ''))
        if view.state == ERROR:
            return refuse(503, f'{SENTENCES[ERROR]} {view.reason}')
        if view.state in (DISABLED, EMPTY):
            return refuse(404, SENTENCES[view.state])
        made = Response(''.join(f'{line.text}\n' for line in view.lines), mimetype='text/plain')
        when = datetime.fromtimestamp(view.at, timezone.utc).strftime('%Y%m%dT%H%M%SZ')
        made.headers['Content-Disposition'] = f'attachment; filename="pyca-{when}.log"'
        return made

    return log
