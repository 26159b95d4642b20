"""Recordings come and go; what the agent holds stays as it is."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pyca.demo.standin import StandIn
from pyca.recording.processes import all_processes
from tests.program.agent import Agent, wait_for
from tests.program.test_lecture import states

EVENTS = 40
LENGTH = 3
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


def test_forty_recordings_leave_nothing_open_behind(core: StandIn, make_agent: Callable[..., Agent]) -> None:
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
