"""The logins of the web interface."""

from __future__ import annotations

import hmac
import threading
from dataclasses import dataclass

from pyca import passwords, settings
from pyca.ui.recent import Recent
from pyca.ui.throttle import Throttle

REMEMBERED = 256
"""Logins that a process knows again without computing a digest; right ones as well as wrong ones."""


@dataclass(frozen=True)
class Visitor:
    """Who asks."""

    name: str
    may_change: bool


@dataclass(frozen=True)
class Unknown:
    """Nobody known asks; `wait` is how many seconds it shall take until the next try, 0 for none."""

    wait: float = 0.0


class Logins:
    """Finds out who asks. An empty password in the configuration opens everything, as on existing installations."""

    def __init__(self, ui: settings.Ui, throttle: Throttle) -> None:
        self._ui = ui
        self._throttle = throttle
        self._accounts = [(Visitor(ui.username, True), ui.password)]
        if ui.viewer_password:
            self._accounts.append((Visitor(settings.VIEWER, False), ui.viewer_password))
        self._known: Recent[Visitor] = Recent(REMEMBERED)
        self._wrong: Recent[bool] = Recent(REMEMBERED)
        self._one_at_a_time = threading.Lock()

    def visitor(self, name: str | None, password: str, client: str) -> Visitor | Unknown:
        """Who has this login, given by this client. `name` is None for no login at all."""
        if not self._ui.password:
            return Visitor(self._ui.username, True)
        if name is None:
            return Unknown()
        known = self._known.get(client, name, password)
        if known:
            return known
        wait = self._throttle.blocked(client)
        if wait:
            return Unknown(wait)
        new = not self._wrong.get(name, password)
        found = self._find(name, password) if new else None
        if found is None:
            self._wrong.put(True, name, password)
            return Unknown(self._throttle.failed(name, client, new=new))
        self._known.put(found, client, name, password)
        return found

    def _find(self, name: str, password: str) -> Visitor | None:
        """Takes the same time for whatever is wrong: every account is compared, one request after the other.

        A digest takes time and 16 MiB, of which a machine that records has no more to spare.
        """
        found = None
        with self._one_at_a_time:
            for visitor, stored in reversed(self._accounts):
                named = hmac.compare_digest(_bytes(visitor.name), _bytes(name))
                if passwords.matches(stored, password) and named:
                    found = visitor
        return found


def _bytes(text: str) -> bytes:
    return text.encode('utf-8', 'surrogatepass')
