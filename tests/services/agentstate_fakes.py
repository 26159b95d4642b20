"""Stand-ins for what the agentstate service talks to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pyca.agentstate import AgentStateService, Ports
from pyca.errors import CoreError, PycaError, Refused
from pyca.event import UNSCHEDULED, Event
from pyca.settings import Agent
from pyca.states import AgentState, EventStatus, Fault, RecordingState, ServiceType

NOW = 1_800_000_000


class ManualClock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.wall = float(NOW)
        self.run = 1000.0

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.run

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.run += seconds


@dataclass(frozen=True)
class Row:
    event: Event
    status: EventStatus
    phase: str
    ours: bool = True


@dataclass(frozen=True)
class Waiting:
    id: int
    uid: str
    state: RecordingState


@dataclass(frozen=True)
class Wrong:
    fault: Fault
    text: str
    service: ServiceType


class FakeCore:
    """Writes down what it is told; `down` answers everything, `refusals` single events and questions.

    What is in `deleted` is 404, told or asked for.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.tried: list[str] = []
        self.down: PycaError | None = None
        self.refusals: dict[str, CoreError] = {}
        self.deleted: set[str] = set()
        self.addresses: set[str] = set()
        self.configurations: list[str] = []

    def post_agent_state(self, state: AgentState, address: str) -> None:
        self._hear('agent', state.value)
        self.addresses.add(address)

    def post_recording_state(self, uid: str, state: RecordingState) -> None:
        self._hear(uid, state.value)

    def post_configuration(self, text: str) -> None:
        self._hear('configuration', text)
        self.configurations.append(text)

    def technical(self, uid: str) -> object | None:
        self._hear('asked', uid)
        return None if uid in self.deleted else object()

    def _hear(self, who: str, what: str) -> None:
        self.tried.append(f'{who} {what}')
        error = self.down or self.refusals.get(who) or (unknown() if who in self.deleted else None)
        if error is not None:
            raise error
        self.told.append(f'{who} {what}')

    def take(self) -> list[str]:
        """What was told since the last time."""
        told, self.told = self.told, []
        self.tried = []
        return told


class FakeRecordings:
    def __init__(self) -> None:
        self.rows: list[Row] = []

    def all(self, *statuses: EventStatus) -> Sequence[Row]:
        return [row for row in self.rows if row.status in statuses]


class FakeReports:
    def __init__(self) -> None:
        self.queue: list[Waiting] = []
        self._count = 0

    def add(self, uid: str, *states: RecordingState) -> None:
        for state in states:
            self._count += 1
            self.queue.append(Waiting(self._count, uid, state))

    def next(self) -> Sequence[Waiting]:
        oldest: dict[str, Waiting] = {}
        newest: dict[str, int] = {}
        for report in self.queue:
            oldest.setdefault(report.uid, report)
            newest[report.uid] = report.id
        return sorted(oldest.values(), key=lambda report: newest[report.uid], reverse=True)

    def sent(self, id: int) -> None:  # noqa: A002 - the real one's name
        self.queue = [report for report in self.queue if report.id != id]

    def drop(self, uid: str) -> None:
        self.queue = [report for report in self.queue if report.uid != uid]


class FakeFaults:
    def __init__(self) -> None:
        self.rows: list[Wrong] = []

    def raise_(self, service: ServiceType, fault: Fault, text: str, at: float) -> bool:
        self.clear(service, fault)
        self.rows.append(Wrong(fault, text, service))
        return True

    def clear(self, service: ServiceType, fault: Fault | None = None) -> bool:
        before = len(self.rows)
        self.rows = [row for row in self.rows if (row.service, row.fault) != (service, fault)]
        return len(self.rows) < before

    def all(self) -> Sequence[Wrong]:
        return self.rows


class World:
    """An agentstate service with everything around it."""

    def __init__(self, *, frequency: int = 600, backup: bool = False, address: str = 'http://hall-1') -> None:
        self.clock = ManualClock()
        self.core = FakeCore()
        self.last_word = FakeCore()
        self.limits: list[float] = []
        self.recordings = FakeRecordings()
        self.reports = FakeReports()
        self.faults = FakeFaults()
        agent = Agent(name='hall-1', update_frequency=frequency, backup_mode=backup)
        self.configuration = ''
        self.tells = True
        ports = Ports(
            self.core,
            self._farewell,
            self.recordings,
            self.reports,
            self.faults,
            configuration=lambda: self.configuration,
            tells=lambda: self.tells,
        )
        self.service = AgentStateService(agent, address, ports, self.clock)

    def _farewell(self, limit: float) -> FakeCore:
        self.limits.append(limit)
        return self.last_word

    def settle(self) -> float:
        """Step until the service wants to wait."""
        wait = self.service.step()
        while not wait:
            wait = self.service.step()
        return wait

    def after(self, seconds: float) -> list[str]:
        """Let time pass, settle; what was told."""
        self.clock.pass_(seconds)
        self.settle()
        return self.core.take()

    def begin(self, uid: str = 'a', start: int = NOW, length: int = 3600) -> None:
        """Capture has started a recorder."""
        row = Row(Event(uid, start, start + length), EventStatus.RECORDING, 'recording')
        self.recordings.rows.append(row)
        self.reports.add(uid, RecordingState.CAPTURING)

    def begin_here(self, uid: str = 'a') -> None:
        """The same of what a person began; nobody queues anything then."""
        event = Event(uid, NOW, NOW + 3600, data={UNSCHEDULED: True})
        self.recordings.rows.append(Row(event, EventStatus.RECORDING, 'recording'))

    def become(self, uid: str, status: EventStatus, phase: str, *reports: RecordingState) -> None:
        """A recording goes on to its next phase."""
        rows = self.recordings.rows
        self.recordings.rows = [
            replace(row, status=status, phase=phase) if row.event.uid == uid else row for row in rows
        ]
        self.reports.add(uid, *reports)


def unknown() -> Refused:
    return Refused('there is no such event', status=404)
