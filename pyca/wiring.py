"""Puts the program together: settings in, running services out."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import ExitStack

from pyca import __version__, config
from pyca.accounts import Accounts, Books
from pyca.accounts_orders import Errands
from pyca.agentstate.ports import Ports
from pyca.agentstate.service import AgentStateService
from pyca.capture import Capture
from pyca.errors import RecordingsUnusable
from pyca.heartbeat import Heartbeat
from pyca.house import House
from pyca.ingest import Ingest, Outside, SoleUploader, shortage
from pyca.ingest.journal import Uploads
from pyca.logs import Logs
from pyca.loop import Loop, Pulse, Service
from pyca.opencast import catalogs
from pyca.order import Desk
from pyca.recording.delivery import Preparation
from pyca.recording.joining import Joiner
from pyca.recording.schedule import ScheduleFile
from pyca.recording.standing import standing
from pyca.recording.store import Store
from pyca.schedule.ports import Stores
from pyca.schedule.service import Schedule
from pyca.settings import Settings
from pyca.states import ServiceType
from pyca.stop import Bell, Stop
from pyca.storage.orders import Orders
from pyca.storage.reports import Reports
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


class Crews:
    """The loops of one process, in the order in which they stop.

    First whoever makes news, then the accounts that write it down, then the one that tells the core, last the one that
    says in the database that all have stopped.
    """

    def __init__(self, house: House, wanted: Collection[str]) -> None:
        self._house = house
        self._wanted = wanted
        self._bells: defaultdict[str, Bell] = defaultdict(Bell)
        self._desk = Desk(self._bells['capture'].ring, self._bells['accounts'].ring)
        errands = Errands(Orders(house.database), self._desk, house.clock)
        books = Books(house.recordings, house.faults, house.memory, self._bells['agentstate'].ring, errands.step)
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
        listening = ('ingest', 'agentstate', 'capture', 'accounts')
        listeners = [bell for name, bell in self._bells.items() if name in listening]
        heartbeat = Heartbeat(house.database, house.services, services, listeners, house.clock)
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
        file = ScheduleFile(house.store, house.clock, self._bells['capture'].ring)
        stores = Stores(Upcoming(house.database), file, house.memory, house.faults)
        return Schedule(settings.agent, settings.server.url, house.core(stop, pulse), stores, house.clock)

    def _make_capture(self, stop: Stop, pulse: Pulse) -> Service:
        house = self._house
        self._capture = Capture(house.settings.capture, house.store, self._accounts, house.clock)
        self._capture.desk = self._desk
        return self._capture

    def _make_ingest(self, stop: Stop, pulse: Pulse) -> Service:
        house, settings = self._house, self._house.settings
        preparation = Preparation(house.store.find, Joiner(interrupted=pulse.beating(lambda: stop.requested)))
        outside = Outside(
            core=house.core(stop, pulse, rate=settings.ingest.upload_rate),
            recordings=house.recordings,
            uploads=Uploads(house.store.root, house.store.standby),
            faults=house.faults,
            memory=house.memory,
            catalogs=catalogs,
            clock=house.clock,
            prepare=lambda recorded: preparation.tracks(recorded.name) or recorded.tracks,
            standing=lambda name: standing(house.store.find(name), house.clock.now()),
            beat=pulse.beat,
            length=lambda recorded: preparation.length(recorded.name),
            short=shortage(house.store.root, settings.capture.min_free),
            sole=SoleUploader(house.store.root),
            contacts=house.contacts,
        )
        return Ingest(settings.ingest, settings.agent.backup_mode, outside)

    def _make_agentstate(self, stop: Stop, pulse: Pulse) -> Service:
        house, settings = self._house, self._house.settings
        core, posted = house.core(stop, pulse), house.contacts.posted
        ports = Ports(core, house.last_word, house.recordings, Reports(house.database), house.faults, posted)
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
