"""The two questions to the core about an event that it may have taken."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from pyca.errors import NotUnderstood, Refused
from pyca.ingest.decision import Answer
from pyca.ingest.outside import Outside

logger = logging.getLogger(__name__)

ROUTES = 'ingest.routes'
"""Where the questions that the core has answered at least once with a yes are remembered."""


class Answers(NamedTuple):
    """`owns`: the scheduler still owns the event. `technical`: the core knows it.

    `known`: this core has answered such a question with yes before.
    """

    owns: Answer
    technical: Answer
    known: bool


class Inquiry:
    """Asks whether the core has archived an event."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside

    def ask(self, uid: str, *, patient: bool) -> Answers:
        """Ask both. Whoever is not `patient` takes an answer that nobody understands for none. Raises CoreError."""
        core = self._outside.core
        owns = _question(uid, lambda: core.scheduler_owns(uid), patient)
        technical = _question(uid, lambda: core.technical(uid) is not None, patient)
        known = self._known_routes(owns, technical)
        return Answers(_answer(owns, bool(known)), _answer(technical, 'technical' in known), bool(known))

    def _known_routes(self, owns: bool | None, technical: bool | None) -> set[str]:
        """The questions that this core has ever answered with yes: only from these does a 404 mean no."""
        stored = self._outside.memory.get(ROUTES)
        known = set(stored) if isinstance(stored, list) else set()
        now_known = known | ({'owns'} if owns else set()) | ({'technical'} if technical else set())
        if now_known != known:
            self._outside.memory.put(ROUTES, sorted(now_known))
        return now_known


def _question(uid: str, ask: Callable[[], bool], patient: bool) -> bool | None:
    """Yes, no, or None where the core does not take the question."""
    try:
        return ask()
    except Refused as error:
        logger.debug('Upload of %s: the core does not take the question: %s', uid, error)
        return None
    except NotUnderstood:
        if patient:
            raise
        return None


def _answer(answer: bool | None, known: bool) -> Answer:
    if answer:
        return Answer.YES
    return Answer.NO if answer is False and known else Answer.MUTE
