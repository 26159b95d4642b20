"""What a backup agent does about recordings that the primary agent did not deliver."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pyca import settings
from pyca.clock import Clock
from pyca.errors import CoreError, NotUnderstood, Refused
from pyca.event import Event, together
from pyca.faultboard import Faults
from pyca.ingest.decision import CONFIRM_FOR
from pyca.ingest.outside import Memory
from pyca.ingest.primary import Core, Fate, Finding, Primary
from pyca.states import BACKUP, Fault, ServiceType

logger = logging.getLogger(__name__)

ASK_EVERY = 60.0
"""Seconds between two questions about one copy."""
AT_ONCE = 5
"""Copies that are asked for in one turn, at most."""
RELEASED = 'backup.released'
"""Where the copies are remembered that were released without a person."""
REMEMBERED = 200


class Copy(Protocol):
    """A recording of this agent."""

    @property
    def event(self) -> Event: ...
    @property
    def name(self) -> str: ...


class Copies(Protocol):
    """The copies in the database; raises `StorageError`."""

    def undecided(self) -> Sequence[Any]: ...
    def offered(self) -> Sequence[Copy]: ...
    def close(self, copy: Any, cause: str) -> None: ...
    def release(self, copy: Any) -> bool: ...


@dataclass(frozen=True)
class Stage:
    """What it works with."""

    core: Core
    copies: Copies
    memory: Memory
    faults: Faults
    clock: Clock


class Backup:
    """Decides about each copy once, a margin after the event's end and after the last word of the primary agent.

    Where the primary agent may still have something to send, a copy is only ever offered: two uploads of one event
    could destroy both (contract 7.8). It tells the core nothing; it asks.
    """

    def __init__(self, agent: settings.Agent, stage: Stage) -> None:
        self._backup_mode = agent.backup_mode
        self._acts = agent.backup_mode and agent.backup_copy != 'keep'
        self._uploads = agent.backup_copy == 'upload'
        self._margin = float(agent.backup_margin)
        self._stage = stage
        self._primary = Primary(stage, self._margin)
        self._away = float('-inf')
        self._asked: dict[str, float] = {}  # when a copy is to be asked for again
        self._doubts: dict[str, tuple[str, float]] = {}  # what was found, but not for sure, and since when
        self._said: str | None = None

    def step(self) -> None:
        """Ask, if it is time. Raises StorageError."""
        if self._acts:
            self._look([copy for copy in self._stage.copies.undecided() if not self._begun_here(copy)])
        self._say()

    def _begun_here(self, copy: Any) -> bool:
        """Of what was begun on the spot neither the primary agent nor the core knows, so that nobody is asked."""
        if copy.event.unscheduled:
            self._stage.copies.close(copy, _offer('it was begun here'))
        return bool(copy.event.unscheduled)

    def _look(self, undecided: Sequence[Any]) -> None:
        clock = self._stage.clock
        now = clock.monotonic()
        self._asked = {copy.name: self._asked.get(copy.name, now) for copy in undecided}
        over = [copy for copy in undecided if copy.event.end + self._margin <= clock.now()]
        due = [copy for copy in over if self._asked[copy.name] <= now] if self._away <= now else []
        for copy in due[:AT_ONCE]:
            self._asked[copy.name] = now + ASK_EVERY
            try:
                finding = self._find(copy)
                if finding is not None:
                    self._decide(copy, finding)
            except CoreError as error:
                logger.info('How the primary agent fared with %s cannot be asked now: %s', copy.event.uid, error)
                if not isinstance(error, (Refused, NotUnderstood)):
                    self._away = now + ASK_EVERY
                    break  # nor can it for the others

    def hindrance(self, copy: Copy) -> str:
        """Why a copy that was released without a person is not handed over after all; empty if nothing speaks
        against it. Asked right before the final call. Raises CoreError, also where it is to be asked again.

        Nobody opposes an agent that has become the primary one: what the core has heard since is its own word.
        """
        if not self.unasked(copy):
            return ''
        finding = self._find(copy, released=True)
        if finding is None:
            raise NotUnderstood(f'{self._doubts[copy.name][0]}, or the core is just starting: it is asked again')
        if finding.fate is Fate.BUSY:
            raise NotUnderstood(f'{finding.cause}: it is asked again')
        if finding.fate is Fate.UNKNOWN:
            return _offer(finding.cause)
        return '' if finding.fate is Fate.LOST else f'{BACKUP}; meanwhile {finding.cause}'

    def unasked(self, copy: Copy) -> bool:
        """Whether it is a copy that was released without a person."""
        return self._backup_mode and copy.name in self._released()

    def _find(self, copy: Copy, *, released: bool = False) -> Finding | None:
        """None as long as it is not sure. Raises CoreError."""
        before, now = self._doubts.pop(copy.name, None), self._stage.clock.monotonic()
        finding = self._primary.find(copy.event.uid, patient=not released)
        if not finding.unsure:
            return finding
        since = before[1] if before is not None and before[0] == finding.cause else now
        if now - since >= CONFIRM_FOR:
            return finding
        self._doubts[copy.name] = finding.cause, since
        return None

    def _decide(self, copy: Any, finding: Finding) -> None:
        uid, copies = copy.event.uid, self._stage.copies
        if finding.fate is Fate.BUSY:
            return
        if finding.fate is Fate.DELIVERED:
            copies.close(copy, f'{BACKUP}; {finding.cause}')
        elif finding.fate is Fate.LOST and self._uploads:
            before = self._released()
            self._stage.memory.put(RELEASED, [*before, copy.name][-REMEMBERED:])
            if not copies.release(copy):
                self._stage.memory.put(RELEASED, before)  # a person was quicker
            else:
                logger.warning('%s (%s): %s; this copy is uploaded', uid, copy.event.title, finding.cause)
        else:
            copies.close(copy, _offer(finding.cause))
            logger.warning('%s (%s): %s; "pyca retry %s" uploads this copy', uid, copy.event.title, finding.cause, uid)

    def _released(self) -> list[str]:
        names = self._stage.memory.get(RELEASED)
        return [str(name) for name in names] if isinstance(names, list) else []

    def _say(self) -> None:
        """The copies that a person may want are a trouble that people see; whoever does not act has none."""
        text = _trouble(self._stage.copies.offered()) if self._acts else ''
        if text == self._said:
            return
        if text:
            now = self._stage.clock.now()
            self._stage.faults.raise_(ServiceType.INGEST, Fault.RECORDER, f'{text}; "pyca retry" uploads it.', now)
        else:
            self._stage.faults.clear(ServiceType.INGEST, Fault.RECORDER)
        self._said = text


def _offer(cause: str) -> str:
    """The cause of a copy that a person may want, as which it is known by how this begins."""
    return f'{BACKUP}: {cause}; this copy can be uploaded'


def _trouble(offered: Sequence[Copy]) -> str:
    """What waits for a person, in words."""
    begun_here = sum(copy.event.unscheduled for copy in offered)
    missing = len(offered) - begun_here
    events = 'an event' if missing == 1 else f'{missing} events'
    recordings = 'a recording' if begun_here == 1 else f'{begun_here} recordings'
    return together(
        f'The primary agent has not delivered {events} of which this backup agent has a copy' if missing else '',
        f'This backup agent has {recordings} begun here' if begun_here else '',
    )
