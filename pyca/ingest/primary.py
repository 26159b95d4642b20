"""How the primary agent of a room fared with an event, as far as the core knows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from pyca.ingest import inquiry
from pyca.ingest.decision import Answer
from pyca.ingest.inquiry import Inquiry
from pyca.ingest.outside import Memory
from pyca.states import RecordingState

FAILED = frozenset({'capture_error', 'manifest_error', 'compressing_error'})
"""The states after which the primary agent has nothing to send, unless it was stopped before the end and comes back:
then it asks before it sends (see `objections.py`)."""


class Heard(Protocol):
    """The last that the core was told of a recording."""

    @property
    def state(self) -> str: ...
    @property
    def ago(self) -> float: ...


class Core(inquiry.Core, Protocol):
    """The questions to the core; each raises a `CoreError` when it is not answered."""

    def recording_state(self, uid: str) -> Heard | None: ...


class Around(Protocol):
    """What it needs of what is around it."""

    @property
    def core(self) -> Core: ...
    @property
    def memory(self) -> Memory: ...


class Fate(Enum):
    """What becomes of the primary agent's recording."""

    DELIVERED = auto()  # or nobody wants it any more
    LOST = auto()  # it will not be delivered
    BUSY = auto()  # the primary agent has been heard of lately
    UNKNOWN = auto()  # it may be delivered still


@dataclass(frozen=True)
class Finding:
    """How the primary agent fared, with a sentence that says so.

    `unsure`: a core that is starting says so as well, so that this has to last before it counts.
    """

    fate: Fate
    cause: str
    unsure: bool = False


class Primary:
    """Asks the core about the agent whose backup this one is."""

    def __init__(self, around: Around, margin: float) -> None:
        """`margin`: seconds after its last word in which it is still at work."""
        self._core = around.core
        self._inquiry = Inquiry(around)
        self._margin = margin

    def find(self, uid: str, *, patient: bool = True) -> Finding:
        """Ask how it fared. Raises CoreError.

        Whoever is not `patient` takes a failure at its word, however lately it was told: an agent that comes back
        after days states what it missed.
        """
        heard = self._core.recording_state(uid)
        if heard is not None and heard.state == RecordingState.UPLOAD_FINISHED.value:
            return Finding(Fate.DELIVERED, 'the primary agent has delivered it')
        failed = heard is not None and heard.state in FAILED
        if heard is not None and heard.ago < self._margin and (patient or not failed):
            return Finding(Fate.BUSY, f'the primary agent is at work ({heard.state})')
        answers = self._inquiry.ask(uid, patient=True)
        if answers.owns is Answer.YES:
            return _missing(heard)
        if answers.owns is Answer.NO and answers.technical is Answer.YES:
            return Finding(Fate.DELIVERED, 'somebody has delivered it')
        if answers.technical is Answer.NO:
            return Finding(Fate.DELIVERED, 'the core does not have the event any more', unsure=True)
        after = f' after it said {heard.state}' if heard is not None else ''
        return Finding(Fate.UNKNOWN, f'nobody knows what the primary agent did{after}', unsure=True)


def _missing(heard: Heard | None) -> Finding:
    """What it may still do about an event that waits for its recording."""
    if heard is None:
        return Finding(Fate.LOST, 'the primary agent never began it, or could not tell the core')
    if heard.state in FAILED:
        return Finding(Fate.LOST, 'the recording of the primary agent failed, or was broken off')
    return Finding(Fate.UNKNOWN, f'the primary agent has not delivered it (its last word is {heard.state})')
