"""A small world for the upload service: a core, a database, a disk, a clock moved by hand."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from pyca import settings
from pyca.errors import PycaError, Refused, Unreachable
from pyca.event import Event, Track, together
from pyca.ingest.journal import Upload, Uploads
from pyca.ingest.outside import (
    Alone,
    AlwaysOpen,
    Outside,
    Progress,
    Recorded,
    Sole,
    UploadWindow,
    as_stored,
    nobody,
    nothing,
)
from pyca.ingest.service import Ingest
from pyca.ingest.worker import Worker
from pyca.opencast.bundle import Bundle
from pyca.opencast.mediapackage import MediaPackage
from pyca.recording.atomic import write_json
from pyca.recording.delivery import Prepared
from pyca.recording.standing import Standing
from pyca.recording.store import MARKER
from pyca.states import ADOPTED, EventStatus, Fault, ServiceType

START, END = 1_000_000, 1_003_600
ARCHIVED_AFTER, FINISHED_AFTER = 200.0, 400.0
"""Seconds from the final call to the archive step of its workflow, and to its end."""

Answer = TypeVar('Answer')


class Crash(BaseException):
    """The program is gone."""


class HandClock:
    def __init__(self) -> None:
        self.time = float(END)
        self.steady = 0.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.steady

    def advance(self, seconds: float) -> None:
        self.time += seconds
        self.steady += seconds


class Kill:
    """Ends the program at the n-th place where it could be ended."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.passed = 0

    def here(self) -> None:
        self.passed += 1
        if self.at is not None and self.passed == self.at:
            raise Crash


@dataclass(frozen=True)
class Row:
    event: Event
    tracks: tuple[Track, ...]
    status: EventStatus = EventStatus.FINISHED_RECORDING
    phase: str = 'recorded'
    attempts: int = 0
    next_try: float | None = None
    ours: bool = True
    cause: str = ''
    progress: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        return self.event.name


class MemoryRecordings:
    """The recordings' rows, with the rules of the database."""

    def __init__(self, kill: Kill) -> None:
        self.rows: dict[tuple[str, int], Row] = {}
        self.reports: list[tuple[str, str]] = []
        self.kill = kill
        self.trouble: PycaError | None = None

    def all(self, *statuses: EventStatus) -> Sequence[Row]:
        if self.trouble is not None:
            raise self.trouble
        return [row for row in self.rows.values() if row.status in statuses]

    def _waiting(self) -> list[Row]:
        failed = [row for row in self.all(EventStatus.FAILED_UPLOADING) if row.ours]
        return [*self.all(EventStatus.FINISHED_RECORDING), *failed]

    def claim(self, now: float, but_not: frozenset[str] = frozenset()) -> Row | None:
        waiting = self._waiting()
        due = [row for row in waiting if row.next_try is None or row.next_try <= now]
        due = [row for row in due if row.event.uid not in but_not]
        if not due:
            return None
        oldest = min(due, key=lambda row: row.event.end)
        return self._change(oldest.event.uid, oldest.event.start, status=EventStatus.UPLOADING)

    def is_claimed(self, uid: str, start: int) -> bool:
        if self.trouble is not None:
            raise self.trouble
        row = self.rows.get((uid, start))
        return row is not None and row.status is EventStatus.UPLOADING

    def entries(self) -> dict[str, Event]:
        return {row.name: row.event for row in self.rows.values() if row.ours}

    def claimed(self) -> Sequence[Row]:
        return self.all(EventStatus.UPLOADING)

    def adopt(self, since: float, until: float) -> int:
        begun = self.all(EventStatus.UPLOADING, EventStatus.FAILED_UPLOADING)
        found = [row for row in begun if not row.ours and since <= row.event.end <= until]
        for row in found:
            self._change(row.event.uid, row.event.start, status=EventStatus.FAILED_UPLOADING, phase=ADOPTED, ours=True)
        return len(found)

    def next_due(self) -> float | None:
        waiting = self._waiting()
        return min((row.next_try or 0.0 for row in waiting), default=None)

    def delay(self, uid: str, start: int, next_try: float, cause: str | None = None) -> None:
        row = self.rows[uid, start]
        back = EventStatus.FAILED_UPLOADING if row.attempts else EventStatus.FINISHED_RECORDING
        status = back if row.status is EventStatus.UPLOADING else row.status
        self._change(uid, start, status=status, next_try=next_try, cause=row.cause if cause is None else cause)

    def progress(self, uid: str, start: int, sent: int, total: int, cause: str | None = None) -> None:
        self._change(uid, start, progress=(sent, total), cause=self.rows[uid, start].cause if cause is None else cause)

    def uploading(self, uid: str, start: int, at: float) -> None:
        self._enter(uid, start, 'uploading', 'uploading')

    def resumed(self, uid: str, start: int) -> None:
        self._change(uid, start, status=EventStatus.RECORDING, phase='recording', report='capturing', attempts=0)

    def uploaded(self, uid: str, start: int, at: float, cause: str = '', left_out: str = '') -> None:
        values = {'status': EventStatus.FINISHED_UPLOADING, 'cause': together(cause, left_out)}
        self._enter(uid, start, 'delivered', 'upload_finished', **values)

    def upload_failed(self, uid: str, start: int, next_try: float, cause: str) -> None:
        attempts = self.rows[uid, start].attempts + 1
        values = {'next_try': next_try, 'cause': cause, 'attempts': attempts}
        self._enter(uid, start, 'waiting', 'upload_error', status=EventStatus.FAILED_UPLOADING, **values)

    def hold(self, uid: str, start: int, cause: str) -> None:
        self._change(uid, start, status=EventStatus.PAUSED_AFTER_RECORDING, phase='held', cause=cause)

    def _enter(self, uid: str, start: int, phase: str, report: str, **values: Any) -> None:
        new = self.rows[uid, start].phase != phase
        self._change(uid, start, report=report if new else '', phase=phase, **values)

    def _change(self, uid: str, start: int, *, report: str = '', **values: Any) -> Row:
        if self.trouble is not None:
            raise self.trouble
        self.kill.here()
        row = self.rows[uid, start] = replace(self.rows[uid, start], **values)
        if report:
            self.reports.append((uid, report))
        self.kill.here()
        return row


@dataclass
class Script:
    """How the next calls of one kind end: with this error, before or after the core has done its work."""

    error: BaseException
    done: bool


@dataclass
class ModelCore:
    """A core after the contract: the media package is the whole state, files lie on one node, one workflow a time."""

    clock: HandClock
    kill: Kill
    nodes: list[str] = field(default_factory=lambda: ['http://node-a'])
    own_ids: bool = True
    deleted: bool = False
    calls: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    accepted: list[tuple[str, MediaPackage, dict[str, str]]] = field(default_factory=list)
    started: dict[str, float] = field(default_factory=dict)
    scripts: dict[str, deque[Script]] = field(default_factory=lambda: defaultdict(deque))
    always: dict[str, BaseException] = field(default_factory=dict)
    discarded: list[str] = field(default_factory=list)
    parcels: list[Bundle] = field(default_factory=list)
    cut: int = 0
    """How many of the next requests with everything break before their end."""
    send: Callable[[str, MediaPackage, str, Path, Progress], MediaPackage] | None = None
    """Sends a track in place of `add_track`."""

    def fail(self, call: str, error: BaseException, *, done: bool = False) -> None:
        self.scripts[call].append(Script(error, done))

    def count(self, call: str) -> int:
        return sum(name == call for name, _ in self.calls)

    def ingest_node(self) -> str:
        return self._do('ingest_node', '', lambda: self.nodes[0])

    def create_mediapackage(self, node: str, uid: str | None) -> MediaPackage:
        identity = uid if self.own_ids and uid else f'random-{len(self.calls)}'
        return self._do('create', node, lambda: MediaPackage(identity, identity, 0))

    def create_with_id(self, node: str, uid: str) -> MediaPackage:
        if not self.own_ids:
            raise Refused('405', status=405)
        return self._do('create', node, lambda: MediaPackage(uid, uid, 0))

    def add_track(self, node: str, package: MediaPackage, flavor: str, path: Path, progress: Progress) -> MediaPackage:
        if self.send is not None:
            send, self.send = self.send, None
            return send(node, package, flavor, path, progress)
        size = path.stat().st_size
        progress(0, size)
        return self._do('add_track', path.name, lambda: self._grow(node, package, path.name, size, progress))

    def add_catalog(self, node: str, package: MediaPackage, flavor: str, text: str) -> MediaPackage:
        return self._do('add_catalog', flavor, lambda: self._grow(node, package, flavor, len(text), None))

    def add_attachment(
        self, node: str, package: MediaPackage, flavor: str, path: Path, progress: Progress
    ) -> MediaPackage:
        size = path.stat().st_size
        return self._do('add_attachment', path.name, lambda: self._grow(node, package, path.name, size, progress))

    def ingest_single(self, node: str, bundle: Bundle, progress: Progress, before_end: Callable[[], None]) -> str:
        return self._whole('ingest_single', node, bundle, before_end)

    def ingest_zip(self, node: str, bundle: Bundle, progress: Progress, before_end: Callable[[], None]) -> str:
        return self._whole('ingest_zip', node, bundle, before_end)

    def _whole(self, call: str, node: str, bundle: Bundle, before_end: Callable[[], None]) -> str:
        def work() -> str:
            self.parcels.append(bundle)
            fields = {**bundle.fields, 'workflowInstanceId': bundle.id}
            return self._start(node, MediaPackage(bundle.id, bundle.id, len(bundle.items)), fields)

        if self.cut:
            self.cut -= 1
            raise Unreachable('cut in the middle')
        before_end()
        return self._do(call, node, work)

    def ingest(self, node: str, package: MediaPackage, fields: Mapping[str, str]) -> str:
        return self._do('ingest', node, lambda: self._start(node, package, dict(fields)))

    def discard(self, node: str, package: MediaPackage) -> None:
        self._do('discard', node, lambda: self.discarded.append(node))

    def scheduler_owns(self, uid: str) -> bool:
        return self._do('owns', uid, lambda: not self.deleted and self._age(uid) < ARCHIVED_AFTER)

    def technical(self, uid: str) -> object | None:
        return self._do('technical', uid, lambda: None if self.deleted else object())

    def archived(self, package: str) -> bool:
        return self._do('archived', package, lambda: self._age(package) >= ARCHIVED_AFTER)

    def _age(self, uid: str) -> float:
        return self.clock.now() - self.started[uid] if uid in self.started else -1.0

    def _do(self, call: str, what: str, work: Callable[[], Answer]) -> Answer:
        self.calls.append((call, what))
        self.kill.here()
        for name in (call, f'{call} {what}'):
            if name in self.always:
                raise self.always[name]
        script = self.scripts[call].popleft() if self.scripts[call] else None
        if script is not None and not script.done:
            raise script.error
        answer = work()
        self.kill.here()
        if script is not None:
            raise script.error
        return answer

    def _grow(self, node: str, package: MediaPackage, what: str, size: int, progress: Progress | None) -> MediaPackage:
        if progress is not None:
            progress(size // 2, size)
            progress(size, size)
        element = f'{what}#{len(self.calls)}'
        self.files[node].add(element)
        return MediaPackage(f'{package.xml}|{element}', package.id, package.elements + 1)

    def _start(self, node: str, package: MediaPackage, fields: dict[str, str]) -> str:
        if not self.files[node].issuperset(package.xml.split('|')[1:]):
            raise Refused('400', status=400, body='Could not retrieve all media package elements')
        uid = fields['workflowInstanceId']
        active = uid in self.started and self._age(uid) < FINISHED_AFTER
        if active and (package.id == uid or self._age(uid) < ARCHIVED_AFTER):
            raise Refused('500: a workflow is active', status=500)
        self.started.setdefault(uid, self.clock.now())
        self.accepted.append((node, package, fields))
        return str(1000 + len(self.accepted))


class MemoryFaults:
    def __init__(self) -> None:
        self.raised: dict[Fault, str] = {}

    def raise_(self, service: ServiceType, fault: Fault, text: str, at: float) -> bool:
        self.raised[fault] = text
        return True

    def clear(self, service: ServiceType, fault: Fault | None = None) -> bool:
        assert fault is not None
        return self.raised.pop(fault, None) is not None


class PlainMemory:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def get(self, key: str) -> Any | None:
        return self.values.get(key)

    def put(self, key: str, value: Any) -> None:
        self.values[key] = value


class PlainCatalogs:
    def workflow(self, event: Event) -> str:
        return 'fast'

    def workflow_properties(self, event: Event) -> Mapping[str, str]:
        return {'publish.now': 'true', 'workflowInstanceId': 'nonsense'}

    def dublin_core(self, event: Event) -> Sequence[tuple[str, str]]:
        return [('dublincore/episode', '<dublincore/>')]


class KillableUploads(Uploads):
    def __init__(self, root: Path, kill: Kill) -> None:
        super().__init__(root)
        self.kill = kill
        self.trouble: Callable[[Upload], OSError | None] = lambda upload: None

    def save(self, name: str, upload: Upload) -> None:
        trouble = self.trouble(upload)
        if trouble is not None:
            raise trouble
        self.kill.here()
        super().save(name, upload)
        self.kill.here()


class World:
    """All of it, and the service in it."""

    def __init__(self, root: Path, *, kill: Kill | None = None) -> None:
        self.root = root
        self.kill = kill or Kill()
        self.clock = HandClock()
        self.core = ModelCore(self.clock, self.kill)
        self.recordings = MemoryRecordings(self.kill)
        self.uploads = KillableUploads(root, self.kill)
        self.faults = MemoryFaults()
        self.memory = PlainMemory()
        self.options = settings.Ingest()
        self.backup_mode = False
        self.prepare: Callable[[Recorded], Prepared] = as_stored
        self.standing: Callable[[str], Standing] = lambda name: Standing()
        self.length: float | None = None
        self.short: Callable[[], bool] | None = None
        self.sole: Sole = Alone()
        self.window: UploadWindow = AlwaysOpen()
        self.hindrance: Callable[[Recorded], str] = nobody
        self.unasked = False
        self.beats = 0
        self.workers: list[Worker] = []
        self.service = self.restart()

    def restart(self) -> Ingest:
        """Begin with a new service over what is on the disk and in the database."""
        self.service = Ingest(self.options, self.backup_mode, self._outside())
        number = self.options.parallel
        self.workers = [self.service.worker(self._outside(), nothing) for _ in range(number)] if number > 1 else []
        return self.service

    def _outside(self) -> Outside:
        return Outside(
            core=self.core,
            recordings=self.recordings,
            uploads=self.uploads,
            faults=self.faults,
            memory=self.memory,
            catalogs=PlainCatalogs(),
            clock=self.clock,
            prepare=lambda recorded: self.prepare(recorded),
            standing=lambda name: self.standing(name),
            spread=lambda low, high: (low + high) / 2,
            beat=self._beat,
            length=lambda recorded: self.length,
            short=self.short,
            sole=self.sole,
            window=self.window,
            hindrance=lambda recorded: self.hindrance(recorded),
            unasked=lambda recorded: self.unasked,
        )

    def _beat(self) -> None:
        self.beats += 1

    def record(self, uid: str = 'event-1', *, end: int = END, tracks: int = 2, **values: Any) -> Row:
        """Put a finished recording on the disk and into the database."""
        event = Event(uid, START, end)
        folder = self.root / event.name
        folder.mkdir(parents=True)
        (self.root / MARKER).touch()
        write_json(folder / 'recording.json', {'uid': uid})
        files = tuple(Track(f'kind{n}/source', folder / f'{uid}-{n}.mp4') for n in range(tracks))
        for n, track in enumerate(files):
            track.path.write_bytes(b'x' * 1000 * (n + 1))
        row = self.recordings.rows[uid, START] = Row(event, files, **values)
        return row

    def row(self, uid: str = 'event-1') -> Row:
        return self.recordings.rows[uid, START]

    def set(self, uid: str = 'event-1', **values: Any) -> None:
        """Change a row as a person does."""
        self.recordings.rows[uid, START] = replace(self.row(uid), **values)

    def step(self) -> float:
        """One piece of work of the service, and of each worker that has a thread of its own."""
        return min([self.service.step(), *(worker.step() for worker in self.workers)])

    def turn(self) -> float:
        """Work until the service wants to wait."""
        for _ in range(1000):
            seconds = self.step()
            if seconds:
                return seconds
        raise AssertionError('the service never waits')

    def run(self, seconds: float) -> None:
        """Let this much time pass with the service at work."""
        until = self.clock.steady + seconds
        while True:
            wait = self.turn()
            if self.clock.steady + wait > until:
                break
            self.clock.advance(wait)
        self.clock.advance(until - self.clock.steady)

    def run_until(self, *statuses: EventStatus, uid: str = 'event-1', within: float = 90000.0) -> None:
        """Let time pass until a recording is in one of the statuses."""
        until = self.clock.steady + within
        while self.row(uid).status not in statuses:
            assert self.clock.steady < until, f'{uid} is still {self.row(uid)}'
            self.clock.advance(self.step())

    def upload(self, uid: str = 'event-1') -> Upload:
        """The remembered steps on the disk."""
        upload = Uploads(self.root).load(self.row(uid).name)
        assert upload is not None
        return upload
