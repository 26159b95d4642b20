"""The lecture hall of a fault run: a core, an agent with a disk of its own, a clock, a chronicle."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from benchmarks.fault_run.chronicle import Chronicle, Version
from benchmarks.fault_run.moving import MovingClock
from benchmarks.fault_run.plan import Plan
from pyca.demo.nodes import Node
from pyca.demo.standin import StandIn
from tests.harm import signal_each
from tests.program.agent import Agent

COUNTER = Path(__file__).with_name('counter.py')
DISK = 48
"""MiB of the disk that is filled."""
READY = 10.0
"""Seconds after its start in which an agent is believed to be ready, whatever can be seen of it."""


class Hall:
    """As a context it leaves nothing running and nothing mounted."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder = folder
        self.ledger = folder / 'ledger'
        self.disk = folder / 'disk'
        for place in (self.ledger / 'habits', self.disk):
            place.mkdir(parents=True)
        self.clock = MovingClock(folder)
        self.core = StandIn(folder / 'core', strict=True)
        self.core.archive_after, self.core.finish_after = 1.0, 2.0
        self.second: Node = self.core.nodes.add()
        self.mounted = _mount(self.disk)
        self.agent = self._agent(plan)
        # from the look with the shortest pause between the two clocks
        self.offset = max(time.time() - time.monotonic() for _ in range(10))
        self.begun = float(int(time.time()) + 1)
        self.chronicle = Chronicle(self.begun)
        self._booting: float | None = None
        if not self.clock.environment:
            self.chronicle.not_done['clock moved'] = 'there is no C compiler to make a clock with'
        if not self.mounted:
            self.chronicle.not_done['disk full'] = 'only root can mount a small disk'
        self._schedule(plan)

    def _agent(self, plan: Plan) -> Agent:
        seconds = '100000' if plan.endless else '{{time}}'
        words = (sys.executable, '-I', '-S', str(COUNTER))
        command = f'{shlex.join(words)} {seconds} {{{{dir}}}}/{{{{name}}}}.dat {shlex.quote(str(self.ledger))}'
        capture = {'command': command, 'directory': self.disk / 'recordings'}
        if plan.endless:
            capture['sigterm_time'] = '0'
        http = {'timeout': 6, 'connection_timeout': 3}
        agent = Agent(self.folder / 'agent', self.core, capture=capture, http=http)
        agent.recordings = self.disk / 'recordings'
        agent.environment = dict(self.clock.environment)
        return agent

    def _schedule(self, plan: Plan) -> None:
        for lecture in plan.lectures:
            start, end = self.begun + lecture.start, self.begun + lecture.end
            self.core.add_event(lecture.uid, agent=self.agent.name, start=start, end=end, title=lecture.uid)
            self.chronicle.versions[lecture.uid] = [Version(self.begun - 1000, start, end)]
            if lecture.habit:
                self.chronicle.habits[lecture.uid] = lecture.habit
                (self.ledger / 'habits' / lecture.uid).write_text(lecture.habit)

    def __enter__(self) -> Hall:
        return self

    def __exit__(self, *_: object) -> None:
        signal_each(self.agent.processes(), signal.SIGCONT)  # what is asleep cannot be waited for
        self.agent.clean()
        self.core.stop()
        if self.mounted:
            subprocess.run(['umount', '--lazy', str(self.disk)], check=False)

    # -- the agent ------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        self.agent.start()
        self._booting = time.monotonic()

    def look_whether_it_is_up(self) -> None:
        """It holds the lock of its folder then."""
        if self._booting is None:
            return
        with suppress(OSError):
            if (self.agent.recordings / '.lock').read_text().strip() == str(self.agent.children[-1].pid):
                self._came_up()
                return
        if time.monotonic() - self._booting > READY:
            self._came_up()

    def _came_up(self) -> None:
        self._booting = None
        if self.agent.children[-1].poll() is None:
            self.chronicle.came_up(time.time())

    @property
    def booting(self) -> bool:
        """Whether an agent was started that is not ready yet."""
        return self._booting is not None

    @property
    def there(self) -> bool:
        return bool(self.agent.children) and self.agent.children[-1].poll() is None

    def gone(self) -> None:
        """Note that there is no agent any more."""
        self._booting = None
        self.chronicle.went_down(time.time())

    def processes(self, of: str) -> list[tuple[int, str]]:
        """Process ids of the `keeper`s or `counter`s with the uid that they work for."""
        found = []
        for pid in self.agent.processes():
            with suppress(OSError):
                words = Path(f'/proc/{pid}/cmdline').read_bytes().decode(errors='replace').split('\0')
                environment = Path(f'/proc/{pid}/environ').read_bytes().decode(errors='replace')
                if any(word.endswith(f'/{of}.py') for word in words):
                    found.append((pid, _event_of(environment)))
        return found

    # -- the schedule ---------------------------------------------------------------------------------------------

    def change(self, uid: str, **times: float) -> None:
        """Move an event in the core; one that was given away or deleted is back."""
        if self._settled(uid):
            return
        last = self.chronicle.versions[uid][-1]
        version = replace(last, at=time.time(), here=True, **times)
        self.chronicle.versions[uid].append(version)
        if uid in self.core.events:
            self.core.change_event(uid, start=version.start, end=version.end, agent=self.agent.name)
        else:
            self.core.add_event(uid, agent=self.agent.name, start=version.start, end=version.end, title=uid)

    def call_off(self, uid: str, *, to: str = '') -> None:
        """Delete an event in the core, or give it to another agent."""
        last = self.chronicle.versions[uid][-1]
        if uid not in self.core.events or self._settled(uid):
            return
        if to:
            self.core.change_event(uid, agent=to)
        else:
            self.core.remove_event(uid)
        self.chronicle.versions[uid].append(replace(last, at=time.time(), here=False))

    def _settled(self, uid: str) -> bool:
        """Whether it has been delivered: the core lets nobody change its time then."""
        return any(delivery.uid == uid for delivery in self.core.deliveries)

    # -- the database ---------------------------------------------------------------------------------------------

    @property
    def database(self) -> Path:
        return self.agent.folder / 'pyca.db'

    def save_database(self) -> None:
        """Keep a copy, as a backup in the night does."""
        with suppress(sqlite3.Error), closing(sqlite3.connect(self.database, timeout=5)) as now:
            copy = self.folder / 'saved.db'
            copy.unlink(missing_ok=True)
            with closing(sqlite3.connect(copy)) as saved:
                now.backup(saved)

    def remove_database(self) -> None:
        for path in self.agent.folder.glob('pyca.db*'):
            path.unlink(missing_ok=True)  # a running agent removes some of them by itself

    def restore_database(self) -> None:
        self.remove_database()
        if (self.folder / 'saved.db').exists():
            shutil.copy(self.folder / 'saved.db', self.database)

    def damage_database(self) -> None:
        for path in self.agent.folder.glob('pyca.db-*'):
            path.unlink(missing_ok=True)
        with suppress(FileNotFoundError), self.database.open('r+b') as file:
            file.write(b'not a database any more' * 100)


def _event_of(environment: str) -> str:
    """The uid in the path of the keeper's state file, which keeper and recorder have in their environment."""
    path = next((entry for entry in environment.split('\0') if entry.startswith('PYCA_KEEPER=')), '')
    parts = Path(path).parent.name.split('-', 2)
    return parts[2] if len(parts) == 3 else ''


def _mount(disk: Path) -> bool:
    """Give the folder a small disk of its own, where this user may."""
    if os.geteuid() != 0 or shutil.which('mount') is None:
        return False
    words = ['mount', '-t', 'tmpfs', '-o', f'size={DISK}m', 'tmpfs', str(disk)]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0
