"""The pulse of the process in a real database, and the ear for what others change there."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pyca.errors import StorageError
from pyca.heartbeat import Heartbeat, Listeners
from pyca.loop import Loop, Pulse
from pyca.states import SILENT, ServiceStatus, ServiceType
from pyca.stop import Bell, Stop
from pyca.storage.database import Database
from pyca.storage.memory import Memory
from pyca.storage.services import Services
from tests.storage.clocks import HandClock


@dataclass
class Worker:
    """A service that is busy when told so."""

    name: str = 'capture'
    busy: bool = False

    def step(self) -> float:
        return 10.0

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class World:
    """A process with one service, and another process on the same database."""

    folder: Path
    clock: HandClock = field(default_factory=HandClock)
    worker: Worker = field(default_factory=Worker)
    bell: Bell = field(default_factory=Bell)
    news: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.path = self.folder / 'pyca.db'
        self.database, self.other = (Database(f'sqlite:///{self.path}', self.clock, timeout=0.05) for _ in range(2))
        self.services = Services(self.database)
        self.pulse = Pulse(self.clock)
        self.loop = Loop(self.worker, stop=Stop(), bell=self.bell, pulse=self.pulse)
        loops = {ServiceType.CAPTURE: self.loop}
        listeners = Listeners([self.bell], lambda: self.news.append('new database'))
        self.heartbeat = Heartbeat(self.database, self.services, loops, listeners, self.clock)

    def status(self) -> ServiceStatus:
        return self.services.all()[ServiceType.CAPTURE].status

    def settle(self) -> None:
        """Until it has heard itself."""
        for _ in range(3):
            self.heartbeat.step()
        self.bell.wait(0)

    def rung(self) -> bool:
        self.heartbeat.step()
        return self.bell.wait(0)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.database.close()
    world.other.close()


def test_the_states_of_the_services_are_shown(world: World) -> None:
    world.heartbeat.step()
    assert world.status() is ServiceStatus.IDLE

    world.worker.busy = True
    world.heartbeat.step()
    assert world.status() is ServiceStatus.BUSY


def test_a_service_that_is_silent_for_three_minutes_is_shown_as_stopped(world: World) -> None:
    world.heartbeat.step()
    world.clock.time += SILENT + 1

    world.heartbeat.step()
    assert world.status() is ServiceStatus.STOPPED

    world.pulse.beat()
    world.heartbeat.step()
    assert world.status() is ServiceStatus.IDLE


def test_a_service_with_nothing_new_says_so_once_a_minute(world: World) -> None:
    world.settle()
    before = world.database.change()

    for _ in range(300):
        world.clock.time += 1.0
        world.pulse.beat()
        world.heartbeat.step()

    assert world.database.change() - before == 5
    assert world.status() is ServiceStatus.IDLE


def test_at_the_end_the_services_are_shown_as_stopped(world: World) -> None:
    world.heartbeat.step()

    world.heartbeat.close()

    assert world.status() is ServiceStatus.STOPPED


def test_an_end_without_a_database_is_an_end_all_the_same(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.heartbeat.step()
    with closing(sqlite3.connect(world.path)) as other:
        other.execute('BEGIN IMMEDIATE')

        world.heartbeat.close()

    assert 'still shows the services as running' in caplog.text


def test_what_another_process_writes_wakes_the_services(world: World) -> None:
    world.settle()
    assert not world.rung()

    Memory(world.other).put('word', 'news')

    assert world.rung()
    assert not world.rung()


def test_a_locked_database_is_a_complaint_and_what_was_missed_is_heard_later(world: World) -> None:
    world.settle()
    world.worker.busy = True
    with closing(sqlite3.connect(world.path)) as other:
        other.execute('BEGIN IMMEDIATE')
        with pytest.raises(StorageError):
            world.heartbeat.step()
    Memory(world.other).put('word', 'news')

    assert world.rung()
    assert world.status() is ServiceStatus.BUSY


def test_the_first_look_and_another_database_are_announced(world: World) -> None:
    world.settle()
    assert world.news == ['new database']
    for path in world.folder.glob('pyca.db*'):
        path.unlink()

    world.settle()

    assert world.news == ['new database', 'new database']
    assert world.status() is ServiceStatus.IDLE


def test_a_restored_backup_is_announced(world: World) -> None:
    world.settle()
    backup = world.folder / 'backup'
    with closing(sqlite3.connect(world.path)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    Memory(world.database).put('word', 'later than the backup')
    world.settle()

    shutil.move(backup, world.path)
    world.settle()

    assert world.news == ['new database', 'new database']


def test_ordinary_writes_announce_no_new_database(world: World) -> None:
    world.settle()

    for number in range(20):
        Memory(world.other).put('number', number)
        world.heartbeat.step()

    assert world.news == ['new database']
