"""How late a recorder starts: from the event's second to the first line of its program.

    python -m benchmarks.start [times]

First the keeper alone, then `pyca run` with a core that answers, then with one that accepts connections and never
answers: adjacent events of three seconds, told to the agent before the core falls silent.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.recording.recorder import Recorder, Spec
from tests.program.agent import Agent, wait_for

LEAD = 1.5
"""Seconds from the keeper's start to the event's; the agent gives it more."""
LENGTH = 3
"""Seconds of an event of the whole program."""
RECORDER = "sh -c 'date +%s.%N > {{dir}}/{{name}}.dat; exec sleep 2'"


def once(folder: Path, number: int) -> float:
    """Seconds that one recorder under a keeper came late; negative would be early."""
    moment = float(int(time.time() + LEAD) + 1)
    time.sleep(max(0.0, moment - LEAD - time.time()))
    path = folder / 'said'
    command = ('sh', '-c', f'date +%s.%N > {path}')
    recorder = Recorder.spawn(Spec(command, moment, int(moment) + 60, folder, number))
    while recorder.state().phase not in ('ended', 'lost'):
        time.sleep(0.05)
    late = float(path.read_text()) - moment
    path.unlink()
    return late


def program(folder: Path, times: int, *, silent: bool) -> list[float]:
    """Seconds that each recorder of `pyca run` came late. `silent`: the core has fallen silent after its calendar."""
    with StandIn(folder / 'core') as core:
        options = {'capture': {'command': RECORDER}, 'logging': {'level': 'info'}}
        agent = Agent(folder / 'agent', core, **options)
        start = int(time.time()) + 12
        for number in range(times):
            begin = start + LENGTH * number
            core.add_event(agent=agent.name, start=begin, end=begin + LENGTH)
        try:
            agent.start()
            wait_for(lambda: (agent.recordings / 'schedule.json').exists())
            if silent:
                core.faults.add(Fault('', Kind.BLACK_HOLE, times=None))
            wait_for(lambda: len(_said(agent)) == times, limit=12 + LENGTH * times + 30)
            return [late for _, late in _said(agent)]
        finally:
            core.faults.clear()
            agent.clean()


def _said(agent: Agent) -> list[tuple[int, float]]:
    """For each recording its event's second, and how much later its recorder wrote."""
    found = []
    for path in agent.recordings.glob('recording-*/*.dat'):
        text = path.read_text()
        if text.endswith('\n'):
            second = int(path.parent.name.split('-')[1])
            found.append((second, float(text) - second))
    return sorted(found)


def memory() -> str:
    """Private memory of a waiting keeper, in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder.spawn(Spec(('true',), time.time() + 60, int(time.time()) + 90, Path(folder), 1))
        path = Path(folder).resolve() / 'keeper-1.json'
        while not path.exists():
            time.sleep(0.05)
        pid = json.loads(path.read_text())['keeper']['pid']
        lines = (Path('/proc') / str(pid) / 'smaps_rollup').read_text().splitlines()
        recorder.cancel()
        while recorder.state().phase == 'waiting':
            time.sleep(0.05)
    sizes = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}
    dirty, clean = sizes['Private_Dirty:'] / 1024, sizes['Private_Clean:'] / 1024
    return f'{sizes["Rss:"] / 1024:.1f} resident, {dirty:.1f} private written, {clean:.1f} private read-only'


def say(what: str, late: Sequence[float]) -> None:
    sys.stdout.write(
        f'{what}, ms after the second: median {statistics.median(late) * 1000:.1f}, '
        f'least {min(late) * 1000:.1f}, most {max(late) * 1000:.1f} (of {len(late)})\n'
    )
    sys.stdout.flush()


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        say('recorder under a keeper', [once(Path(folder), number) for number in range(times)])
        say('recorder of `pyca run`', program(Path(folder, 'well'), times, silent=False))
        say('the same, core silent', program(Path(folder, 'silent'), times, silent=True))
    sys.stdout.write(f'memory of a keeper, MiB: {memory()}\n')


if __name__ == '__main__':
    main()
