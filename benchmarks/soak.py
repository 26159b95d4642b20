"""What `pyca run` holds after many recordings: files, threads, children, memory.

    python -m benchmarks.soak [events]

Short events back to back, each uploaded to a stand-in core; the figures after each thirty of them. A recording is
remembered for a minute after its end, so that the first thirty only warm up.
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

STAGE = 30


def look(pid: int) -> str:
    files, threads = holdings(pid)
    return f'{files} open files, {threads} threads, {len(zombies(pid))} zombies, {proportional_memory(pid):.1f} MiB'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('events', nargs='?', type=int, default=120)
    events = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder, StandIn(Path(folder, 'core'), strict=True) as core:
        command = f'{QUICK} {{{{dir}}}}/{{{{name}}}}.dat'
        agent = Agent(Path(folder, 'agent'), core, capture={'command': command}, logging={'level': 'info'})
        start = int(time.time()) + 10
        for number in range(events):
            begin = start + LENGTH * number
            core.add_event(agent=agent.name, start=begin, end=begin + LENGTH)
        try:
            pid = agent.start().pid
            for stage in (*range(STAGE, events, STAGE), events):
                wait_for(lambda stage=stage: len(core.deliveries) >= stage, limit=60 + STAGE * LENGTH)  # type: ignore[misc]
                wait_for(lambda: not zombies(pid))
                sys.stdout.write(f'after {stage} events: {look(pid)}\n')
                sys.stdout.flush()
            sys.stdout.write(f'{len(core.violations)} findings of the core\n')
            agent.stop()
        finally:
            agent.clean()


if __name__ == '__main__':
    main()
