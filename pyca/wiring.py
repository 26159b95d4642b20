"""Puts the program together: settings in, running services out."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path

from pyca import __version__, config
from pyca.accounts import Accounts, Books
from pyca.agentstate.ports import Ports
from pyca.agentstate.service import AgentStateService
from pyca.capture import Capture
from pyca.clock import Clock, SystemClock
from pyca.errors import RecordingsUnusable
from pyca.heartbeat import Heartbeat
from pyca.ingest.journal import Uploads
from pyca.ingest.outside import Outside
from pyca.ingest.service import Ingest
from pyca.logs import Logs
from pyca.loop import Loop, Pulse, Service
from pyca.opencast import catalogs
from pyca.opencast.client import Core
from pyca.opencast.endpoints import Endpoints
from pyca.opencast.http import Http
from pyca.recording.delivery import Preparation
from pyca.recording.joining import Joiner
from pyca.recording.schedule import ScheduleFile
from pyca.recording.store import Store
from pyca.schedule.ports import Stores
from pyca.schedule.service import Schedule
from pyca.settings import Http as Limits
from pyca.settings import Settings
from pyca.states import ServiceType
from pyca.stop import Bell, Stop
from pyca.storage.database import Database
from pyca.storage.faults import Faults
from pyca.storage.memory import Memory
from pyca.storage.nodes import KnownNodes
from pyca.storage.recorded import Recordings
from pyca.storage.reports import Reports
from pyca.storage.services import Services
from pyca.storage.upcoming import Upcoming
from pyca.supervisor import HANGING, Crew, Duties, Supervisor
from pyca.systemd import Notifier
from pyca.unconfigured import Unconfigured
from pyca.values import listening

logger = logging.getLogger(__name__)

RUN = ('schedule', 'capture', 'ingest', 'agentstate')
ALL = (*RUN, 'ui')
QUICK = 1.0
"""Seconds after which a capture service whose turn failed tries again at the latest."""
PATIENT = 60.0
SILENCE = 60.0
"""Seconds without a sign of life after which capture, whose turns are quick, is no longer vouched for."""


def serve(settings: Settings, wanted: Collection[str], logs: Logs) -> int:
    """Run the wanted services until a signal comes; returns the exit code.

    Raises AlreadyRunning when another agent records into the same folder.
    """
    logger.info('pyCA %s as %s, %s', __version__, settings.agent.name, settings.source or 'without a configuration')
    for warning in settings.warnings:
        logger.warning('%s', warning)
    house = House(settings)
    notifier = Notifier()
    with ExitStack() as opened:
        opened.callback(notifier.close)
        opened.callback(house.database.close)
        if 'capture' in wanted:
            _lock(house.store, opened)
        crews = Crews(house, wanted)
        return Supervisor(crews.all, crews.duties(logs.reopen), notifier).run()


def _lock(store: Store, opened: ExitStack) -> None:
    """Keep a second agent away. A folder that cannot be used now must not keep this one from starting."""
    try:
        opened.enter_context(store.lock())
    except RecordingsUnusable as error:
        logger.error('%s', error)


class House:
    """What the services of one process share."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.database = Database(settings.agent.database, self.clock)
        self.memory = Memory(self.database)
        self.recordings = Recordings(self.database)
        self.faults = Faults(self.database)
        self.store = Store(Path(settings.capture.directory))

    def core(self, stop: Stop, pulse: Pulse, *, rate: int = 0) -> Core:
        """A way to the core for one service; a stop ends its requests."""
        server, limits = self.settings.server, self.settings.http
        http = Http(server, limits, rate=rate, interrupted=lambda: stop.requested, beat=pulse.beat, clock=self.clock)
        return self._core(http)

    def last_word(self, limit: float) -> Core:
        """A way to the core for the very last message, ended by the limit in seconds and not by a stop."""
        end = self.clock.monotonic() + limit
        limits = Limits(max(1, int(limit)), max(1, int(limit)))
        late = lambda: self.clock.monotonic() > end  # noqa: E731
        return self._core(Http(self.settings.server, limits, interrupted=late, clock=self.clock))

    def _core(self, http: Http) -> Core:
        endpoints = Endpoints(http, self.settings.server, KnownNodes(self.memory), self.clock)
        return Core(http, endpoints, self.settings.agent.name)


class Crews:
    """The loops of one process, in the order in which they stop.

    First whoever makes news, then the accounts that write it down, then the one that tells the core, last the one that
    says in the database that all have stopped.
    """

    def __init__(self, house: House, wanted: Collection[str]) -> None:
        self._house = house
        self._wanted = wanted
        self._bells: defaultdict[str, Bell] = defaultdict(Bell)
        books = Books(house.recordings, house.faults, house.memory, self._bells['agentstate'].ring)
        backup_mode = house.settings.agent.backup_mode
        self._accounts = Accounts(
            house.store, books, house.clock, backup_mode=backup_mode, bell=self._bells['accounts']
        )
        self._capture: Capture | None = None
        self._agentstate: AgentStateService | None = None
        self._loops: dict[str, Loop] = {}
        self.all = self._idle(wanted) if config.public_demo(house.settings) else self._crews(wanted)

    def duties(self, hangup: Callable[[], None]) -> Duties:
        """What the supervisor has to look after."""
        capture = self._loops.get('capture')
        vital, silence = (capture, SILENCE) if capture else (next(iter(self._loops.values())), HANGING)
        return Duties(vital, silence, self._quiet, self._status, hangup, self._hurry)

    def _crews(self, wanted: Collection[str]) -> list[Crew]:
        makers: dict[str, Callable[[Stop, Pulse], Service]] = {
            'schedule': self._make_schedule,
            'ingest': self._make_ingest,
            'capture': self._make_capture,
            'ui': self._make_ui,
        }
        working, accounting, telling = Stop(), Stop(), Stop()
        crews = [Crew([self._loop(name, makers[name], working) for name in wanted if name in makers], working)]
        if 'capture' in wanted:
            crews.append(Crew([self._loop('accounts', lambda *_: self._accounts, accounting)], accounting))
        if 'agentstate' in wanted:
            loop = self._loop('agentstate', self._make_agentstate, telling)
            crews.append(Crew([loop], telling, lambda: self._agentstate.goodbye() if self._agentstate else None))
        return [*crews, self._heartbeat()]

    def _idle(self, wanted: Collection[str]) -> list[Crew]:
        stop = Stop()
        loops = [self._loop('capture', lambda *_: Unconfigured(self._house.faults, self._house.clock), stop)]
        if 'ui' in wanted:
            loops.append(self._loop('ui', self._make_ui, stop))
        return [Crew(loops, stop)]

    def _heartbeat(self) -> Crew:
        house, stop = self._house, Stop()
        services = {service: self._loops[service.label] for service in ServiceType if service.label in self._loops}
        listeners = [bell for name, bell in self._bells.items() if name in ('ingest', 'agentstate', 'capture')]
        heartbeat = Heartbeat(house.database, Services(house.database), services, listeners, house.clock)
        heartbeat.on_new_database = self._accounts.compare
        return Crew([self._loop('heartbeat', lambda *_: heartbeat, stop)], stop)

    def _loop(self, name: str, make: Callable[[Stop, Pulse], Service], stop: Stop) -> Loop:
        pulse, bell = Pulse(self._house.clock), self._bells[name]
        stop.add(bell)
        patience = QUICK if name == 'capture' else PATIENT
        self._loops[name] = Loop(make(stop, pulse), stop=stop, bell=bell, pulse=pulse, patience=patience)
        return self._loops[name]

    def _make_schedule(self, stop: Stop, pulse: Pulse) -> Service:
        house, settings = self._house, self._house.settings
        file = ScheduleFile(house.store.schedule_path, house.clock, self._bells['capture'].ring)
        stores = Stores(Upcoming(house.database), file, house.memory, house.faults)
        return Schedule(settings.agent, settings.server.url, house.core(stop, pulse), stores, house.clock)

    def _make_capture(self, stop: Stop, pulse: Pulse) -> Service:
        house = self._house
        self._capture = Capture(house.settings.capture, house.store, self._accounts, house.clock)
        return self._capture

    def _make_ingest(self, stop: Stop, pulse: Pulse) -> Service:
        house, settings = self._house, self._house.settings
        preparation = Preparation(house.store.root, Joiner(interrupted=pulse.beating(lambda: stop.requested)))
        outside = Outside(
            core=house.core(stop, pulse, rate=settings.ingest.upload_rate),
            recordings=house.recordings,
            uploads=Uploads(house.store.root),
            faults=house.faults,
            memory=house.memory,
            catalogs=catalogs,
            clock=house.clock,
            prepare=lambda recorded: preparation.tracks(recorded.name) or recorded.tracks,
            beat=pulse.beat,
        )
        return Ingest(settings.ingest, settings.agent.backup_mode, outside)

    def _make_agentstate(self, stop: Stop, pulse: Pulse) -> Service:
        house, settings = self._house, self._house.settings
        ports = Ports(house.core(stop, pulse), house.last_word, house.recordings, Reports(house.database), house.faults)
        self._agentstate = AgentStateService(settings.agent, settings.ui.url, ports, house.clock)
        return self._agentstate

    def _make_ui(self, stop: Stop, pulse: Pulse) -> Service:
        from pyca.ui.application import create_app  # only here: the services run without Flask
        from pyca.ui.server import Server

        house = self._house
        app = create_app(house.settings, house.database, house.clock)
        server = Server(app, *listening(house.settings.ui.bind))
        if len(self._wanted) == 1:  # beside a recorder, the page must not be what keeps it from starting
            server.open()
        return server

    def _quiet(self) -> bool:
        return self._capture is None or self._capture.quiet

    def _status(self) -> str:
        if self._capture is not None and self._capture.busy:
            return 'Capturing'
        ingest = self._loops.get('ingest')
        return 'Uploading' if ingest is not None and ingest.service.busy else 'Waiting'

    def _hurry(self) -> None:
        if self._capture is not None:
            self._capture.force()
