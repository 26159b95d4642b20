"""Recordings come and go; what the agent holds stays as it is."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from pyca.demo.standin import StandIn
from pyca.recording.processes import all_processes
from tests.program.agent import Agent, wait_for
from tests.program.machine import slept_through, spare
from tests.program.test_lecture import states

EVENTS = 20
LENGTH = 3
MANY, GROUP = 300, 20
WARM = 100
"""Recordings after which the process has seen everything once."""
SOME = 5
"""Looks at the memory, of which one may be while much is at work."""
SLOW = 300
RECORDER = 'sh -c "echo x > {{dir}}/{{name}}.dat; exec sleep 600"'
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
    agent = make_agent(capture={'command': f'{QUICK} {{{{dir}}}}/{{{{name}}}}.dat'})
    start = int(time.time() + 6 + spare())
    spans = [(start + LENGTH * number, start + LENGTH * (number + 1)) for number in range(EVENTS)]
    uids = [core.add_event(agent=agent.name, start=begin, end=end) for begin, end in spans]
    own = dict(zip(uids, spans, strict=True))
    pid = agent.start().pid

    def told(uids: list[str]) -> Callable[[], bool]:
        return lambda: all('upload_finished' in states(core, uid) or slept_through(*own[uid]) for uid in uids)

    wait_for(told(uids[:3]))
    files, threads = holdings(pid)
    wait_for(told(uids), limit=EVENTS * LENGTH + 120)

    # a request or a question may be under way, hence not one look but one good look
    wait_for(lambda: holdings(pid)[0] <= files, f'more than {files} open files')
    wait_for(lambda: holdings(pid)[1] <= threads, f'more than {threads} threads')
    wait_for(lambda: not zombies(pid), 'children that nobody asked about')
    arrived = Counter(delivery.uid for delivery in core.deliveries)
    assert arrived == Counter(uid for uid in uids if arrived[uid] or not slept_through(*own[uid]))
    assert core.violations == []
    agent.stop()
    wait_for(agent.at_rest)


def memory(pid: int) -> int:
    """What it takes of the memory in KiB for itself: what it shares with others depends on how many these are."""
    lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith('Anonymous:'))


def in_phase(agent: Agent, phase: str, count: int) -> Callable[[], bool]:
    """Whether so many recordings are in this phase."""

    def so() -> bool:
        with closing(sqlite3.connect(agent.folder / 'pyca.db', timeout=30)) as database:
            found = database.execute('SELECT count(*) FROM pyca_recording WHERE phase = ?', [phase]).fetchone()
        return bool(found == (count,))

    return so


def test_three_hundred_recordings_leave_nothing_behind_in_the_process(
    core: StandIn, make_agent: Callable[..., Agent]
) -> None:
    """Some at a time, each ended when the core shortens it: however slow a machine is, all are recorded.

    What is over leaves the calendar, as it does within the hour at a real core.
    """
    options = {'command': RECORDER, 'overlap': 'parallel', 'sigterm_time': 0}
    agent = make_agent(agent={'backup_mode': True}, capture=options, logging={'level': 'info'})
    pid = agent.start().pid
    wait_for(lambda: 'Using the database' in agent.logged())
    running: list[str] = []
    files, threads, taken = 0, 0, []
    for count in range(0, MANY, GROUP):
        before = running
        end_early(core, before)
        start = int(time.time())
        running = [core.add_event(agent=agent.name, start=start, end=start + 3600) for _ in range(GROUP)]
        wait_for(in_phase(agent, 'held', count), limit=SLOW)
        for uid in before:
            core.remove_event(uid)
        wait_for(in_phase(agent, 'recording', GROUP), limit=SLOW)
        taken.append(memory(pid))
        if count == WARM:
            files, threads = holdings(pid)

    wait_for(lambda: holdings(pid)[0] <= files, f'more than {files} open files')
    wait_for(lambda: holdings(pid)[1] <= threads, f'more than {threads} threads')
    warm, last = taken[WARM // GROUP :][:SOME], taken[-SOME:]
    assert median(last) < 1.05 * median(warm), f'KiB after each {GROUP} recordings: {taken}'
    end_early(core, running)
    wait_for(in_phase(agent, 'held', MANY), limit=SLOW)
    wait_for(lambda: not zombies(pid), 'children that nobody asked about')
    assert sum(path.stat().st_size > 0 for path in agent.media()) == MANY
    agent.stop()
    wait_for(agent.at_rest)


def end_early(core: StandIn, uids: list[str]) -> None:
    for uid in uids:
        core.change_event(uid, end=int(time.time()) + 6)
