"""Proof that a form was sent from a page of ours."""

from __future__ import annotations

import hashlib
import hmac

from werkzeug.wrappers import Request

from pyca.settings import Ui
from pyca.storage.database import Database
from pyca.storage.secret import shared_secret
from pyca.ui.login import Visitor

FIELD = 'token'
HEADER = 'X-Pyca-Token'


class Forms:
    """Browsers send a login with whatever any page makes them send. Only our pages know the token of the login.

    It is computed, not stored, from a secret that all processes know; it holds until the secret or a login changes.
    """

    def __init__(self, ui: Ui, database: Database) -> None:
        self._logins = (ui.username, ui.password, ui.viewer_password)
        self._database = database

    def token(self, visitor: Visitor) -> str:
        """StorageError when the secret cannot be read."""
        words = (visitor.name, str(visitor.may_change), *self._logins)
        content = ''.join(f'{len(word)}:{word}' for word in words).encode('utf-8', 'surrogatepass')
        return hmac.new(shared_secret(self._database).encode(), content, hashlib.sha256).hexdigest()

    def prove(self, request: Request, visitor: Visitor) -> bool:
        """Whether the request carries the token, as a field of its form or as a header."""
        given = request.headers.get(HEADER) or request.form.get(FIELD) or ''
        return hmac.compare_digest(given.encode('utf-8', 'replace'), self.token(visitor).encode())
