"""Puts the program together: settings in, running services out."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import ExitStack
from functools import partial

from pyca import __version__, config
from pyca.accounts import Accounts, Ledgers
from pyca.accounts.orders import Errands
from pyca.agentstate.ports import Ports
from pyca.agentstate.service import AgentStateService
from pyca.capture import Capture
from pyca.context import Context
from pyca.errors import RecordingsUnusable
from pyca.heartbeat import Heartbeat, Listeners
from pyca.ingest import Ingest
from pyca.logs import Logs
from pyca.loop import Loop, Pulse, Service
from pyca.opencast import catalogs
from pyca.opencast.capabilities import document
from pyca.opencast.zone import zone_name
from pyca.order import Desk
from pyca.recording.account import CapturePorts
from pyca.recording.schedule import ScheduleFile
from pyca.recording.store import Store
from pyca.schedule.ports import Stores
from pyca.schedule.service import PROVEN, Schedule
from pyca.settings import Settings
from pyca.states import ServiceType
from pyca.stop import Bell, Stop
from pyca.storage.counts import Counts
from pyca.storage.orders import Orders
from pyca.storage.reports import Reports
from pyca.storage.upcoming import Upcoming
from pyca.supervisor import HANGING, Duties, ServiceGroup, Supervisor
from pyca.systemd import Notifier
from pyca.unconfigured import Unconfigured
from pyca.values import listening
from pyca.wiring_uploads import outside

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
    context = Context(settings)
    notifier = Notifier()
    with ExitStack() as opened:
        opened.callback(notifier.close)
        opened.callback(context.database.close)
        if 'capture' in wanted:
            _lock(context.store, opened)
        groups = ServiceGroups(context, wanted)
        return Supervisor(groups.all, groups.duties(logs.reopen), notifier).run()


def _lock(store: Store, opened: ExitStack) -> None:
    """Keep a second agent away. A folder that cannot be used now must not keep this one from starting."""
    try:
        opened.enter_context(store.lock())
    except RecordingsUnusable as error:
        logger.error('%s', error)


class ServiceGroups:
    """The loops of one process, in the order in which they stop.

    First whoever makes news, then the accounts that write it down, then the one that tells the core, last the one that
    says in the database that all have stopped.
    """

    def __init__(self, context: Context, wanted: Collection[str]) -> None:
        self._context = context
        self._wanted = wanted
        self._bells: defaultdict[str, Bell] = defaultdict(Bell)
        self._desk = Desk(self._bells['capture'].ring, self._bells['accounts'].ring)
        errands = Errands(Orders(context.database), self._desk, context.clock)
        counts, told = Counts(context.database), self._bells['agentstate'].ring
        ledgers = Ledgers(context.recordings, context.faults, context.memory, counts, told, errands.step)
        backup_mode = context.settings.agent.backup_mode
        self._accounts = Accounts(
            context.store, ledgers, context.clock, backup_mode=backup_mode, bell=self._bells['accounts']
        )
        self._capture: Capture | None = None
        self._ingest: Ingest | None = None
        self._agentstate: AgentStateService | None = None
        self._loops: dict[str, Loop] = {}
        self.all = self._idle(wanted) if config.public_demo(context.settings) else self._groups(wanted)

    def duties(self, hangup: Callable[[], None]) -> Duties:
        """What the supervisor has to look after."""
        capture = self._loops.get('capture')
        vital, silence = (capture, SILENCE) if capture else (next(iter(self._loops.values())), HANGING)
        return Duties(vital, silence, self._quiet, self._status, hangup, self._hurry)

    def _groups(self, wanted: Collection[str]) -> list[ServiceGroup]:
        makers: dict[str, Callable[[Stop, Pulse], Service]] = {
            'schedule': self._make_schedule,
            'ingest': self._make_ingest,
            'capture': self._make_capture,
            'ui': self._make_ui,
        }
        working, accounting, telling = Stop(), Stop(), Stop()
        loops = [self._loop(name, makers[name], working) for name in wanted if name in makers]
        groups = [ServiceGroup([*loops, *self._workers(working)], working)]
        if 'capture' in wanted:
            groups.append(ServiceGroup([self._loop('accounts', lambda *_: self._accounts, accounting)], accounting))
        if 'agentstate' in wanted:
            loop = self._loop('agentstate', self._make_agentstate, telling)
            groups.append(
                ServiceGroup([loop], telling, lambda: self._agentstate.goodbye() if self._agentstate else None)
            )
        return [*groups, self._heartbeat()]

    def _workers(self, stop: Stop) -> list[Loop]:
        """The threads that upload, where several may; the one of the service itself is enough for one upload."""
        number = self._context.settings.ingest.parallel
        if self._ingest is None or number == 1:
            return []
        names = [f'ingest-{count}' for count in range(1, number + 1)]
        return [self._loop(name, partial(self._make_worker, self._ingest, name), stop) for name in names]

    def _idle(self, wanted: Collection[str]) -> list[ServiceGroup]:
        stop = Stop()
        loops = [self._loop('capture', lambda *_: Unconfigured(self._context.faults, self._context.clock), stop)]
        if 'ui' in wanted:
            loops.append(self._loop('ui', self._make_ui, stop))
        return [ServiceGroup(loops, stop)]

    def _heartbeat(self) -> ServiceGroup:
        context, stop = self._context, Stop()
        services = {service: self._loops[service.label] for service in ServiceType if service.label in self._loops}
        woken = ('ingest', 'agentstate', 'capture', 'accounts')
        bells = [bell for name, bell in self._bells.items() if name in woken]
        listeners = Listeners(bells, self._accounts.compare)
        heartbeat = Heartbeat(context.database, context.services, services, listeners, context.clock)
        return ServiceGroup([self._loop('heartbeat', lambda *_: heartbeat, stop)], stop)

    def _loop(self, name: str, make: Callable[[Stop, Pulse], Service], stop: Stop) -> Loop:
        pulse, bell = Pulse(self._context.clock), self._bells[name]
        stop.add(bell)
        patience = QUICK if name == 'capture' else PATIENT
        self._loops[name] = Loop(make(stop, pulse), stop=stop, bell=bell, pulse=pulse, patience=patience)
        return self._loops[name]

    def _make_schedule(self, stop: Stop, pulse: Pulse) -> Service:
        context, settings = self._context, self._context.settings
        file = ScheduleFile(context.store, context.clock, self._bells['capture'].ring)
        stores = Stores(Upcoming(context.database), file, context.memory, context.faults)
        return Schedule(settings.agent, settings.server.url, context.core(stop, pulse), stores, context.clock)

    def _make_capture(self, stop: Stop, pulse: Pulse) -> Service:
        context = self._context
        ports = CapturePorts(self._accounts, self._desk, catalogs.selected_inputs)
        self._capture = Capture(context.settings.capture, context.store, ports, context.clock)
        return self._capture

    def _make_ingest(self, stop: Stop, pulse: Pulse) -> Service:
        settings, told = self._context.settings, self._bells['ingest'].ring
        self._ingest = Ingest(settings.ingest, settings.agent.backup_mode, outside(self._context, stop, pulse, told))
        return self._ingest

    def _make_worker(self, ingest: Ingest, name: str, stop: Stop, pulse: Pulse) -> Service:
        """One of several ways to upload, with a connection of its own."""
        told, wake = self._bells['ingest'].ring, self._bells[name].ring
        return ingest.worker(outside(self._context, stop, pulse, told), wake)

    def _make_agentstate(self, stop: Stop, pulse: Pulse) -> Service:
        context, settings = self._context, self._context.settings
        core, posted = context.core(stop, pulse), context.contacts.posted
        offered = lambda: document(settings, settings.agent.timezone or zone_name())  # noqa: E731
        tells = lambda: context.memory.get(PROVEN) == settings.server.url  # noqa: E731
        reports = Reports(context.database)
        ports = Ports(core, context.last_word, context.recordings, reports, context.faults, posted, offered, tells)
        self._agentstate = AgentStateService(settings.agent, settings.ui.url, ports, context.clock)
        return self._agentstate

    def _make_ui(self, stop: Stop, pulse: Pulse) -> Service:
        from pyca.ui.application import create_app  # only here: the services run without Flask
        from pyca.ui.server import Server

        context = self._context
        app = create_app(context.settings, context.database, context.clock)
        server = Server(app, *listening(context.settings.ui.bind))
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
