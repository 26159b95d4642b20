"""The second opinion about events that a calendar leaves out.

The core leaves an event out of a good calendar for other reasons than that it was cancelled: a catalog that could not
be read at that moment, a series without read access, a workflow that archived it (contract 6.2, trap 22).
"""

from __future__ import annotations

import logging

from pyca.errors import CoreError, NotUnderstood, Refused
from pyca.event import Event
from pyca.schedule.known import Known
from pyca.schedule.ports import Core, Technical
from pyca.schedule.window import Window

logger = logging.getLogger(__name__)

LIMIT = 10
"""Events asked for in one poll, at most."""


class MissingEvents:
    """Asks for each absent event once after every whole calendar, those not asked for longest first.

    `proven` says whether the core has ever answered such a question: only then does a 404 mean that the event is gone
    and not that there is nobody to ask. `archived` are the known events that the scheduler has given away.
    """

    def __init__(self, core: Core, agent: str) -> None:
        self._core = core
        self._agent = agent
        self._round = 0
        self._asked: dict[str, int] = {}
        self._tried = False
        self.proven = False
        self.archived: set[str] = set()

    def begin(self, known: Known) -> None:
        """There is a new calendar: what was said about the events that it leaves out may have changed."""
        self._round += 1
        absent = {event.uid for event in known.absent}
        self._asked = {uid: asked for uid, asked in self._asked.items() if uid in absent}
        self.archived = {uid for uid in self.archived if not known.present(uid)}

    def open(self, known: Known, window: Window) -> list[Event]:
        """The events that are still to be asked for; those beyond the window are not missing."""
        absent = (event for event in known.absent if window.covers(event.start))
        waiting = [event for event in absent if self._asked.get(event.uid, 0) < self._round]
        return sorted(waiting, key=lambda event: self._asked.get(event.uid, 0))

    def ask(self, known: Known, window: Window, now: float | None) -> None:
        """Ask for absent events, `LIMIT` questions at most; what has no answer stays as it is."""
        waiting = self.open(known, window)
        witness = None if self.proven else known.witness()
        try:
            if witness is not None and (waiting or not self._tried):
                self._prove(witness)
            for event in waiting[: LIMIT if witness is None else LIMIT - 1]:
                self._ask(known, event, now)
                self._asked[event.uid] = self._round
        except CoreError as error:
            logger.info('events that are missing in the calendar stay, the core cannot be asked for them: %s', error)

    def _prove(self, witness: str) -> None:
        """Ask for an event that must be there, so that a 404 for another one says something.

        It is tried as soon as there is one, since the next to vanish may be the only one.
        """
        self._tried = True
        try:
            self.proven = self._core.technical(witness) is not None
        except (Refused, NotUnderstood) as error:
            logger.debug('this core does not tell about single events: %s', error)

    def _ask(self, known: Known, event: Event, now: float | None) -> None:
        try:
            answer = self._core.technical(event.uid)
        except Refused as error:
            self._refused(known, event, now, error.status)
        except NotUnderstood:
            self._refused(known, event, now, 500)
        else:
            self._judge(known, event, now, answer)

    def _refused(self, known: Known, event: Event, now: float | None, status: int) -> None:
        """No answer about the event: after a good one earlier only 403, 404 and 405 say that there will be none."""
        if status == 404:
            self._judge(known, event, now, None)
        elif status in (403, 405) or not self.proven:
            self.proven = False
            self._plain(known, event, now)

    def _judge(self, known: Known, event: Event, now: float | None, answer: Technical | None) -> None:
        if answer is None:
            if self.proven:
                self._drop(known, event, 'the core does not have it any more')
            else:
                self._plain(known, event, now)
            return
        self.proven = True
        if answer.agent != self._agent:
            given = f'given to the agent {answer.agent} in the core'
            self._drop(known, event, f'it belongs to the agent {answer.agent} now', given)
            return
        if (answer.start, answer.end) != (event.start, event.end):
            logger.info('event %s is missing in the calendar, the core says that it was moved', event.uid)
            known.move(event, answer.start, answer.end)
        self._look_for_owner(event)

    def _look_for_owner(self, event: Event) -> None:
        try:
            owned = self._core.scheduler_owns(event.uid)
        except (Refused, NotUnderstood) as error:
            logger.debug('whether event %s was archived is not told: %s', event.uid, error)
            return
        if owned:
            logger.info('event %s is missing in the calendar, but the core still has it: it stays', event.uid)
        elif event.uid not in self.archived:
            # Most likely it was ours, ended early: whoever uploads knows, and says so where it was not.
            logger.info('event %s was archived: a recording of it that was not delivered is kept', event.uid)
            self.archived.add(event.uid)

    def _plain(self, known: Known, event: Event, now: float | None) -> None:
        """What is left without an answer: believe the calendar, but never end what has begun."""
        if now is not None and event.start > now:
            self._drop(known, event, 'the calendar does not have it any more')

    def _drop(self, known: Known, event: Event, reason: str, held: str = '') -> None:
        logger.info('event %s (%s) is dropped: %s', event.uid, event.title, reason)
        known.drop(event, held)
