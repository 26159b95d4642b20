"""The questions to the core about an event that it may have taken."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple, Protocol

from pyca.errors import CoreError, NotUnderstood, Refused
from pyca.ingest.decision import Answer
from pyca.ingest.outside import Memory

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


class Core(Protocol):
    """The questions; each raises a `CoreError` when it is not answered."""

    def scheduler_owns(self, uid: str) -> bool: ...
    def technical(self, uid: str) -> object | None: ...
    def archived(self, package: str) -> bool: ...


class Around(Protocol):
    """What it needs of what is around it."""

    @property
    def core(self) -> Core: ...
    @property
    def memory(self) -> Memory: ...


class Inquiry:
    """Asks whether the core has archived an event."""

    def __init__(self, outside: Around) -> None:
        self._outside = outside

    def ask(self, uid: str, *, patient: bool, new: bool = False) -> Answers:
        """Ask both. Whoever is not `patient` takes an answer that nobody understands for none. Raises CoreError.

        `new`: the core did not schedule it, and `uid` is the id of its media package.
        """
        core = self._outside.core
        owns = _question(uid, lambda: core.scheduler_owns(uid), patient)
        technical = _question(uid, lambda: core.technical(uid) is not None, patient)
        known = self._known_routes(owns=owns, technical=technical)
        if new and not technical:
            return self._ask_archive(uid)
        scheduling = bool(known & {'owns', 'technical'})
        return Answers(_answer(owns, scheduling), _answer(technical, 'technical' in known), scheduling)

    def _ask_archive(self, package: str) -> Answers:
        """The scheduler knows nothing of what it did not schedule, but the archive of what was archived.

        As long as it does not have it, it is as with an event that the scheduler still owns. Whatever goes wrong with
        this question, which few agents may ask, says nothing about the core, which has just answered others.
        """
        try:
            archived: bool | None = self._outside.core.archived(package)
        except CoreError as error:
            logger.debug('Upload of %s: the archive does not take the question: %s', package, error)
            archived = None
        known = 'archived' in self._known_routes(archived=archived)
        if archived:
            return Answers(Answer.NO, Answer.YES, known)
        waiting = Answer.YES if archived is False and known else Answer.MUTE
        return Answers(waiting, waiting, known)

    def _known_routes(self, **answers: bool | None) -> set[str]:
        """The questions that this core has ever answered with yes: only from these does a 404 mean no."""
        stored = self._outside.memory.get(ROUTES)
        known = set(stored) if isinstance(stored, list) else set()
        now_known = known | {name for name, answer in answers.items() if answer}
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
