"""The check before every request.

It knows no route by heart but the two that are open, so that a route that somebody adds is closed.
"""

from __future__ import annotations

from flask import Flask, Response, g, request
from werkzeug.datastructures import Authorization

from pyca.clock import Clock
from pyca.errors import StorageError
from pyca.settings import Ui
from pyca.storage.database import Database
from pyca.ui import body, origin, refusals
from pyca.ui.forms import Forms
from pyca.ui.login import Logins, Unknown, Visitor
from pyca.ui.throttle import Throttle

SIGN_OF_LIFE = '/healthz'
STATIC = '/static/<path:filename>'
"""The open routes: both say nothing about this installation."""
ROOM = '/room'
"""Open where it is switched on."""

READING = ('GET', 'HEAD', 'OPTIONS')


class Gate:
    """Lets requests in, or answers them."""

    def __init__(self, ui: Ui, database: Database, clock: Clock) -> None:
        self._ui = ui
        self._logins = Logins(ui, Throttle(database, clock))
        self._forms = Forms(ui, database)

    def guard(self, app: Flask) -> None:
        """Check each request to this application; offer `may_change()` and `form_token()` to its templates."""
        app.before_request(self.check)
        app.context_processor(lambda: {'may_change': self.may_change, 'form_token': self.form_token})

    def check(self) -> Response | None:
        """The answer to a request that is not let in."""
        rule = request.url_rule.rule if request.url_rule else ''
        if rule == SIGN_OF_LIFE:
            return None
        if self._ui.default_login and not self._ui.allow_default_login and not origin.on_this_machine(request):
            return refusals.refuse(403, refusals.DEFAULT_LOGIN)
        if rule == STATIC or (rule == ROOM and self._ui.room):
            return None
        visitor = self._visitor()
        if isinstance(visitor, Unknown):
            return refusals.unknown(visitor.wait)
        g.visitor = visitor
        if request.routing_exception is not None:  # 404, 405: there is nothing to be changed
            return None
        if '\0' in request.path:  # PostgreSQL cannot even be asked for it
            return refusals.refuse(404, refusals.NOWHERE)
        return self._change(visitor)

    def may_change(self) -> bool:
        """Whether who asks may do more than look."""
        return isinstance(g.get('visitor'), Visitor) and g.visitor.may_change

    def form_token(self) -> str:
        """What a form has to send back in its field `token`; empty for who may not send any."""
        return self._forms.token(g.visitor) if self.may_change() else ''

    def _visitor(self) -> Visitor | Unknown:
        given = _authorization()
        client = origin.client(request, proxies=self._ui.proxies)
        if given is None or given.type != 'basic':
            return self._logins.visitor(None, '', client)
        return self._logins.visitor(given.username or '', given.password or '', client)

    def _change(self, visitor: Visitor) -> Response | None:
        """No page of another site can make a browser send the API's media type, nor does it know our token."""
        right_type = request.mimetype == refusals.MEDIA_TYPE
        if request.method not in READING and not visitor.may_change:
            return refusals.refuse(403, refusals.READ_ONLY)
        if request.path.startswith('/api/') and request.method not in ('GET', 'OPTIONS'):
            return body.unreadable() if right_type else refusals.wrong_media_type()
        if request.method in READING or right_type:
            return None
        refusal = body.unreadable()
        if refusal is not None:
            return refusal
        try:
            proven = self._forms.prove(request, visitor)
        except StorageError as error:
            return refusals.refuse(503, str(error))
        return None if proven else refusals.refuse(403, refusals.NOT_FROM_HERE)


def _authorization() -> Authorization | None:
    """The login that the request brings. One that cannot be read is none: Werkzeug raises for bytes beyond ASCII."""
    try:
        return request.authorization
    except ValueError:
        return None
