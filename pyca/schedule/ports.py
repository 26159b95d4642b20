"""What the schedule service needs from others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pyca.event import Event
from pyca.faultboard import Faults


class Answer(Protocol):
    """A whole calendar."""

    @property
    def events(self) -> Sequence[Event]:
        """Every entry that could be read."""

    @property
    def bad(self) -> Sequence[str]:
        """A sentence for each thing that could not."""

    @property
    def lost(self) -> Sequence[str]:
        """The uids of the entries that had to be left out for that."""

    @property
    def etag(self) -> str | None:
        """To be sent back word by word, with the same cutoff only."""


class Technical(Protocol):
    """What the core's scheduler says of one event."""

    @property
    def agent(self) -> str: ...

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


class Core(Protocol):
    """The questions to the core; each raises a `CoreError` when it is not answered."""

    def calendar(self, cutoff: int | None, etag: str | None) -> Answer | None:
        """None if nothing has changed since that ETag."""

    def technical(self, uid: str) -> Technical | None:
        """None if the core answered 404."""

    def scheduler_owns(self, uid: str) -> bool:
        """False once somebody has archived the event."""


class Upcoming(Protocol):
    """The table of what is to come; raises `StorageError`."""

    def replace(self, events: Sequence[Event], url: str, synced: float) -> bool: ...

    def confirm(self, url: str, synced: float) -> None:
        """Note that the schedule is still that of the core."""

    def all(self) -> list[Event]: ...

    def synced(self) -> float | None: ...


class ScheduleFile(Protocol):
    """The file that capture reads; raises `RecordingsUnusable`."""

    @property
    def there(self) -> bool: ...

    def write_schedule(self, events: Sequence[Event], synced: float, gone: Mapping[str, str]) -> None:
        """`gone` says by uid why events were dropped, for whoever is recording them."""

    def read_schedule(self) -> tuple[list[Event], float] | None:
        """The events with the time of their sync; None if there is no readable file."""

    def write_archived(self, archived: Mapping[str, float]) -> None: ...

    def read_archived(self) -> Mapping[str, float]:
        """The events that somebody else has archived, each with the time when that was found."""


class Memory(Protocol):
    """Small values that survive a restart; raises `StorageError`."""

    def get(self, key: str) -> Any | None: ...

    def put(self, key: str, value: Any) -> None: ...


@dataclass(frozen=True)
class Stores:
    """Where the schedule is kept."""

    upcoming: Upcoming
    file: ScheduleFile
    memory: Memory
    faults: Faults
