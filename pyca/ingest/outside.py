"""What the upload service needs of the rest of the program."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pyca.clock import Clock
from pyca.event import Event, Track
from pyca.faultboard import Faults
from pyca.ingest.backoff import Spread
from pyca.ingest.journal import Uploads
from pyca.ingest.window import Pause
from pyca.opencast.bundle import Bundle
from pyca.opencast.mediapackage import MediaPackage
from pyca.recording.delivery import Prepared
from pyca.recording.standing import Standing
from pyca.states import EventStatus

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
    @property
    def cause(self) -> str: ...


class Entry(Protocol):
    """A recording in short."""

    @property
    def uid(self) -> str: ...


class Recordings(Protocol):
    """The recordings in the database."""

    def entries(self) -> Mapping[str, Entry]: ...
    def is_claimed(self, uid: str, start: int) -> bool: ...
    def all(self, *statuses: EventStatus) -> Sequence[Recorded]: ...
    def claim(self, now: float, but_not: frozenset[str] = frozenset()) -> Recorded | None: ...
    def claimed(self) -> Sequence[Recorded]: ...
    def adopt(self, since: float, until: float) -> int: ...
    def next_due(self) -> float | None: ...
    def delay(self, uid: str, start: int, next_try: float, cause: str | None = None) -> None: ...
    def progress(self, uid: str, start: int, sent: int, total: int, cause: str | None = None) -> None: ...
    def uploading(self, uid: str, start: int, at: float) -> None: ...
    def resumed(self, uid: str, start: int) -> None: ...
    def uploaded(self, uid: str, start: int, at: float, cause: str = '', left_out: str = '') -> None: ...
    def upload_failed(self, uid: str, start: int, next_try: float, cause: str) -> None: ...
    def hold(self, uid: str, start: int, cause: str) -> None: ...


class Core(Protocol):
    """The Opencast core."""

    def ingest_node(self) -> str: ...
    def create_mediapackage(self, node: str, uid: str | None) -> MediaPackage: ...
    def create_with_id(self, node: str, uid: str) -> MediaPackage: ...
    def add_track(
        self, node: str, package: MediaPackage, flavor: str, path: Path, progress: Progress
    ) -> MediaPackage: ...
    def add_catalog(self, node: str, package: MediaPackage, flavor: str, text: str) -> MediaPackage: ...
    def add_attachment(
        self, node: str, package: MediaPackage, flavor: str, path: Path, progress: Progress
    ) -> MediaPackage: ...
    def ingest_single(self, node: str, bundle: Bundle, progress: Progress, before_end: Callable[[], None]) -> str: ...
    def ingest_zip(self, node: str, bundle: Bundle, progress: Progress, before_end: Callable[[], None]) -> str: ...
    def ingest(self, node: str, package: MediaPackage, fields: Mapping[str, str]) -> str: ...
    def discard(self, node: str, package: MediaPackage) -> None: ...
    def scheduler_owns(self, uid: str) -> bool: ...
    def technical(self, uid: str) -> object | None: ...
    def archived(self, package: str) -> bool: ...


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


def as_stored(recorded: Recorded) -> Prepared:
    """The tracks as capture left them."""
    return Prepared(recorded.tracks)


def none(recorded: Recorded) -> Sequence[Track]:
    """Nothing is attached."""
    return ()


def over(name: str) -> Standing:
    """It has ended for good."""
    return Standing()


def nothing() -> None:
    """Do nothing."""


def unknown(recorded: Recorded) -> float | None:
    """How long it is, or when it ended, nobody knows."""
    return None


def by_a_person(recorded: Recorded) -> bool:
    """What was released was released by a person."""
    return False


def nobody(recorded: Recorded) -> str:
    """Nobody is against it."""
    return ''


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


class UploadWindow(Protocol):
    """The times in which nothing is uploaded."""

    @property
    def possible(self) -> bool: ...
    def now(self) -> Pause | None: ...


class AlwaysOpen:
    """Uploads go at any time."""

    possible = False

    def now(self) -> Pause | None:
        return None


@dataclass(frozen=True)
class Outside:
    """Everything outside the service.

    `prepare` gives the tracks to deliver (it may join segments), `length` the seconds recorded, `ended` when the last
    recorder ended; `standing` says by a recording's name whether it goes on after it was over; `attachments` gives the
    files that go along, whether they are there or not; `beat` is a sign of life during long uploads; `ring` has the
    service look soon; `short` tells whether the recordings have less room than wanted; `agent` is our name. `release`
    lets go of what has been waiting for others, and `unasked` tells whether a recording was let go without a person;
    `hindrance` says right before a final call, and while a request with all the files goes out, what speaks against its
    end, and may raise a CoreError. `aside` is another way to the core, for questions while such a request goes out.
    """

    core: Core
    recordings: Recordings
    uploads: Uploads
    faults: Faults
    memory: Memory
    catalogs: Catalogs
    clock: Clock
    prepare: Callable[[Recorded], Prepared] = as_stored
    standing: Callable[[str], Standing] = over
    attachments: Callable[[Recorded], Sequence[Track]] = none
    spread: Spread = random.uniform
    beat: Callable[[], None] = nothing
    ring: Callable[[], None] = nothing
    length: Callable[[Recorded], float | None] = unknown
    ended: Callable[[Recorded], float | None] = unknown
    short: Callable[[], bool] | None = None
    sole: Sole = field(default_factory=Alone)
    contacts: Contacts = field(default_factory=Untold)
    window: UploadWindow = field(default_factory=AlwaysOpen)
    agent: str = ''
    release: Callable[[], None] = nothing
    hindrance: Callable[[Recorded], str] = nobody
    unasked: Callable[[Recorded], bool] = by_a_person
    aside: Core | None = None
