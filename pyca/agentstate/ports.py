"""What the agentstate service needs from others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyca import faultboard
from pyca.event import Event
from pyca.states import AgentState, EventStatus, Fault, RecordingState, ServiceType


class Poster(Protocol):
    """Tells the core the agent's state; raises a `CoreError` when the core does not take it."""

    def post_agent_state(self, state: AgentState, address: str) -> None: ...


class Core(Poster, Protocol):
    def post_recording_state(self, uid: str, state: RecordingState) -> None: ...

    def post_configuration(self, text: str) -> None: ...

    def technical(self, uid: str) -> object | None:
        """What the core's scheduler says of an event; None if it answered 404."""


class Recorded(Protocol):
    """A recording as the database has it. `ours` is False for rows of an old installation."""

    @property
    def event(self) -> Event: ...

    @property
    def status(self) -> EventStatus: ...

    @property
    def phase(self) -> str: ...

    @property
    def ours(self) -> bool: ...


class Recordings(Protocol):
    def all(self, *statuses: EventStatus) -> Sequence[Recorded]: ...


class Report(Protocol):
    """A change of a recording that has to be told."""

    @property
    def id(self) -> int: ...

    @property
    def uid(self) -> str: ...

    @property
    def state(self) -> RecordingState: ...


class Reports(Protocol):
    """The queue: what waits survives restarts."""

    def next(self) -> Sequence[Report]:
        """The oldest of each event, first of the event that changed last."""

    def sent(self, id: int) -> None: ...  # noqa: A002 - the field's name

    def drop(self, uid: str) -> None: ...


class FaultRow(Protocol):
    @property
    def fault(self) -> Fault: ...

    @property
    def text(self) -> str: ...

    @property
    def service(self) -> ServiceType: ...


class Faults(faultboard.Faults, Protocol):
    def all(self) -> Sequence[FaultRow]: ...


@dataclass(frozen=True)
class Ports:
    """The core, and where the agent's doings are written down; what is stored raises `StorageError`.

    `farewell` makes a poster that gives up after so many seconds in all, whatever has been asked to stop: the core of
    the service hears the stop, so it cannot send the last word.
    """

    core: Core
    farewell: Callable[[float], Poster]
    recordings: Recordings
    reports: Reports
    faults: Faults
    posted: Callable[[float], None] = lambda at: None
    """Told when the core has taken the agent's state; it does not raise."""
    configuration: Callable[[], str] = str
    """What the core is to know of the inputs now; empty: it is not told."""
    tells: Callable[[], bool] = lambda: False
    """Whether this core has ever told about a single event: only then does its 404 to such a question say something."""
