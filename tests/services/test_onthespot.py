"""Recordings begun, ended and made longer from the command line, with somebody who obeys at the other end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyca.cli.record import Wish
from pyca.clock import SystemClock
from pyca.demo.faults import Fault, Kind
from pyca.demo.records import Event as Scheduled
from pyca.demo.standin import StandIn
from pyca.errors import PycaError
from pyca.event import UNSCHEDULED, Event
from pyca.onthespot import Conflict
from pyca.opencast.http import Http
from pyca.order import Order, OrderKind
from pyca.settings import Agent, Capture, Ingest, Server, Settings
from pyca.settings import Http as Limits
from pyca.states import EventStatus, ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.orders import Orders
from pyca.storage.recorded import Recordings, Said
from pyca.storage.services import Services
from pyca.storage.upcoming import Upcoming


@pytest.fixture
def core(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', strict=True) as standin:
        yield standin


class Room:
    """A database with a capture service behind it that does what it is told, whenever somebody waits for it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.clock = SystemClock()
        self.database = Database(f'sqlite:///{folder}/pyca.db', self.clock)
        self.recordings = Recordings(self.database)
        self.orders = Orders(self.database)
        server = Server(url=url, username='capture-agent', password='lecture-hall')
        self.settings = Settings(agent=Agent(name='pyca@hall-1'), server=server)
        self.seen: list[Order] = []
        self.answer: tuple[bool, str] | None = (True, 'It is recorded until 11:30:00.')
        self.phase = 'recording'
        self.hangs: Callable[[], bool] = lambda: False  # whether the core lets the person wait
        self.beat()

    def beat(self, status: ServiceStatus = ServiceStatus.IDLE) -> None:
        Services(self.database).beat({ServiceType.CAPTURE: status})

    def obey(self, _seconds: float) -> None:
        for placed in self.orders.open():
            if self.answer is None:
                return
            self.seen.append(placed.order)
            self.orders.answer(placed.id, done=self.answer[0], text=self.answer[1])
            if placed.order.kind is OrderKind.RECORD and self.answer[0]:
                self.runs(placed.order.uid, placed.order.title)

    def runs(self, uid: str, title: str = 'Visitors', *, here: bool = True) -> None:
        start = int(self.clock.now())
        event = Event(uid, start, start + 600, title, {UNSCHEDULED: True} if here else {'uid': uid})
        self.recordings.mirror(event, Said(EventStatus.RECORDING, self.phase, cause='' if here else 'x'))

    def wish(self) -> Wish:
        return Wish(self.settings, self.database, self.clock, self.obey, self.connect)

    def connect(self, late: Callable[[], bool]) -> Http:
        """A person is patient with a slow machine, and not with a core that hangs."""
        return Http(self.settings.server, Limits(60, 60), interrupted=lambda: self.hangs() and late())

    def configured(self, *, overlap: str = 'first', backup: bool = False, workflow: str = '') -> None:
        """With what is begun on the spot put into the core's schedule before."""
        capture, agent = Capture(schedule_first=True, overlap=overlap), Agent(name='pyca@hall-1', backup_mode=backup)
        server = self.settings.server
        self.settings = Settings(agent=agent, capture=capture, ingest=Ingest(workflow=workflow), server=server)

    def the_order(self) -> Order:
        (order,) = self.seen
        return order


@pytest.fixture
def room(tmp_path: Path, core: StandIn) -> Iterator[Room]:
    made = Room(tmp_path, core.url)
    yield made
    made.database.close()


def the_event(core: StandIn) -> Scheduled:
    (event,) = core.model.events.values()
    return event


def test_a_recording_is_begun_and_its_recorder_runs(room: Room, core: StandIn) -> None:
    said = room.wish().record(30, 'Visitors')
    order = room.the_order()
    assert said == f'The recorder of "Visitors" ({order.uid}) runs. It is recorded until 11:30:00.'
    assert (order.kind, order.minutes, order.title, order.start) == (OrderKind.RECORD, 30, 'Visitors', 0)
    assert core.requests == []


def test_without_a_title_it_gets_the_agent_s_name_and_the_time(room: Room) -> None:
    before = time.time() * 1000
    room.wish().record(30, '')
    name, _, moment = room.the_order().title.rpartition('-')
    assert name == 'Unscheduled-pyca@hall-1'
    assert before - 1 <= int(moment) <= time.time() * 1000 + 1


@pytest.mark.parametrize('status', [ServiceStatus.STOPPED, None])
def test_an_agent_that_does_not_run_is_said(room: Room, status: ServiceStatus | None) -> None:
    if status is None:
        with room.database.write() as connection:
            connection.exec_driver_sql('DELETE FROM service_states')
    else:
        room.beat(status)
    with pytest.raises(PycaError, match='The agent is not running'):
        room.wish().record(5, '')
    with pytest.raises(PycaError, match='The agent is not running'):
        room.wish().stop('')
    with pytest.raises(PycaError, match='The agent is not running'):
        room.wish().extend('', 5)
    assert room.orders.open() == []


def test_an_agent_without_a_core_is_said(room: Room) -> None:
    room.settings = Settings()
    with pytest.raises(PycaError, match='no url'):
        room.wish().record(5, '')


def test_a_refusal_is_said_with_its_reason(room: Room) -> None:
    room.answer = (False, 'Analysis has the device.')
    with pytest.raises(PycaError, match='Analysis has the device'):
        room.wish().record(5, '')


def test_an_agent_that_does_not_answer_is_said(room: Room) -> None:
    room.answer = None
    with pytest.raises(PycaError, match='does not answer'):
        room.wish().record(5, '')


def test_a_recorder_that_does_not_run_is_said(room: Room) -> None:
    room.phase = 'failing'
    with pytest.raises(PycaError, match='its recorder does not run yet'):
        room.wish().record(5, '')


def test_what_runs_is_ended_and_made_longer(room: Room) -> None:
    room.runs('a')
    assert room.wish().stop('') == '"Visitors" (a): It is recorded until 11:30:00.'
    room.wish().extend('', 10)
    assert [(order.uid, order.kind, order.minutes) for order in room.seen] == [
        ('a', OrderKind.END, 0),
        ('a', OrderKind.EXTEND, 10),
    ]


def test_of_several_the_one_that_was_begun_here_is_meant_or_the_one_that_is_named(room: Room) -> None:
    room.runs('lecture', 'Analysis', here=False)
    room.runs('a')
    room.wish().stop('')
    room.wish().stop('lect')
    room.runs('b')
    with pytest.raises(PycaError, match=r'say with --uid which one is meant: .*"Analysis" \(lecture\)'):
        room.wish().stop('')
    assert [order.uid for order in room.seen] == ['a', 'lecture']


def test_where_nothing_runs_nothing_is_ended(room: Room) -> None:
    with pytest.raises(PycaError, match='Nothing is being recorded'):
        room.wish().stop('')
    with pytest.raises(PycaError, match='x is not being recorded'):
        room.wish().extend('x', 5)


def test_the_core_schedules_it_first(room: Room, core: StandIn) -> None:
    room.configured(workflow='fast')
    said = room.wish().record(30, 'Visitors')
    order, event = room.the_order(), the_event(core)
    assert (event.uid, event.agent, event.title, event.workflow) == (order.uid, 'pyca@hall-1', 'Visitors', 'fast')
    assert (event.start, event.end) == (order.start, order.start + 1800)
    assert abs(order.start - time.time()) < 30
    assert 'did not say' not in said
    assert core.violations == []


def test_it_is_scheduled_up_to_the_next_event(room: Room, core: StandIn) -> None:
    room.configured()
    start = int(time.time()) + 630
    Upcoming(room.database).replace([Event('next', start, start + 600)], core.url, time.time())
    core.add_event('next', agent='pyca@hall-1', start=start, end=start + 600)
    room.wish().record(30, 'Visitors')
    order = room.the_order()
    assert (order.minutes, core.model.events[order.uid].end) == (10, order.start + 600)


def test_a_conflict_is_said_and_nothing_recorded(room: Room, core: StandIn) -> None:
    room.configured()
    core.add_event('other', agent='pyca@hall-1', start=time.time() + 300, end=time.time() + 900)
    with pytest.raises(Conflict, match='another event at that time'):
        room.wish().record(30, 'Visitors')
    assert room.seen == []


@pytest.mark.parametrize(
    ('how', 'says'),
    [
        (Fault('POST /ingest/schedule', Kind.STATUS, status=500), '500'),
        (Fault('', Kind.STATUS, status=503, times=None), '503'),
        (Fault('', Kind.STATUS, status=403, times=None), '403'),
        (Fault('', Kind.DROP, times=None), ''),
        (Fault('', Kind.HTML, times=None), ''),
        (Fault('createMediaPackage', Kind.HANG, times=None), ''),
    ],
    ids=['error', 'no room', 'forbidden', 'away', 'a page', 'no answer to the first request'],
)
def test_whatever_the_core_does_it_is_recorded(room: Room, core: StandIn, how: Fault, says: str) -> None:
    room.configured()
    core.faults.add(how)
    room.hangs = lambda: how.kind is Kind.HANG and how.hits > 0
    said = room.wish().record(30, 'Visitors')
    assert (room.the_order().start, room.the_order().doubtful) == (0, False)
    note = said.partition('\nThe core did not say that it scheduled it: ')[2]
    assert note
    assert says in note
    assert 'perhaps it has' not in note


@pytest.mark.parametrize('makes_up', [False, True], ids=['our id', 'an id of its own'])
@pytest.mark.parametrize('how', [Kind.HANG, Kind.LOSE_ANSWER], ids=['no answer', 'its answer gets lost'])
def test_what_the_core_has_perhaps_scheduled_is_recorded_as_that_event(
    room: Room, core: StandIn, how: Kind, makes_up: bool
) -> None:
    """A person ends it, or makes it longer, before the calendar has brought it: that has to hold then."""
    room.configured()
    if makes_up:
        core.faults.add(Fault('createMediaPackageWithID', Kind.STATUS, status=404))
    fault = core.faults.add(Fault('POST /ingest/schedule', how, times=None))
    room.hangs = lambda: how is Kind.HANG and fault.hits > 0
    said = room.wish().record(30, 'Visitors')
    order = room.the_order()
    assert (order.doubtful, order.minutes) == (True, 30)
    assert abs(order.start - time.time()) < 30
    assert 'perhaps it has' in said
    assert 'tried again' not in said
    for event in core.model.events.values():
        assert (event.uid, event.start, event.end) == (order.uid, order.start, order.start + 1800)


@pytest.mark.parametrize('reason', ['the device is not free', 'backup mode'])
def test_nothing_is_scheduled_for_nothing(room: Room, core: StandIn, reason: str) -> None:
    room.configured(backup=reason == 'backup mode')
    if reason == 'the device is not free':
        room.runs('lecture', here=False)
    room.wish().record(30, 'Visitors')
    assert (core.model.events, room.the_order().start) == ({}, 0)


def test_where_several_may_have_the_device_one_that_runs_is_no_reason(room: Room, core: StandIn) -> None:
    room.configured(overlap='parallel')
    room.runs('lecture', here=False)
    room.wish().record(30, 'Visitors')
    assert the_event(core).uid == room.the_order().uid


def test_a_core_that_makes_up_the_id_names_the_recording(room: Room, core: StandIn) -> None:
    room.configured()
    core.faults.add(Fault('createMediaPackageWithID', Kind.STATUS, status=404))
    room.wish().record(30, 'Visitors')
    assert the_event(core).uid == room.the_order().uid
