"""What goes wrong with uploads, said once for each cause."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass

from pyca.clock import Clock
from pyca.errors import CoreError, LoginFailed, Overloaded, Unreachable
from pyca.event import Event
from pyca.faultboard import FaultBoard
from pyca.ingest.outage import LASTING
from pyca.states import Fault

logger = logging.getLogger(__name__)

OFTEN = 3
"""Tries that must have failed before an upload is a fault of the agent."""


@dataclass
class Trouble:
    """Of one upload. `own` is its cause where it concerns this recording alone; `loud` that it was warned of."""

    event: Event
    since: float
    tries: int = 0
    own: str = ''
    alike: str = ''
    loud: bool = False


class Troubles:
    """Knows which uploads fail, and tells it in the log and as a fault."""

    def __init__(self, clock: Clock, alarms: FaultBoard) -> None:
        self._clock = clock
        self._alarms = alarms
        self._uploads: dict[str, Trouble] = {}
        self._shared = ''

    def __bool__(self) -> bool:
        return bool(self._uploads)

    def failed(self, event: Event, cause: str, seconds: float, error: CoreError | None) -> None:
        """A try has failed, the next one is due in so many seconds."""
        trouble = self._uploads.setdefault(event.name, Trouble(event, self._clock.monotonic()))
        shared = isinstance(error, (Unreachable, Overloaded, LoginFailed))
        alike = _alike(cause, event.uid)
        known = alike == trouble.alike or (shared and alike == self._shared)
        trouble.tries += 1
        trouble.alike = alike
        trouble.own = '' if shared else cause
        trouble.loud = trouble.loud or not known
        if shared:
            self._shared = alike
        level = logging.DEBUG if known else logging.WARNING
        logger.log(level, 'Upload of %s waits %d s: %s', event.uid, seconds, cause)
        self._tell()

    def heard(self, event: Event) -> None:
        """The core gave a good answer to the next step of this upload."""
        self._shared = ''
        trouble = self._uploads.pop(event.name, None)
        if trouble is not None and trouble.loud:
            logger.info('Upload of %s goes on; %d tries had failed', event.uid, trouble.tries)
        self._tell()

    def over(self, event: Event) -> None:
        """Nothing more is tried."""
        self._uploads.pop(event.name, None)
        self._tell()

    def forget(self) -> None:
        """Nothing waits any more: what is left here was taken away by a person."""
        self._uploads.clear()
        self._tell()

    def _tell(self) -> None:
        now = self._clock.monotonic()
        lasting = [
            trouble
            for trouble in self._uploads.values()
            if trouble.own and trouble.tries >= OFTEN and now - trouble.since >= LASTING
        ]
        text = ''
        if lasting:
            first = min(lasting, key=lambda trouble: trouble.since)
            others = f' (as do {len(lasting) - 1} more)' if len(lasting) > 1 else ''
            name = first.event.title or first.event.uid
            text = f'The upload of "{name}" fails again and again{others}: {first.own}'
        self._alarms.set(Fault.UPLOAD, text)


def _alike(cause: str, uid: str) -> str:
    """A cause without what differs each time: times, byte counts and ids make no new cause."""
    return re.sub(r'\d+', '#', cause.replace(uid, '#'))
