"""How late a recorder starts: from the event's second to the first line of its program.

Run as `python -m benchmarks.start [times]` in the project's folder.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from pyca.recording.recorder import Recorder, Spec

LEAD = 1.5
"""Seconds from the keeper's start to the event's; the agent gives it more."""


def once(folder: Path, number: int) -> float:
    """Seconds that one recorder came late; negative would be early."""
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


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        late = [once(Path(folder), number) for number in range(times)]
    sys.stdout.write(
        f'start of a recorder after the second, ms: median {statistics.median(late) * 1000:.1f}, '
        f'least {min(late) * 1000:.1f}, most {max(late) * 1000:.1f} (of {times})\n'
        f'memory of a keeper, MiB: {memory()}\n'
    )


if __name__ == '__main__':
    main()
