"""Recordings come and go; what the agent holds stays as it is."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pyca.demo.standin import StandIn
from pyca.recording.journal import Phase, load
from pyca.recording.processes import all_processes
from tests.program.agent import Agent, wait_for
from tests.program.moved import MovedClock
from tests.program.test_clock_harm import knows, leap
from tests.program.test_lecture import states

EVENTS = 20
LENGTH = 3
MANY, GROUP = 300, 30
WARM = 90
"""Recordings after which the process has seen everything once."""
RECORDER = 'sh -c "echo x > {{dir}}/{{name}}.bin; exec env -u LD_PRELOAD sleep 600"'
QUICK = f'{sys.executable} -I -S -c "import sys, time; open(sys.argv[1], chr(97)).write(chr(120)); time.sleep(2)"'


def holdings(pid: int) -> tuple[int, int]:
    """How many files it has open, how many threads it runs."""
    process = Path('/proc') / str(pid)
    return len(list((process / 'fd').iterdir())), len(list((process / 'task').iterdir()))


def zombies(parent: int) -> list[int]:
    """Children that have ended and that nobody asked about."""
    return [pid for pid, now in all_processes() if now.state == 'Z' and _parent(pid) == parent]


def _parent(pid: int) -> int:
    try:
        stat = Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return 0
    return int(stat.rpartition(')')[2].split()[1])


def test_twenty_recordings_leave_nothing_open_behind(core: StandIn, make_agent: Callable[..., Agent]) -> None:
    agent = make_agent(capture={'command': f'{QUICK} {{{{dir}}}}/{{{{name}}}}.bin'})
    start = int(time.time()) + 6
    spans = [(start + LENGTH * number, start + LENGTH * (number + 1)) for number in range(EVENTS)]
    uids = [core.add_event(agent=agent.name, start=begin, end=end) for begin, end in spans]
    pid = agent.start().pid

    def told(uids: list[str]) -> Callable[[], bool]:
        return lambda: all('upload_finished' in states(core, uid) for uid in uids)

    wait_for(told(uids[:3]), limit=60)
    files, threads = holdings(pid)
    wait_for(told(uids), limit=EVENTS * LENGTH + 60)

    # a request or a question may be under way, hence not one look but one good look
    wait_for(lambda: holdings(pid)[0] <= files, f'more than {files} open files')
    wait_for(lambda: holdings(pid)[1] <= threads, f'more than {threads} threads')
    wait_for(lambda: not zombies(pid), 'children that nobody asked about')
    assert Counter(delivery.uid for delivery in core.deliveries) == Counter(uids)
    assert core.violations == []
    agent.stop()
    assert agent.processes() == []


def memory(pid: int) -> int:
    """What it takes of the memory in KiB, its share of what several processes use."""
    lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith('Pss:'))


def finished(agent: Agent, count: int) -> Callable[[], bool]:
    """Whether so many recordings are over, all of them well."""

    def so() -> bool:
        journals = [load(folder) for folder in agent.recordings.glob('recording-*')]
        return sum(journal is not None and journal.phase is Phase.FINISHED for journal in journals) == count

    return so


def test_three_hundred_recordings_leave_nothing_behind_in_the_process(
    core: StandIn, make_agent: Callable[..., Agent], tmp_path: Path
) -> None:
    """Some at a time, an hour after those before, so that the process may have forgotten them. None is uploaded."""
    clock = MovedClock(tmp_path / 'clock')
    options = {'command': RECORDER, 'overlap': 'parallel', 'sigterm_time': 0}
    agent = make_agent(agent={'backup_mode': True}, capture=options, logging={'level': 'info'})
    agent.environment.update(clock.environment)
    starts = [int(clock.now()) + hour * 3600 for hour in range(1, MANY // GROUP + 1)]
    uids = [core.add_event(agent=agent.name, start=start, end=start + 600) for start in starts for _ in range(GROUP)]
    pid = agent.start().pid
    wait_for(knows(agent, *uids))
    files, threads, taken = 0, 0, 0
    for count, start in zip(range(GROUP, MANY + 1, GROUP), starts, strict=True):
        leap(agent, clock, start)
        wait_for(lambda count=count: sum(path.stat().st_size > 0 for path in agent.media()) == count, limit=90)  # type: ignore[misc]
        leap(agent, clock, start + 600)
        wait_for(finished(agent, count), limit=90)
        if count == WARM:
            files, threads, taken = *holdings(pid), memory(pid)

    wait_for(lambda: holdings(pid)[0] <= files, f'more than {files} open files')
    wait_for(lambda: holdings(pid)[1] <= threads, f'more than {threads} threads')
    wait_for(lambda: memory(pid) < 1.05 * taken, f'more than {taken} KiB and a twentieth')
    wait_for(lambda: not zombies(pid), 'children that nobody asked about')
    agent.stop()
    assert agent.processes() == []
