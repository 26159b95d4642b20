"""What `pyca run` takes while it waits for an event: memory, processor time, wake-ups.

    python -m benchmarks.idle [seconds]

The agent polls a stand-in core each 60 s, as usual.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from pyca.demo.standin import StandIn
from tests.program.agent import Agent, wait_for

SETTLED = 15.0
"""Seconds after which the start is over."""


def proportional_memory(pid: int) -> float:
    """MiB, with what it shares with others divided by their number."""
    lines = Path(f'/proc/{pid}/smaps_rollup').read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith('Pss:')) / 1024


def processor_time(pid: int) -> float:
    """Seconds on a processor, of all threads. The scheduler's own count: the usual one misses what is over quickly."""
    return sum(int(path.read_text().split()[0]) for path in Path(f'/proc/{pid}/task').glob('*/schedstat')) / 1e9


def wakeups(pid: int) -> dict[str, int]:
    """How often each thread has gone to sleep so far, by thread id."""
    counts = {}
    for task in Path(f'/proc/{pid}/task').iterdir():
        lines = (task / 'status').read_text().splitlines()
        counts[task.name] = sum(int(line.split()[1]) for line in lines if line.startswith('voluntary'))
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('seconds', nargs='?', type=int, default=180)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder, StandIn(Path(folder, 'core'), strict=True) as core:
        agent = Agent(Path(folder, 'agent'), core, agent={'update_frequency': 60}, logging={'level': 'info'})
        start = int(time.time()) + seconds + 3600
        core.add_event(agent=agent.name, start=start, end=start + 3600)
        try:
            pid = agent.start().pid
            wait_for(lambda: (agent.recordings / 'schedule.json').exists())
            time.sleep(SETTLED)
            busy, woken = processor_time(pid), wakeups(pid)
            time.sleep(seconds)
            took, memory, threads = processor_time(pid) - busy, proportional_memory(pid), wakeups(pid)
            agent.stop()
        finally:
            agent.clean()
    asleep = sum(count - woken.get(thread, 0) for thread, count in threads.items())
    sys.stdout.write(
        f'idle for {seconds} s: {memory:.1f} MiB proportional memory, {took * 60 / seconds:.2f} s CPU a minute, '
        f'{asleep / seconds:.1f} wake-ups a second in {len(threads)} threads\n'
    )


if __name__ == '__main__':
    main()
