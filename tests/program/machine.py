"""The machine on which the tests run: for how long it stood still, and how busy it is.

A machine that stands still is late with everything. What an agent promises is to be measured without that.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

STEP = 0.05
STOOD_STILL = 0.2
"""Seconds that a step may take longer than it should before the machine counts as having stood still."""
BEFORE = 5.0
"""Seconds before a moment at which the agent begins to prepare for it."""

_stalls: list[tuple[float, float]] = []


@contextmanager
def watched() -> Iterator[None]:
    """Note meanwhile when the machine stands still: somebody who wants to be woken all the time is not."""
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(done,), name='watch')
    _stalls.clear()
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join()


def _watch(done: threading.Event) -> None:
    before = time.time()
    while not done.wait(STEP):
        now = time.time()
        if now - before > STEP + STOOD_STILL:
            _stalls.append((before, now))
        before = now


def held_up(since: float = 0.0, until: float = float('inf')) -> float:
    """For how many seconds it stood still between these moments; by default, since the test began."""
    return sum(max(0.0, min(until, end) - max(since, begin)) for begin, end in list(_stalls))


def punctual(at: float, due: float, limit: float) -> bool:
    """Whether it happened then, never before, and no later than `limit` for which the machine is not to blame."""
    return 0 <= at - due < limit + held_up(due - BEFORE, at)


def slept_through(begin: float, end: float) -> bool:
    """Whether it may have slept through an event of some seconds."""
    return held_up(begin - BEFORE, end) > 1


def spare() -> float:
    """Seconds that a program needs longer to begin on a machine that is as busy as this one is now."""
    return min(30.0, max(0.0, 1.5 * (os.getloadavg()[0] - (os.cpu_count() or 1))))
