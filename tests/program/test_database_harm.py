"""Whatever is done to the database: recordings begin and end on time, arrive once, and are accounted for."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pyca.cli import report as reporting
from pyca.clock import SystemClock
from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.errors import StorageError
from pyca.recording.processes import all_processes, has_variable
from pyca.recording.store import Store
from pyca.storage.visiting import Visited
from tests.harm import asleep
from tests.program.agent import MARK, PROMPT, Agent, MakeAgent, ScheduleEvent, end_of, longest_gap, stamps, wait_for
from tests.program.machine import punctual, spare
from tests.program.test_lecture import delivered, states


def report(agent: Agent) -> dict[str, Any]:
    """What `pyca report --json` says."""
    words = [sys.executable, '-W', 'error', '-m', 'pyca', '-c', str(agent.configuration), 'report', '--json']
    root = Path(__file__).parents[2]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def outcomes(agent: Agent) -> dict[str, str]:
    """Each event with its outcome, or where it stands: the same, without starting a program."""
    with closing(Visited(agent.sections['agent']['database'], SystemClock())) as database:
        try:
            found = reporting.gather(database, Store(agent.recordings), 1.0)
        except StorageError:
            return {}
    assert sum(reporting.sums(found.lines).values()) == len(found.lines)
    return {line.uid: line.state for line in found.lines}


def on_time(core: StandIn, agent: Agent, uid: str) -> bool:
    """Whether one recorder wrote from the start to the end, by what lies in the folder."""
    event = core.events[uid]
    times = [at for path in agent.media() if uid in path.name for at in stamps(path.read_bytes())]
    return punctual(times[0], event.start, PROMPT) and abs(event.end - times[-1]) < 1.5 and longest_gap(times) < 1


def reopened(agent: Agent, times: int) -> Callable[[], bool]:
    """Whether the agent has noticed so often that its database is another one."""
    return lambda: agent.logged().count('opening it anew') >= times


def files(database: Path) -> list[Path]:
    return [database, *(database.with_name(database.name + suffix) for suffix in ('-wal', '-shm'))]


class Place:
    """Where the database is, with what can be done to it, its several files at once as the agent sees it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def delete(self) -> None:
        with asleep(self._users):
            for path in files(self.path):
                path.unlink(missing_ok=True)

    def damage(self) -> None:
        """Leave nothing of use in it, as a failing card does, or a backup of one."""
        self._put(b'garbage ' * 4096)

    def copy(self, name: str) -> Path:
        """A backup, as an administrator makes one while the agent runs."""
        target = self.path.with_suffix(f'.{name}')
        with closing(sqlite3.connect(self.path, timeout=30)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        return target

    def restore(self, copy: Path) -> None:
        """As an administrator does it who knows that the log beside it belongs to the other one."""
        self._put(copy.read_bytes())

    def _put(self, content: bytes) -> None:
        new = self.path.with_suffix('.new')
        new.write_bytes(content)
        with asleep(self._users):
            for path in files(self.path)[1:]:
                path.unlink(missing_ok=True)
            new.replace(self.path)

    def _users(self) -> list[int]:
        """The agent, and all that it has started."""
        folder = str(self.path.parent)
        return [pid for pid, now in all_processes() if now.state != 'Z' and has_variable(pid, MARK, folder)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / 'agent' / 'pyca.db')


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own for the database, which needs root."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    done = subprocess.run(
        ['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f'a disk that is full or read-only cannot be had here: {done.stderr.strip()}')
    yield folder
    subprocess.run(['umount', '-l', str(folder)], check=True)


def remount(folder: Path, how: str) -> None:
    """Files that are open keep their rights, so that this does to new ones what a failing card does to all."""
    subprocess.run(['mount', '-o', f'remount,{how}', str(folder)], check=True)


def test_a_database_that_is_deleted_then_damaged_costs_no_recording_and_no_account(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent, place: Place
) -> None:
    agent = make_agent()
    begin(agent, core)
    uid = schedule(12, 6)
    wait_for(lambda: uid in _scheduled(agent))
    place.delete()
    wait_for(agent.writing)
    place.damage()
    wait_for(lambda: time.time() > core.events[uid].end + 1)
    assert on_time(core, agent, uid)

    wait_for(delivered(core, uid), limit=120)

    wait_for(lambda: outcomes(agent) == {uid: 'delivered'})
    assert agent.stop() == 0
    assert [delivery.uid for delivery in core.deliveries] == [uid]
    assert core.violations == []
    aside = place.path.with_name('pyca.db.damaged-0')
    assert aside.read_bytes() == b'garbage ' * 4096


def test_a_full_or_read_only_disk_costs_no_recording_and_no_account(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent, small_disk: Path
) -> None:
    agent = make_agent(agent={'database': f'sqlite:///{small_disk}/pyca.db'})
    begin(agent, core)
    first, second = schedule(12, 3), schedule(34, 4)
    wait_for(lambda: second in _scheduled(agent))
    fill = small_disk / 'fill'
    with fill.open('wb', buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    wait_for(lambda: time.time() > core.events[first].end + 1)
    assert on_time(core, agent, first)
    wait_for(lambda: 'no room left' in agent.logged())

    agent.kill()
    fill.unlink()
    remount(small_disk, 'ro')
    assert outcomes(agent)[first] != 'delivered'  # it can be read, and does not know better
    agent.start()
    wait_for(lambda: time.time() > core.events[second].end + 1)
    assert on_time(core, agent, second)

    remount(small_disk, 'rw')
    wait_for(delivered(core, first, second), limit=180)
    wait_for(lambda: outcomes(agent) == dict.fromkeys((first, second), 'delivered'))
    assert agent.stop() == 0
    assert Counter(delivery.uid for delivery in core.deliveries) == Counter((first, second))
    assert core.violations == []


def test_nothing_arrives_twice_with_the_database_of_yesterday_or_none(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent, place: Place
) -> None:
    """Restored while the agent runs, lost while it does not. What it uploaded has been deleted here."""
    core.archive_after = 0
    agent = make_agent(ingest={'delete_after_upload': True})
    begin(agent, core)
    first, second = schedule(12, 2), schedule(20, 12 + spare())
    both = dict.fromkeys((first, second), 'delivered')
    wait_for(delivered(core, first))
    yesterday = place.copy('yesterday')  # it knows of the first one
    wait_for(lambda: outcomes(agent).get(second) == 'recording')
    today = place.copy('today')
    wait_for(delivered(core, second))
    wait_for(lambda: agent.media() == [])

    for times, backup in enumerate((today, yesterday), 1):
        place.restore(backup)
        wait_for(reopened(agent, times))
        wait_for(lambda: outcomes(agent) == both)
    agent.stop()
    place.delete()
    agent.start()
    wait_for(lambda: outcomes(agent) == both)
    agent.stop()

    assert Counter(delivery.uid for delivery in core.deliveries) == Counter(list(both))
    assert core.violations == []


def test_a_reboot_without_core_or_database_records_what_was_scheduled_and_says_what_was_missed(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent, place: Place
) -> None:
    agent = make_agent()
    begin(agent, core)
    agent.power_cut()
    agent.start('schedule')  # alone: nobody is there to record what it learns of
    missed, recorded = schedule(10, 1), schedule(34, 3)
    wait_for(lambda: recorded in _scheduled(agent))
    agent.power_cut()
    core.faults.add(Fault('', Kind.STATUS, times=None))
    place.damage()
    wait_for(lambda: time.time() > core.events[missed].end + 1)

    agent.start()
    wait_for(lambda: time.time() > core.events[recorded].end + 1)
    assert on_time(core, agent, recorded)
    core.faults.clear()
    wait_for(delivered(core, recorded), limit=180)

    wait_for(lambda: outcomes(agent) == {missed: 'missed', recorded: 'delivered'})
    assert next(entry['cause'] for entry in report(agent)['events']) == 'the agent was not running'
    wait_for(lambda: states(core, missed) == ['capture_error'])
    assert (place.path.parent / 'pyca.db.damaged-0').exists()
    assert agent.stop() == 0


def test_a_held_recording_is_uploaded_within_seconds_of_a_persons_word(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """The event that had ended before this agent's first start is none of its business."""
    agent = make_agent(agent={'backup_mode': True})
    schedule(-100, 60)
    begin(agent, core)
    uid = schedule(10, 3)
    wait_for(lambda: outcomes(agent) == {uid: 'held'})
    assert core.deliveries == []

    command = agent.start('retry', uid)
    assert end_of(command) == 0

    wait_for(lambda: [delivery.uid for delivery in core.deliveries] == [uid], limit=15 + spare())
    wait_for(lambda: outcomes(agent) == {uid: 'delivered'})
    assert end_of(agent.start('retry', uid)) == 10
    assert 'was delivered already' in agent.logged()
    agent.stop(agent.children[0])


def begin(agent: Agent, core: StandIn) -> None:
    """Start it, and wait until it knows the calendar."""
    polled = len([request for request in core.requests if request.path == '/recordings/calendars'])
    agent.start()
    wait_for(lambda: len([request for request in core.requests if request.path == '/recordings/calendars']) > polled)
    wait_for((agent.recordings / '.first-start.json').exists)


def _scheduled(agent: Agent) -> str:
    path = agent.recordings / 'schedule.json'
    return path.read_text() if path.exists() else ''
