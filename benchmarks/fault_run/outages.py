"""Carries out the harm to the core, with what becomes of its events."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial

from benchmarks.fault_run.hall import Hall
from benchmarks.fault_run.plan import Harm
from pyca.demo.faults import Fault, Kind

TRACK = 'POST /ingest/addTrack'
PACKAGE = '/ingest/createMediaPackage'
FINAL = 'POST /ingest/ingest'

LASTING: dict[str, Callable[[], Fault]] = {
    'core hangs': lambda: Fault('', Kind.HANG, None),
    'core is a black hole': lambda: Fault('', Kind.BLACK_HOLE, None),
    'core answers 500': lambda: Fault(_not_final, Kind.STATUS, None, status=500),
    'core answers 502': lambda: Fault(_not_final, Kind.STATUS, None, status=502),
    'core shows its login page': lambda: Fault(_not_final, Kind.LOGIN, None),
    'core answers with HTML': lambda: Fault(_not_final, Kind.HTML, None),
    'core stops reading': lambda: Fault(TRACK, Kind.STOP_READING, 1, bytes=200),
}
SINGLE: dict[str, Callable[[], Fault]] = {
    'upload reset': lambda: Fault(TRACK, Kind.RESET, 1, bytes=300),
    'upload answered with 500': lambda: Fault(TRACK, Kind.STATUS, 1, status=500),
    'answer to a track lost': lambda: Fault(TRACK, Kind.LOSE_ANSWER, 1),
    'answer to a media package lost': lambda: Fault(PACKAGE, Kind.LOSE_ANSWER, 1),
    'final answer lost': lambda: Fault(FINAL, Kind.LOSE_ANSWER, 1),
    'final call answered with 502': lambda: Fault(FINAL, Kind.STATUS, 1, status=502),
}


def _not_final(method: str, target: str) -> bool:
    """A final call whose end is unknown is harm of its own: the agent waits for a minute after it."""
    return not target.startswith('/ingest/ingest')


def harm_core(hall: Hall, harm: Harm) -> Callable[[], None] | None:
    """Do the harm; what is given back ends it."""
    core = hall.core
    done = hall.chronicle.note(harm.kind, time.time())
    if harm.kind in SINGLE:
        core.faults.add(SINGLE[harm.kind]())
        done.until = time.time()
        return None
    if harm.kind in LASTING:
        core.faults.add(LASTING[harm.kind]())
        undo = core.faults.clear
    elif harm.kind == 'core refuses':
        core.stop()
        undo = core.start
    elif harm.kind == 'ingest node gone':
        hall.second.stop()
        undo = hall.second.start
    else:
        hall.second.state = 'maintenance'
        undo = lambda: setattr(hall.second, 'state', 'NORMAL')  # noqa: E731

    def end() -> None:
        undo()
        done.until = time.time()

    return end


def change_event(hall: Hall, harm: Harm, chance: random.Random) -> list[tuple[float, Callable[[], None]]]:
    """Change an event in the core; what is given back is to be done so many seconds later."""
    uid, now = harm.on, time.time()
    version = hall.chronicle.versions[uid][-1]
    hall.chronicle.note(harm.kind, now, now, uid)
    if harm.kind == 'given away':
        hall.call_off(uid, to='hall-2')
    elif harm.kind.startswith('cancelled'):
        hall.call_off(uid)
        if harm.kind != 'cancelled':
            return [(chance.uniform(1, 6), lambda: hall.change(uid))]
    elif harm.kind == 'extended':
        hall.change(uid, end=version.end + chance.randint(2, 4))
    elif harm.kind == 'shortened':
        hall.change(uid, end=max(version.start + 1, float(int(now) + 2), version.end - 5))
    elif harm.kind == 'moved':
        by = chance.randint(2, 5) if now < version.start else chance.choice((-2, 40))
        hall.change(uid, start=version.start + by, end=version.end + by)
    else:
        ends = [version.end + chance.randint(-3, 3) for _ in range(4)] + [version.end]
        return [(2.0 * number, partial(hall.change, uid, end=end)) for number, end in enumerate(ends)]
    return []
