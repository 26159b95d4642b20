"""Stand-ins for what the schedule service talks to: small, real, broken on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyca.errors import CoreError, RecordingsUnusable, Refused, StorageError
from pyca.event import Event
from pyca.schedule import Schedule, Stores
from pyca.settings import Agent
from pyca.states import Fault, ServiceType

NOW = 1_800_000_000
DAY = 86_400
URL = 'http://core'


class ManualClock:
    """Both clocks, moved by hand."""

    def __init__(self, now: float = NOW) -> None:
        self.wall = now
        self.run = 1000.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.run

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.run += seconds


def event(uid: str, start: int = NOW + 3600, length: int = 1800, title: str = '', series: str = '') -> Event:
    data = {'uid': uid, 'dtstart': start, 'dtend': start + length}
    return Event(uid, start, start + length, title, {**data, 'related-to': series} if series else data)


@dataclass(frozen=True)
class Calendar:
    events: Sequence[Event]
    bad: Sequence[str] = ()
    etag: str | None = 'mod1'
    lost: Sequence[str] = ()


@dataclass(frozen=True)
class Facts:
    """What `technical.json` says."""

    uid: str
    agent: str
    start: int
    end: int


class FakeCore:
    """Answers with `answer` (None: nothing changed); single events as set, 404 for all others."""

    def __init__(self, *events: Event) -> None:
        self.answer: Calendar | CoreError | None = Calendar(events)
        self.polls: list[tuple[int | None, str | None]] = []
        self.facts: dict[str, Facts | CoreError] = {}
        self.other: CoreError | None = None
        self.archived: set[str] = set()
        self.asked: list[str] = []

    def calendar(self, cutoff: int | None, etag: str | None) -> Calendar | None:
        self.polls.append((cutoff, etag))
        if isinstance(self.answer, CoreError):
            raise self.answer
        return self.answer

    def technical(self, uid: str) -> Facts | None:
        self.asked.append(uid)
        answer = self.facts.get(uid, self.other)
        if isinstance(answer, CoreError):
            raise answer
        return answer

    def scheduler_owns(self, uid: str) -> bool:
        return uid not in self.archived

    def knows(self, *events: Event, agent: str = 'hall-1') -> None:
        """Single events are told about these."""
        self.facts.update({item.uid: Facts(item.uid, agent, item.start, item.end) for item in events})

    def has_no_such_route(self, status: int = 404) -> None:
        self.other = Refused('no', status=status)


class FakeUpcoming:
    def __init__(self) -> None:
        self.rows: list[Event] = []
        self.at: float | None = None
        self.broken = False
        self.replaced = 0

    def check(self) -> None:
        if self.broken:
            raise StorageError('The database is locked.')

    def replace(self, events: Sequence[Event], url: str, synced: float) -> bool:
        self.check()
        self.rows, self.at = list(events), synced
        self.replaced += 1
        return True

    def confirm(self, url: str, synced: float) -> None:
        self.check()
        self.at = synced

    def all(self) -> list[Event]:
        self.check()
        return list(self.rows)

    def synced(self) -> float | None:
        self.check()
        return self.at


class FakeFile:
    def __init__(self) -> None:
        self.content: tuple[list[Event], float] | None = None
        self.gone: dict[str, str] = {}
        self.archived: dict[str, float] = {}
        self.broken = False
        self.written = 0

    @property
    def there(self) -> bool:
        return self.content is not None

    def write_schedule(self, events: Sequence[Event], synced: float, gone: Mapping[str, str] | None = None) -> None:
        if self.broken:
            raise RecordingsUnusable('The disk is full.')
        self.content = (list(events), synced)
        self.gone = dict(gone or {})
        self.written += 1

    def read_schedule(self) -> tuple[list[Event], float] | None:
        return self.content

    def write_archived(self, archived: Mapping[str, float]) -> None:
        if self.broken:
            raise RecordingsUnusable('The disk is full.')
        self.archived = dict(archived)

    def read_archived(self) -> Mapping[str, float]:
        return self.archived

    @property
    def uids(self) -> list[str]:
        return [] if self.content is None else [item.uid for item in self.content[0]]


class FakeMemory:
    def __init__(self, upcoming: FakeUpcoming) -> None:
        self.values: dict[str, Any] = {}
        self._upcoming = upcoming

    def get(self, key: str) -> Any | None:
        self._upcoming.check()
        return self.values.get(key)

    def put(self, key: str, value: Any) -> None:
        self._upcoming.check()
        self.values[key] = value


class FakeFaults:
    def __init__(self, upcoming: FakeUpcoming) -> None:
        self.now: dict[Fault, str] = {}
        self._upcoming = upcoming

    def raise_(self, service: ServiceType, fault: Fault, text: str, at: float) -> bool:
        self._upcoming.check()
        self.now[fault] = text
        return True

    def clear(self, service: ServiceType, fault: Fault | None = None) -> bool:
        self._upcoming.check()
        return fault is not None and self.now.pop(fault, None) is not None


@dataclass
class World:
    """A schedule service with everything around it; `restart` makes a new one over what was stored."""

    core: FakeCore
    clock: ManualClock = field(default_factory=ManualClock)
    lookahead: int = 14
    frequency: int = 60
    series: str = ''

    def __post_init__(self) -> None:
        self.upcoming = FakeUpcoming()
        self.file = FakeFile()
        self.memory = FakeMemory(self.upcoming)
        self.faults = FakeFaults(self.upcoming)
        self.restart()

    def restart(self) -> None:
        agent = Agent(name='hall-1', update_frequency=self.frequency, cal_lookahead=self.lookahead, series=self.series)
        stores = Stores(self.upcoming, self.file, self.memory, self.faults)
        self.service = Schedule(agent, URL, self.core, stores, self.clock)

    def poll(self, answer: Calendar | CoreError | None = None, *events: Event) -> float:
        """Let a poll become due with this answer."""
        if answer is not None or events:
            self.core.answer = answer or Calendar(events)
        self.clock.pass_(self.frequency)
        return self.service.step()

    @property
    def uids(self) -> list[str]:
        return [item.uid for item in self.upcoming.rows]
