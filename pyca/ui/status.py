"""What the status page says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyca.event import Event
from pyca.states import EventStatus, ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.faults import FaultRow, Faults
from pyca.storage.recorded import Recorded, Recordings
from pyca.storage.services import ServiceRow, Services
from pyca.storage.upcoming import Upcoming

NEXT = 10
LAST = 25
"""How many upcoming and recorded events the page shows."""


@dataclass(frozen=True)
class Sources:
    """The questions that are asked of the database."""

    upcoming: Upcoming
    recordings: Recordings
    services: Services
    faults: Faults

    @classmethod
    def of(cls, database: Database) -> Sources:
        return cls(Upcoming(database), Recordings(database), Services(database), Faults(database))


@dataclass(frozen=True)
class Service:
    """One service; `age` is the seconds since its last sign of life, None if there never was one."""

    name: str
    word: str
    text: str
    age: float | None

    @property
    def runs(self) -> bool:
        return self.word != ServiceStatus.STOPPED.label


@dataclass(frozen=True)
class Status:
    """The whole page. `kind` is ok, attention, problem or unknown; `age` the seconds since the last sync."""

    kind: str
    verdict: str
    services: Sequence[Service]
    now: Sequence[Recorded]
    next: Sequence[Event]
    last: Sequence[Recorded]
    faults: Sequence[FaultRow]
    age: float | None


def gather(sources: Sources, now: float, frequency: int) -> Status:
    """Ask for everything and judge it; `frequency` is how often the calendar is fetched, in seconds."""
    services = [_service(row, now) for row in sources.services.all().values()]
    faults = sources.faults.all()
    running = [row for row in sources.recordings.all(EventStatus.RECORDING) if row.ours]
    begun = {row.event.uid for row in running}
    upcoming = [event for event in sources.upcoming.all() if event.end > now and event.uid not in begun]
    synced = sources.upcoming.synced()
    age = None if synced is None else max(0.0, now - synced)
    judge = Judge(services, faults, running, upcoming[:1], age, 5 * max(frequency, 60))
    kind, verdict = judge.verdict()
    return Status(
        kind=kind,
        verdict=verdict,
        services=services,
        now=running,
        next=upcoming[:NEXT],
        last=[row for row in sources.recordings.all(limit=LAST) if row not in running],
        faults=faults,
        age=age,
    )


@dataclass(frozen=True)
class Judge:
    """Finds the one sentence for the person in the doorway; never better than what is known.

    `stale` is the age in seconds from which a calendar is too old to rely on.
    """

    services: Sequence[Service]
    faults: Sequence[FaultRow]
    running: Sequence[Recorded]
    upcoming: Sequence[Event]
    age: float | None
    stale: float

    def verdict(self) -> tuple[str, str]:
        """The kind and the sentence."""
        if not self._runs(ServiceType.CAPTURE):
            return self._without_capture()
        trouble = self._trouble()
        if self.running:
            failing = any(row.phase == 'failing' for row in self.running)
            if failing:
                return 'problem', 'An event is due, but its recorder fails. It is started again and again.'
            return ('attention', f'Recording, but {trouble}') if trouble else ('ok', 'Recording.')
        if trouble:
            return 'problem' if self.faults else 'attention', f'Not recording, and {trouble}'
        return 'ok', 'Ready.' if self.upcoming else 'Ready. Nothing is scheduled.'

    def _without_capture(self) -> tuple[str, str]:
        if self.running:
            return 'unknown', (
                'Unknown: the capture service is not running. A recording that it had begun may be going on by itself.'
            )
        return 'problem', 'Not ready: the capture service is not running, so nothing will be recorded.'

    def _trouble(self) -> str:
        """The first thing that is not as it should be, as half a sentence."""
        if self.faults:
            row = self.faults[0]
            return f'{row.fault.value}: {row.text}'
        stopped = [service.name for service in self.services if not service.runs]
        if stopped:
            return f'not running: {", ".join(stopped)}.'
        if self.age is None:
            return 'the calendar has never been fetched.'
        return 'the calendar is out of date.' if self.age > self.stale else ''

    def _runs(self, kind: ServiceType) -> bool:
        return any(service.runs for service in self.services if service.name == kind.label)


def _service(row: ServiceRow, now: float) -> Service:
    """Without a sign of life there is no life, whatever an earlier process has left behind."""
    age = None if row.beat is None else max(0.0, now - row.beat)
    word = ServiceStatus.STOPPED.label if age is None else row.status.label
    return Service(row.service.label, word, row.text, age)
