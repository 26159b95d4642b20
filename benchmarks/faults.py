"""The fault run: many short events for the real program, with harm at random, and a look at what came of it.

    python -m benchmarks.faults --events 200 --seed 1 [--keep]

The same seed draws the same plan. Ends with exit code 1, and says what is wrong, if anything was lost, was done twice,
is unaccounted for, or was left behind. `--keep` keeps the folder with everything in it; otherwise it is kept only when
something is wrong.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.fault_run.check import Check
from benchmarks.fault_run.evidence import gather
from benchmarks.fault_run.hall import Hall
from benchmarks.fault_run.plan import draw
from benchmarks.fault_run.run import Runner


def fault_run(folder: Path, events: int, seed: int) -> tuple[list[str], str]:
    """What is wrong, with a summary of the run."""
    plan, begun = draw(seed, events), time.monotonic()
    with Hall(folder, plan) as hall:
        Runner(hall, plan).run()
        check = Check(hall.chronicle, gather(hall))
        chronicle = hall.chronicle
        media = [path for path in hall.agent.recordings.rglob('*') if path.is_file()]
        for path in media if check.findings else ():
            target = folder / 'kept' / path.relative_to(hall.disk)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    harms = Counter(entry.kind for entry in chronicle.done)
    worst = max(check.late.items(), key=lambda entry: entry[1], default=('none', 0.0))
    lines = [
        f'seed {seed}, {events} events in {time.monotonic() - begun:.0f} s',
        f'outcomes: {_counted(check.outcomes)}',
        f'harm: {_counted(harms)}',
        *(f'not done: {kind}: {reason}' for kind, reason in chronicle.not_done.items()),
        f'{check.required:.0f} of {check.scheduled:.0f} scheduled seconds had to be recorded, harm excuses the rest',
        f'worst start where nothing stood in the way: {worst[1]:.2f} s ({worst[0]}; {len(check.late)} such starts)',
        f'this machine itself stood still {len(chronicle.stalls)} times',
    ]
    (folder / 'harm.txt').write_text(_story(hall))
    return check.findings, '\n'.join(lines)


def _counted(counts: Counter[str]) -> str:
    return ', '.join(f'{number} {name}' for name, number in counts.most_common())


def _story(hall: Hall) -> str:
    """All that was done, in order, with the events: seconds of the run."""
    begun, chronicle = hall.begun, hall.chronicle
    entries = [(done.since, f'{done.kind} {done.on} until {done.until - begun:.2f}') for done in chronicle.done]
    for uid, versions in chronicle.versions.items():
        for version in versions:
            times = f'{version.start - begun:.0f} to {version.end - begun:.0f}'
            habit = chronicle.habits.get(uid, '')
            entries.append((max(begun, version.at), f'{uid} {times} {"" if version.here else "taken away"} {habit}'))
    entries += [(since, f'the agent is up until {until - begun:.2f}') for since, until in chronicle.up]
    return ''.join(f'{at - begun:8.2f} {at:.2f} {text}\n' for at, text in sorted(entries))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--events', type=int, default=200)
    parser.add_argument('--seed', type=int, default=None)
    parser.add_argument('--keep', action='store_true', help='keep the folder with everything in it')
    arguments = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    sys.stdout.write(f'seed {seed}\n')
    sys.stdout.flush()
    folder = Path(tempfile.mkdtemp(prefix='fault-run-'))
    findings, summary = fault_run(folder, arguments.events, seed)
    sys.stdout.write(f'{summary}\n')
    sys.stdout.write(''.join(f'- {finding}\n' for finding in findings) or 'Nothing was lost, nothing was done twice.\n')
    if findings or arguments.keep:
        sys.stdout.write(f'everything is in {folder}\n')
    else:
        shutil.rmtree(folder)
    if findings:
        sys.exit(1)


if __name__ == '__main__':
    main()
