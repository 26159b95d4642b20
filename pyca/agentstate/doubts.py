"""The events that the core says it does not have."""

from __future__ import annotations

from collections.abc import Callable

from pyca.agentstate.ports import Core
from pyca.clock import Clock
from pyca.errors import NotUnderstood, Overloaded, Refused, Unreachable

CONFIRM_FOR = 300.0
"""Seconds for which a 404 must last, while the core takes the state of the agent: one that is starting, and a proxy
without a core, answer 404 to everything."""


class Doubts:
    """Tells an event that is gone from one that the core does not find at the moment.

    It is asked for the event before it is told of it again (trap 15). Where it does not answer such questions, as
    `tells` says, the state is the question.
    """

    def __init__(self, core: Core, tells: Callable[[], bool], clock: Clock) -> None:
        self._core = core
        self._tells = tells
        self._clock = clock
        self._since: dict[str, float | None] = {}

    def denied(self, uid: str) -> bool:
        """Note a 404; tells whether it is to be believed by now."""
        since = self._since.setdefault(uid, None)
        return since is not None and self._clock.monotonic() - since >= CONFIRM_FOR

    def left(self, uid: str) -> float:
        """Seconds until a 404 that lasts is believed, as far as that is known."""
        since = self._since.get(uid)
        return CONFIRM_FOR if since is None else max(0.0, since + CONFIRM_FOR - self._clock.monotonic())

    def settled(self, uid: str) -> None:
        """It is known what the core thinks of it."""
        self._since.pop(uid, None)

    def agent_told(self, taken: bool) -> None:
        """Note whether the core took the agent's own state: from when on a 404 says something."""
        now = self._clock.monotonic()
        self._since = {uid: (now if since is None else since) if taken else None for uid, since in self._since.items()}

    def ask(self, uid: str) -> None:
        """Ask for an event in doubt. Refused with 404 if it is not there, NotUnderstood if nobody answers now."""
        if uid not in self._since or not self._tells():
            return
        try:
            there = self._core.technical(uid) is not None
        except (Refused, NotUnderstood):
            return
        except (Unreachable, Overloaded) as error:  # of a scheduler of its own, which is to keep back no other state
            raise NotUnderstood(f'it cannot be asked for the event now: {error}') from error
        if not there:
            raise Refused('404, it does not have the event', status=404)
