"""Recordings come and go; what the agent holds stays as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyca.demo.standin import StandIn
from pyca.recording.processes import all_processes
from tests.program.agent import Agent, wait_for
from tests.program.moved import MovedClock
from tests.program.test_clock_harm import knows, leap
from tests.program.test_lecture import states

RECORDER = 'sh -c "echo x > {{dir}}/{{name}}.bin; exec env -u LD_PRELOAD sleep 600"'
EVENTS, GROUP = 300, 20
WARM = 100
"""Events after which the process has seen everything once."""


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


def memory(pid: int) -> int:
    """What it takes of the memory in KiB, its share of what several processes use."""
    lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith('Pss:'))


def told(core: StandIn, uids: list[str]) -> Callable[[], bool]:
    """Whether the core has heard the last word about each of these."""
    return lambda: all('upload_finished' in states(core, uid) for uid in uids)


def written(agent: Agent, count: int) -> Callable[[], bool]:
    """Whether so many recorders have written."""
    return lambda: sum(path.stat().st_size > 0 for path in agent.media()) >= count


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    return MovedClock(tmp_path / 'clock')


@pytest.fixture
def core(tmp_path: Path, clock: MovedClock) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', clock, strict=True) as standin:
        yield standin


def test_three_hundred_recordings_leave_nothing_behind_in_the_process(
    core: StandIn, make_agent: Callable[..., Agent], clock: MovedClock
) -> None:
    """Some at a time, an hour after those before, so that the process may have forgotten them."""
    options = {'command': RECORDER, 'overlap': 'parallel', 'sigterm_time': 0}
    agent = make_agent(capture=options, logging={'level': 'info'})
    agent.environment.update(clock.environment)
    starts = [int(clock.now()) + hour * 3600 for hour in range(1, EVENTS // GROUP + 1)]
    uids = [[core.add_event(agent=agent.name, start=start, end=start + 600) for _ in range(GROUP)] for start in starts]
    everybody = [uid for group in uids for uid in group]
    pid = agent.start().pid
    wait_for(knows(agent, *everybody))
    files, threads, taken = 0, 0, 0
    for number, (start, group) in enumerate(zip(starts, uids, strict=True)):
        leap(agent, clock, start)
        wait_for(written(agent, (number + 1) * GROUP), limit=90)
        leap(agent, clock, start + 600)
        wait_for(told(core, group), limit=90)
        if (number + 1) * GROUP == WARM:
            files, threads, taken = *holdings(pid), memory(pid)

    # a request or a question may be under way, hence not one look but one good look
    wait_for(lambda: holdings(pid)[0] <= files, f'more than {files} open files')
    wait_for(lambda: holdings(pid)[1] <= threads, f'more than {threads} threads')
    wait_for(lambda: memory(pid) < 1.05 * taken, f'more than {taken} KiB and a twentieth')
    wait_for(lambda: not zombies(pid), 'children that nobody asked about')
    assert Counter(delivery.uid for delivery in core.deliveries) == Counter(everybody)
    assert core.violations == []
    agent.stop()
    assert agent.processes() == []
