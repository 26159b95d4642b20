"""The services as threads: kept alive, vouched for, stopped in order. Signals are real, clocks are moved by hand."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from pyca.loop import Loop, Pulse
from pyca.stop import Bell, Stop
from pyca.supervisor import HANGING, Duties, ServiceGroup, Supervisor
from tests.recording.waiting import wait_for
from tests.storage.clocks import HandClock

HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass
class Systemd:
    """What was said to it, in order. It asks for signs of life so often that nobody waits for a test."""

    said: list[str] = field(default_factory=list)
    watchdog_interval: float | None = 0.02

    def ready(self) -> None:
        self.said.append('ready')

    def watchdog(self) -> None:
        self.said.append('watchdog')

    def status(self, text: str) -> None:
        self.said.append(f'status {text}')

    def stopping(self) -> None:
        self.said.append('stopping')

    def extend_timeout(self, seconds: float) -> None:
        self.said.append('extend')

    def signs(self) -> int:
        return self.said.count('watchdog')


class Worker:
    """A service that notes what happens to it. `turn` is called in each step."""

    busy = False

    def __init__(self, name: str, turn: Callable[[], object] = lambda: None, end: Callable[[], object] = lambda: None):
        self.name = name
        self._turn = turn
        self._end = end
        self.steps = 0
        self.closed = threading.Event()

    def step(self) -> float:
        self.steps += 1
        self._turn()
        return 10.0

    def close(self) -> None:
        self._end()
        self.closed.set()


@dataclass
class World:
    """A supervisor with what it looks after, and the notes of what it did."""

    clock: HandClock = field(default_factory=HandClock)
    systemd: Systemd = field(default_factory=Systemd)
    notes: list[str] = field(default_factory=list)
    quiet: bool = True

    def group(self, *workers: Worker, patience: float = 60.0) -> ServiceGroup:
        stop = Stop()
        loops = []
        for worker in workers:
            bell = Bell()
            stop.add(bell)
            loops.append(Loop(worker, stop=stop, bell=bell, pulse=Pulse(self.clock), patience=patience))
        names = '+'.join(worker.name for worker in workers)
        return ServiceGroup(loops, stop, lambda: self.notes.append(f'farewell of {names}'))

    def supervisor(self, groups: Sequence[ServiceGroup], hurry: Callable[[], None] = lambda: None) -> Supervisor:
        vital = groups[0].loops[0]
        hangup = lambda: self.notes.append('log reopened')  # noqa: E731
        duties = Duties(vital, 60.0, lambda: self.quiet, lambda: 'Waiting', hangup, hurry)
        return Supervisor(groups, duties, self.systemd)

    def run(
        self, groups: Sequence[ServiceGroup], script: Callable[[], object], hurry: Callable[[], None] = lambda: None
    ) -> int:
        """Supervise while the script is played; it ends with the program's end at the latest."""
        failures: list[BaseException] = []

        def play() -> None:
            try:
                wait_for(lambda: 'ready' in self.systemd.said)
                script()
            except BaseException as error:
                failures.append(error)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=play)
        before = signal.signal(signal.SIGTERM, lambda *_: None)  # the script's own, should all have ended sooner
        try:
            thread.start()
            code = self.supervisor(groups, hurry).run()
            thread.join()
        finally:
            signal.signal(signal.SIGTERM, before)
        assert not failures, failures
        return code


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a hanging service waits for; opened at the end, so that no thread stays behind."""
    event = threading.Event()
    yield event
    event.set()


def tell(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_services_in_order(world: World, number: int) -> None:
    order: list[str] = []
    first = Worker('first', end=lambda: order.append('first'))
    last = Worker('last', end=lambda: order.append('last'))

    def script() -> None:
        wait_for(lambda: first.steps and last.steps)
        tell(number)
        wait_for(last.closed.is_set)

    code = world.run([world.group(first), world.group(last)], script)

    assert code == 0
    assert order == ['first', 'last']
    assert world.notes == ['farewell of first', 'farewell of last']
    assert world.systemd.said[0] == 'ready'
    assert world.systemd.said.count('stopping') == 1


def test_signal_handlers_are_put_back(world: World) -> None:
    before = [signal.getsignal(number) for number in HANDLED]
    wakeup = signal.set_wakeup_fd(-1)

    world.run([world.group(Worker('only'))], lambda: None)

    assert [signal.getsignal(number) for number in HANDLED] == before
    assert signal.set_wakeup_fd(wakeup) == wakeup == -1


def test_hangup_reopens_the_log_and_ends_nothing(world: World) -> None:
    worker = Worker('only')

    def script() -> None:
        tell(signal.SIGHUP)
        wait_for(lambda: world.notes)
        assert not worker.closed.is_set()

    world.run([world.group(worker)], script)

    assert world.notes == ['log reopened', 'farewell of only']


def test_ready_comes_although_no_service_has_finished_its_first_step(world: World, gate: threading.Event) -> None:
    world.run([world.group(Worker('only', turn=gate.wait))], gate.set)

    assert world.systemd.said[0] == 'ready'


def test_a_second_signal_hurries_the_services(world: World, gate: threading.Event) -> None:
    worker = Worker('recorder', end=gate.wait)

    def script() -> None:
        tell(signal.SIGINT)
        wait_for(lambda: 'stopping' in world.systemd.said)
        tell(signal.SIGINT)
        wait_for(lambda: 'farewell of recorder' in world.notes)  # sooner, the signal at the script's end hurries again

    def hurry() -> None:
        world.notes.append('by force')
        gate.set()

    assert world.run([world.group(worker)], script, hurry) == 0
    assert world.notes == ['by force', 'farewell of recorder']


def test_a_slow_end_asks_systemd_for_time_while_it_lasts(world: World, gate: threading.Event) -> None:
    def script() -> None:
        tell(signal.SIGTERM)
        wait_for(lambda: 'extend' in world.systemd.said)
        gate.set()

    world.run([world.group(Worker('recorder', end=gate.wait))], script)

    assert 'watchdog' in world.systemd.said[world.systemd.said.index('stopping') :]


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


def test_a_thread_that_breaks_is_started_again_without_an_end_between(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Errors of a step end in the loop; this is about all the rest. An end would stop what is being recorded."""
    done: list[str] = []

    def turn() -> None:
        done.append('step')
        if len(done) == 1:
            raise SystemExit(3)

    worker = Worker('fragile', turn, lambda: done.append('end'))

    world.run([world.group(worker, patience=0.01)], lambda: wait_for(lambda: worker.steps > 1))

    assert done[:2] == ['step', 'step']
    assert done.index('end') == len(done) - 1
    assert complaints(caplog) == ['fragile: the loop broke']


def test_a_service_that_broke_is_closed_when_the_stop_comes_before_its_next_turn(world: World) -> None:
    def broken() -> None:
        raise SystemExit(3)

    worker = Worker('fragile', broken)

    world.run([world.group(worker)], lambda: wait_for(lambda: worker.steps))

    assert worker.closed.is_set()


def test_a_service_that_is_told_to_stop_before_it_began_is_closed_all_the_same(world: World) -> None:
    worker = Worker('only')
    group = world.group(worker)
    group.stop.request()

    world.run([group], lambda: wait_for(worker.closed.is_set))

    assert worker.steps == 0


@pytest.mark.parametrize('error', [ValueError('broken'), SystemExit(3)], ids=['an error', 'an exit'])
def test_a_service_that_breaks_at_its_end_is_said_and_does_not_stop_the_rest(
    world: World, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    def broken() -> None:
        raise error

    last = Worker('last')

    assert world.run([world.group(Worker('fragile', end=broken)), world.group(last)], lambda: None) == 0

    assert last.closed.is_set()
    assert complaints(caplog) == ['fragile: its end broke']


def test_one_that_breaks_does_not_disturb_the_others(world: World) -> None:
    def broken() -> None:
        raise SystemExit(1)

    good = Worker('good')
    group = world.group(Worker('bad', turn=broken), good, patience=0.01)

    world.run([group], lambda: wait_for(lambda: good.steps))

    assert good.closed.is_set()


def test_the_watchdog_is_signed_only_while_the_vital_loop_lives(world: World, gate: threading.Event) -> None:
    vital = Worker('capture', turn=gate.wait)

    def script() -> None:
        wait_for(lambda: world.systemd.signs() > 2)
        world.clock.time += 61.0
        rounds = len(world.systemd.said)
        wait_for(lambda: _silent(world.systemd))
        assert world.systemd.signs() < rounds
        gate.set()
        signs = world.systemd.signs()
        wait_for(lambda: world.systemd.signs() > signs)

    assert world.run([world.group(vital)], script) == 0


def _silent(systemd: Systemd) -> bool:
    """Whether many turns of the supervisor bring no sign."""
    before = systemd.signs()
    threading.Event().wait(10 * (systemd.watchdog_interval or 0.0))
    return systemd.signs() == before


def test_another_loop_that_hangs_does_not_keep_the_watchdog_from_being_signed(
    world: World, gate: threading.Event
) -> None:
    world.quiet = False
    vital, other = Worker('capture'), Worker('ingest', turn=gate.wait)
    group = world.group(vital, other)

    def script() -> None:
        wait_for(lambda: vital.steps and other.steps)
        world.clock.time += HANGING + 1
        group.loops[0].bell.ring()
        wait_for(lambda: group.loops[0].pulse.age == 0)
        signs = world.systemd.signs()
        wait_for(lambda: world.systemd.signs() > signs)
        gate.set()

    assert world.run([group], script) == 0


def test_a_hanging_service_ends_the_process_only_when_nothing_records_or_starts_soon(
    world: World, gate: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    world.quiet = False
    hanging, other = Worker('ingest', turn=gate.wait), Worker('schedule')
    group = world.group(hanging, other)

    def script() -> None:
        wait_for(lambda: hanging.steps and other.steps)
        world.clock.time += HANGING + 1
        group.loops[1].bell.ring()
        wait_for(lambda: group.loops[1].pulse.age == 0)
        wait_for(lambda: _silent(world.systemd))  # a sign may have been on its way
        assert 'stopping' not in world.systemd.said
        world.quiet = True
        wait_for(lambda: 'stopping' in world.systemd.said)
        wait_for(lambda: len(world.notes) == 1)

    assert world.run([group], script) == 12

    assert other.closed.is_set()
    assert complaints(caplog) == [
        'ingest: no sign of life for 15 minutes; ending for a restart',
        'Still working, left behind: ingest',
    ]


def test_an_end_does_not_wait_for_a_service_that_hangs(world: World, gate: threading.Event) -> None:
    world.quiet = False
    hanging = Worker('ingest', turn=gate.wait)

    def script() -> None:
        wait_for(lambda: hanging.steps)
        world.clock.time += HANGING + 1
        tell(signal.SIGTERM)
        wait_for(lambda: world.notes)

    assert world.run([world.group(hanging)], script) == 0
    assert not hanging.closed.is_set()


def test_a_status_is_told_when_it_changes_only(world: World) -> None:
    world.run([world.group(Worker('only'))], lambda: wait_for(lambda: world.systemd.signs() > 5))

    assert [said for said in world.systemd.said if said.startswith('status')] == ['status Waiting']
