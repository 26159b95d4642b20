"""The login of the web interface."""

from __future__ import annotations

import hmac

from flask import Flask, Response, request

from pyca import settings


def protect(app: Flask, ui: settings.Ui) -> None:
    """Ask for HTTP Basic before anything is served, static files and unknown addresses included.

    An empty password in the configuration opens everything, as on existing installations.
    """

    def check() -> Response | None:
        if not ui.password or _matches(ui):
            return None
        return Response(
            'pyCA: Login required\n',
            401,
            {'WWW-Authenticate': 'Basic realm="pyCA Login"'},
            mimetype='text/html',
        )

    app.before_request(check)


def _matches(ui: settings.Ui) -> bool:
    """Whether name and password are right; takes as long for wrong ones."""
    given = request.authorization
    if given is None or given.type != 'basic':
        return False
    name = hmac.compare_digest((given.username or '').encode(), ui.username.encode())
    password = hmac.compare_digest((given.password or '').encode(), ui.password.encode())
    return name and password
