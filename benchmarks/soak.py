"""What `pyca run` holds after many recordings: files, threads, children, memory.

    python -m benchmarks.soak [events]

Short events back to back, each uploaded to a stand-in core; the figures after the first ten, then at the end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.idle import proportional_memory
from pyca.demo.standin import StandIn
from tests.program.agent import Agent, wait_for
from tests.program.test_growth import LENGTH, QUICK, holdings, zombies

WARM = 10
"""Events after which everything has been used once."""


def look(pid: int) -> str:
    files, threads = holdings(pid)
    return f'{files} open files, {threads} threads, {len(zombies(pid))} zombies, {proportional_memory(pid):.1f} MiB'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('events', nargs='?', type=int, default=120)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder, StandIn(Path(folder, 'core'), strict=True) as core:
        command = f'{QUICK} {{{{dir}}}}/{{{{name}}}}.bin'
        agent = Agent(Path(folder, 'agent'), core, capture={'command': command}, logging={'level': 'info'})
        start = int(time.time()) + 10
        for number in range(events):
            begin = start + LENGTH * number
            core.add_event(agent=agent.name, start=begin, end=begin + LENGTH)
        try:
            pid = agent.start().pid
            wait_for(lambda: len(core.deliveries) >= WARM, limit=10 + WARM * LENGTH + 60)
            sys.stdout.write(f'after {WARM} events: {look(pid)}\n')
            sys.stdout.flush()
            wait_for(lambda: len(core.deliveries) >= events, limit=10 + events * LENGTH + 60)
            wait_for(lambda: not zombies(pid))
            sys.stdout.write(f'after {events} events: {look(pid)}; {len(core.violations)} findings of the core\n')
            agent.stop()
        finally:
            agent.clean()


if __name__ == '__main__':
    main()
