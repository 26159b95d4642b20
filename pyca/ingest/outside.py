"""What the upload service needs of the rest of the program."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pyca.clock import Clock
from pyca.event import Event, Track
from pyca.ingest.backoff import Spread
from pyca.ingest.journal import Uploads
from pyca.opencast.mediapackage import MediaPackage
from pyca.recording.standing import Standing
from pyca.states import EventStatus, Fault, ServiceType

Progress = Callable[[int, int], bool]
"""Called with the bytes sent so far and the bytes in all; a true answer ends the request."""


class Recorded(Protocol):
    """A recording as the database has it."""

    @property
    def event(self) -> Event: ...
    @property
    def tracks(self) -> tuple[Track, ...]: ...
    @property
    def name(self) -> str: ...
    @property
    def phase(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def next_try(self) -> float | None: ...
    @property
    def ours(self) -> bool: ...


class Entry(Protocol):
    """A recording in short."""

    @property
    def uid(self) -> str: ...


class Recordings(Protocol):
    """The recordings in the database."""

    def entries(self) -> Mapping[str, Entry]: ...
    def is_claimed(self, uid: str, start: int) -> bool: ...
    def all(self, *statuses: EventStatus) -> Sequence[Recorded]: ...
    def claim(self, now: float) -> Recorded | None: ...
    def claimed(self) -> Sequence[Recorded]: ...
    def adopt(self, since: float, until: float) -> int: ...
    def next_due(self) -> float | None: ...
    def delay(self, uid: str, start: int, next_try: float) -> None: ...
    def progress(self, uid: str, start: int, sent: int, total: int) -> None: ...
    def uploading(self, uid: str, start: int, at: float) -> None: ...
    def resumed(self, uid: str, start: int) -> None: ...
    def uploaded(self, uid: str, start: int, at: float, cause: str = '') -> None: ...
    def upload_failed(self, uid: str, start: int, next_try: float, cause: str) -> None: ...
    def hold(self, uid: str, start: int, cause: str) -> None: ...


class Core(Protocol):
    """The Opencast core."""

    def ingest_node(self) -> str: ...
    def create_mediapackage(self, node: str, uid: str | None) -> MediaPackage: ...
    def add_track(
        self, node: str, package: MediaPackage, flavor: str, path: Path, progress: Progress
    ) -> MediaPackage: ...
    def add_catalog(self, node: str, package: MediaPackage, flavor: str, text: str) -> MediaPackage: ...
    def ingest(self, node: str, package: MediaPackage, fields: Mapping[str, str]) -> str: ...
    def discard(self, node: str, package: MediaPackage) -> None: ...
    def scheduler_owns(self, uid: str) -> bool: ...
    def technical(self, uid: str) -> object | None: ...


class Faults(Protocol):
    """What is wrong with the agent, for everybody to read."""

    def raise_(self, service: ServiceType, fault: Fault, text: str, at: float) -> bool: ...
    def clear(self, service: ServiceType, fault: Fault | None = None) -> bool: ...


class Memory(Protocol):
    """Small values that survive a restart."""

    def get(self, key: str) -> Any | None: ...
    def put(self, key: str, value: Any) -> None: ...


class Contacts(Protocol):
    """What people want to know of uploads; it raises nothing."""

    def sending(self, uid: str, start: int, at: float, had: int) -> None:
        """A try begins to send, when so many bytes are at the core already."""

    def accepted(self, at: float) -> None:
        """The core has taken a recording."""


class Untold:
    """Nobody wants to know."""

    def sending(self, uid: str, start: int, at: float, had: int) -> None: ...
    def accepted(self, at: float) -> None: ...


class Catalogs(Protocol):
    """What the calendar says about an event (`pyca.opencast.catalogs` is one)."""

    def workflow(self, event: Event) -> str: ...
    def workflow_properties(self, event: Event) -> Mapping[str, str]: ...
    def dublin_core(self, event: Event) -> Sequence[tuple[str, str]]: ...


def as_stored(recorded: Recorded) -> tuple[Track, ...]:
    """The tracks as capture left them."""
    return recorded.tracks


def over(name: str) -> Standing:
    """It has ended for good."""
    return Standing()


def nothing() -> None:
    """Do nothing."""


def unknown(recorded: Recorded) -> float | None:
    """How long it is, nobody knows."""
    return None


class Sole(Protocol):
    """The right to upload from a recordings folder, which only one service has."""

    def held(self) -> bool: ...
    def release(self) -> None: ...


class Alone:
    """Nobody else is there."""

    def held(self) -> bool:
        return True

    def release(self) -> None:
        """Nothing was taken."""


@dataclass(frozen=True)
class Outside:
    """Everything outside the service.

    `prepare` gives the tracks to deliver (it may join segments), `length` the seconds recorded; `standing` says by a
    recording's name whether it goes on after it was over; `beat` is a sign of life during long uploads; `short` tells
    whether the recordings have less room than wanted.
    """

    core: Core
    recordings: Recordings
    uploads: Uploads
    faults: Faults
    memory: Memory
    catalogs: Catalogs
    clock: Clock
    prepare: Callable[[Recorded], tuple[Track, ...]] = as_stored
    standing: Callable[[str], Standing] = over
    spread: Spread = random.uniform
    beat: Callable[[], None] = nothing
    length: Callable[[Recorded], float | None] = unknown
    short: Callable[[], bool] | None = None
    sole: Sole = field(default_factory=Alone)
    contacts: Contacts = field(default_factory=Untold)
