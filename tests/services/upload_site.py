"""An upload service with the real client, the real database and real files, against the stand-in core.

The clock is moved by hand, so that a day of waiting takes no time; the requests are real.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyca import settings
from pyca.clock import Clock, SystemClock
from pyca.demo.records import Delivery
from pyca.demo.standin import StandIn
from pyca.event import UNSCHEDULED, Event, Track
from pyca.ingest import Ingest, Outside
from pyca.ingest.journal import Upload, Uploads
from pyca.opencast import catalogs
from pyca.opencast.client import Core
from pyca.opencast.endpoints import Endpoints
from pyca.opencast.http import Http
from pyca.recording.delivery import Preparation, Prepared, offer
from pyca.recording.joining import Joiner
from pyca.recording.journal import Journal, Phase, Segment
from pyca.recording.standing import Standing
from pyca.recording.verdict import End
from pyca.states import EventStatus
from pyca.storage.database import Database
from pyca.storage.faults import Faults
from pyca.storage.memory import Memory
from pyca.storage.nodes import KnownNodes
from pyca.storage.recorded import Recorded, Recordings, Said
from pyca.storage.reports import Reports
from tests.services.ingest_world import END, START, HandClock

SIZES = (200_000, 300_000)
"""Bytes of the tracks."""
WHOLE = {'single': '/addMediaPackage', 'zip': '/addZippedMediaPackage'}
"""The calls that take everything in one request, by the method that uses them."""
FLAVORS = ('presenter/source', 'presentation/source')


@dataclass(frozen=True)
class Hurry:
    """A clock that goes `times` as fast as the real one, for limits that only a transfer under way can reach."""

    times: float = 1.0

    def now(self) -> float:
        return SystemClock().now() * self.times

    def monotonic(self) -> float:
        return SystemClock().monotonic() * self.times


class Site:
    """A recordings folder with an upload service, which can be started anew."""

    def __init__(self, folder: Path, core: StandIn, clock: HandClock, *, sizes: tuple[int, ...] = SIZES) -> None:
        self.root = folder / 'recordings'
        self.root.mkdir(parents=True)
        self.core = core
        self.clock = clock
        self.sizes = sizes
        self.agent = 'hall-1'
        self.login = ('admin', 'opencast')
        self.options = settings.Ingest()
        self.transfer: Clock = SystemClock()
        self.stall = 120.0
        self.database = Database(f'sqlite:///{folder}/pyca.db', clock)
        self.recordings = Recordings(self.database)
        self.uploads = Uploads(self.root)
        self.attachments: tuple[tuple[str, str], ...] = ()
        self.standing: Callable[[str], Standing] = lambda name: Standing()
        self.free: Callable[[], int | None] = lambda: None
        self.service = self.start()

    def start(self) -> Ingest:
        """A new run of the program over what is on the disk and in the database."""
        name, password = self.login
        server = settings.Server(url=self.core.url, username=name, password=password)
        http, beside = (Http(server, settings.Http(60, 60), clock=self.transfer, stall=self.stall) for _ in range(2))
        memory = Memory(self.database)
        endpoints = Endpoints(http, server, KnownNodes(memory), self.clock)
        preparation = Preparation(lambda name: self.root / name, Joiner())
        self.outside = Outside(
            core=Core(http, endpoints, self.agent),
            aside=Core(beside, endpoints, self.agent),
            recordings=self.recordings,
            uploads=self.uploads,
            faults=Faults(self.database),
            memory=memory,
            catalogs=catalogs,
            clock=self.clock,
            prepare=lambda recorded: preparation.tracks(recorded.name) or Prepared(recorded.tracks),
            attachments=lambda recorded: [
                Track(flavor, self.root / recorded.name / name) for name, flavor in self.attachments
            ],
            standing=lambda name: self.standing(name),
            spread=random.Random(1).uniform,
            ended=lambda recorded: preparation.ended(recorded.name),
            agent=self.agent,
        )
        self.service = Ingest(self.options, False, self.outside)
        return self.service

    def close(self) -> None:
        self.service.close()
        self.database.close()

    def record(
        self,
        uid: str = 'event-1',
        *,
        seconds: float = END - START,
        known: bool = True,
        title: str = 'Lecture',
        moved: int = 0,
        attached: Mapping[str, str] | None = None,
    ) -> Recorded:
        """A finished recording with two tracks, on the disk and in the database; the core has scheduled it.

        `attached` are the files of its calendar entry; `moved` by so many seconds it is another time of the same event.
        """
        attach = [{'x-apple-filename': name, 'fmttype': '', 'data': text} for name, text in (attached or {}).items()]
        if known and not moved:
            self.core.add_event(uid, agent='hall-1', start=START, end=END)
        event = Event(uid, START + moved, END + moved, title, {'uid': uid, 'attach': attach})
        return self._recorded(event, seconds)

    def begun_here(
        self, title: str = 'Visitors', *, uid: str = 'event-1', end: int = END, seconds: float = END - START
    ) -> Recorded:
        """The same of what a person began on the spot, so that the core knows nothing of it."""
        return self._recorded(Event(uid, START, end, title, {UNSCHEDULED: True}), seconds)

    def _recorded(self, event: Event, seconds: float) -> Recorded:
        uid = event.uid
        folder = self.root / event.name
        folder.mkdir()
        files = [f'{uid}-{number}.mkv' for number in range(len(self.sizes))]
        for number, (name, size) in enumerate(zip(files, self.sizes, strict=True)):
            (folder / name).write_bytes(random.Random(number).randbytes(size))
        segment = Segment(0, START, END, files, float(START), START + seconds, 0, [], End.GOOD)
        journal = Journal(folder, event, FLAVORS, Phase.FINISHED, [segment])
        journal.save()
        self.recordings.mirror(event, Said(EventStatus.FINISHED_RECORDING, 'finished', tuple(offer(journal))))
        return self.row(uid)

    def row(self, uid: str = 'event-1') -> Recorded:
        row = self.recordings.get(uid)
        assert row is not None
        return row

    def folder(self, uid: str = 'event-1') -> Path:
        return self.root / self.row(uid).name

    def upload(self, uid: str = 'event-1') -> Upload:
        """The remembered steps on the disk."""
        upload = self.uploads.load(self.row(uid).name)
        assert upload is not None
        return upload

    def run(self, seconds: float, *, stride: float = 0.0) -> None:
        """Let this much time pass with the service at work; who lets days pass takes larger strides."""
        until = self.clock.steady + seconds
        while self.clock.steady < until:
            self.clock.advance(min(self._turn(stride), until - self.clock.steady))

    def run_until(
        self, *statuses: EventStatus, uid: str = 'event-1', within: float = 3600.0, stride: float = 0.0
    ) -> None:
        """Let time pass until a recording is in one of the statuses."""
        until = self.clock.steady + within
        while self.row(uid).status not in statuses:
            assert self.clock.steady < until, f'{uid} is still {self.row(uid)}'
            self.clock.advance(self._turn(stride))

    def _turn(self, stride: float) -> float:
        wait = self.service.step()
        return max(wait, stride) if wait else 0.0

    def the_delivery(self, uid: str = 'event-1') -> Delivery:
        """The one accepted final call of an event, with all that was recorded."""
        found = [delivery for delivery in self.core.deliveries if delivery.uid == uid]
        assert len(found) == 1, f'{uid} was accepted {len(found)} times'
        assert found[0].matched_event is not self.row(uid).event.unscheduled
        assert [(track.flavor, track.size) for track in found[0].tracks] == list(zip(FLAVORS, self.sizes, strict=True))
        return found[0]

    def calls(self) -> Counter[str]:
        """How often the core was asked what: the last word of the path without ids."""
        return Counter(_word(request.path) for request in self.core.requests)

    def sent(self) -> int:
        """Bytes that the core has read of tracks."""
        calls = ('/addTrack', *WHOLE.values())
        return sum(request.bytes_in for request in self.core.requests if request.path.endswith(calls))

    def taken(self) -> int:
        """How many tracks a node took whole, and said so."""
        tracks = [request for request in self.core.requests if request.path.endswith('/addTrack')]
        return sum(request.status == 200 for request in tracks)

    def told(self) -> list[str]:
        """What the core is to be told about recordings, oldest first."""
        return [report.state.value for report in Reports(self.database).pending()]

    def faults(self) -> dict[str, str]:
        return {row.fault.value: row.text for row in Faults(self.database).all()}


def _word(path: str) -> str:
    parts = path.strip('/').split('/')
    return next(part for part in reversed(parts) if part not in ('event-1', 'event-2'))
