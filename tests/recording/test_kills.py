"""Many recordings at once, whose processes are killed again and again at any moment."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca.clock import SystemClock
from pyca.event import Event
from pyca.recording.journal import Journal, Phase, load
from pyca.recording.processes import all_processes, has_variable, words
from pyca.recording.schedule import ScheduleFile
from pyca.recording.store import Store
from pyca.stop import Bell
from tests.harm import kill_all, signal_each
from tests.recording.waiting import wait_for

ROOT = Path(__file__).parents[2]
MARK = 'PYCA_TEST'
RECORDER = """
import os, sys, time
end = time.time() + int(sys.argv[1])
with open(sys.argv[2], 'ab', buffering=0) as file:
    while True:
        file.write(b'%.3f %d\\n' % (time.time(), os.getpid()))
        if time.time() >= end:
            break  # the last line was written at the end, however busy the machine
        time.sleep(0.1)
"""
AGENT = """
import sys, time
from pathlib import Path
from pyca.capture import Capture
from pyca.clock import SystemClock
from pyca.order import Desk
from pyca.recording.account import CapturePorts
from pyca.recording.store import Store
from pyca.settings import Capture as Options

class Nobody:
    recording = missed = fault = lambda *_: None

root, command = sys.argv[1:]
options = Options(directory=root, command=command, files=('{{dir}}/{{name}}.dat',), overlap='parallel')
capture = Capture(options, Store(Path(root)), CapturePorts(Nobody(), Desk(), lambda event: ()), SystemClock())
while True:
    wait = capture.step()
    print('up', flush=True)
    time.sleep(min(0.1, wait))
"""


class Hall:
    """An agent that may be killed, with events that it has to record."""

    def __init__(self, folder: Path, seed: int, seconds: int) -> None:
        self.random = random.Random(seed)
        self.store = Store(folder / 'recordings')
        self.store.prepare()
        self.mark = str(folder)
        self.said = folder / 'said'
        recorder = folder / 'recorder.py'
        recorder.write_text(RECORDER)
        self.command = f"{sys.executable} -I -S '{recorder}' {{{{time}}}} {{{{dir}}}}/{{{{name}}}}.dat"
        start = int(time.time()) + 6
        self.events = [Event(f'uid-{n}', start + n % 4, start + n % 4 + seconds, f'Lecture {n}') for n in range(10)]
        ScheduleFile(self.store, SystemClock()).write_schedule(self.events, time.time())
        self.agent: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        environment = {**os.environ, 'PYTHONPATH': str(ROOT), MARK: self.mark}
        program = [sys.executable, '-c', AGENT, str(self.store.root), self.command]
        with self.said.open('wb') as said:
            self.agent = subprocess.Popen(program, env=environment, stdout=said)

    def kill(self) -> None:
        assert self.agent is not None
        self.agent.kill()
        self.agent.wait()

    def processes(self) -> list[int]:
        return [pid for pid, now in all_processes() if now.state != 'Z' and has_variable(pid, MARK, self.mark)]

    def keepers(self) -> list[int]:
        return [pid for pid in self.processes() if any(word.endswith('keeper.py') for word in words(pid))]

    @property
    def ended(self) -> bool:
        return time.time() > max(event.end for event in self.events)

    @property
    def nearly_over(self) -> bool:
        """Whether no more is left than a busy machine needs to record something of each event."""
        return time.time() > min(event.end for event in self.events) - 10

    def pause(self) -> None:
        """Until the agent has had its first turn, which may take long on a busy machine, and a little more."""
        wait_for(lambda: self.said.stat().st_size)
        Bell().wait(self.random.uniform(0.0, 1.5))

    def journals(self) -> list[Journal] | None:
        """All of them, once all are over."""
        journals = [load(self.store.find(event.name)) for event in self.events]
        found = [journal for journal in journals if journal is not None and journal.phase.over]
        return found if len(found) == len(self.events) else None

    def finish(self) -> list[Journal]:
        self.start()
        return wait_for(self.journals)


@pytest.fixture
def hall(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hall]:
    hall = Hall(tmp_path, 7, getattr(request, 'param', 9))
    yield hall
    kill_all(hall.processes)
    if hall.agent is not None:
        hall.agent.wait()


def runs(journal: Journal) -> list[list[float]]:
    """The seconds that each recorder wrote, by all that the journal knows."""
    times: dict[str, list[float]] = defaultdict(list)
    for segment in journal.pieces:
        for track in journal.tracks(segment):
            for line in track.path.read_text().splitlines():
                moment, _, recorder = line.partition(' ')
                if recorder:
                    times[recorder].append(float(moment))
    return sorted(times.values())


def on_disk(journal: Journal) -> int:
    return sum(len(path.read_text().splitlines()) for path in journal.folder.glob('*.dat*'))


def assert_kept(journal: Journal) -> None:
    """Nothing that was written is unknown to the journal, and no two recorders had the device at once."""
    recorders = runs(journal)
    assert journal.phase is Phase.FINISHED
    assert abs(sum(map(len, recorders)) - on_disk(journal)) <= len(recorders)
    for earlier, later in itertools.pairwise(recorders):
        assert earlier[-1] < later[0]
    assert recorders[0][0] >= journal.event.start


def test_the_agent_killed_at_any_moment_costs_nothing(hall: Hall) -> None:
    while not hall.ended:
        hall.start()
        hall.pause()
        hall.kill()

    for journal in hall.finish():
        assert_kept(journal)
        (times,) = runs(journal)
        assert journal.event.end - times[-1] < 2
        assert journal.segments[0].status == 0


def test_agent_with_keepers_killed_at_any_moment_cost_nothing_of_a_recorder_that_runs(hall: Hall) -> None:
    while not hall.ended:
        hall.start()
        hall.pause()
        hall.kill()
        signal_each((keeper for keeper in hall.keepers() if hall.random.random() < 0.3), signal.SIGKILL)

    for journal in hall.finish():
        assert_kept(journal)
        (times,) = runs(journal)  # however often the keepers that waited were killed
        assert journal.event.end - times[-1] < 2


@pytest.mark.parametrize('hall', [20], indirect=True, ids=['20 s'])
def test_everything_killed_at_any_moment_costs_what_lies_between(hall: Hall) -> None:
    while not hall.nearly_over:
        hall.start()
        hall.pause()
        hall.kill()
        kill_all(hall.processes)

    for journal in hall.finish():
        assert_kept(journal)
