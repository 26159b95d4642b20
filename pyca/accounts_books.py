"""What the accounts are written into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pyca.event import Event, Outcome, Track
from pyca.states import EventStatus, Fault, RecordingState, ServiceType
from pyca.storage.recorded import Recorded


class Recordings(Protocol):
    """What the accounts ask of the database about recordings."""

    def get(self, uid: str, start: int | None = None) -> Recorded | None: ...

    def all(self, *statuses: EventStatus) -> list[Recorded]: ...

    def mirror(
        self,
        event: Event,
        status: EventStatus,
        tracks: Sequence[Track],
        *,
        phase: str,
        report: RecordingState | None = None,
    ) -> bool: ...

    def set_outcome(
        self,
        event: Event,
        outcome: Outcome,
        cause: str,
        status: EventStatus,
        report: RecordingState | None = None,
    ) -> None: ...

    def hold(self, uid: str, start: int, cause: str) -> None: ...

    def uploaded(self, uid: str, start: int, at: float, cause: str = '') -> None: ...


class Faults(Protocol):
    """Where the agent's faults are kept."""

    def raise_(self, service: ServiceType, fault: Fault, text: str, at: float) -> bool: ...

    def clear(self, service: ServiceType, fault: Fault | None = None) -> bool: ...


class Memory(Protocol):
    """Small values that survive a restart."""

    def get(self, key: str) -> Any | None: ...


@dataclass(frozen=True)
class Books:
    """Where the accounts are written; `written` is called after each entry."""

    recordings: Recordings
    faults: Faults
    memory: Memory
    written: Callable[[], None] = lambda: None
