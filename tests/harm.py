"""Signals to processes that may end at the very moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from pyca.recording.processes import stat

STOPPED = 'tTZXD'
"""States of who does nothing more after SIGSTOP. A parent waits for a child that was stopped before it could become
another program in the state D, and stops only after that."""


def signal_each(pids: Iterable[int], number: int) -> None:
    """To all that are still there: whoever found them saw them a moment ago."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_all(found: Callable[[], Iterable[int]]) -> None:
    """Everything at once, as a power cut does: what is stopped cannot start anything while the rest is killed."""
    _signal_all(found, signal.SIGSTOP, STOPPED)
    _signal_all(found, signal.SIGKILL, 'ZX')


@contextmanager
def asleep(found: Callable[[], Iterable[int]]) -> Iterator[None]:
    """What is done meanwhile is one moment for them."""
    _signal_all(found, signal.SIGSTOP, STOPPED)
    try:
        yield
    finally:
        signal_each(found(), signal.SIGCONT)


def _signal_all(found: Callable[[], Iterable[int]], number: int, done: str) -> None:
    """Until all are in one of these states, and were when they were looked for: none can have had a child since."""
    calm, sent = False, set[int]()
    while not calm:
        before = {pid: now.state for pid in found() if (now := stat(pid))}
        left = [pid for pid, state in before.items() if state not in done or (state == 'D' and pid not in sent)]
        signal_each(left, number)
        sent |= {*left}
        calm = not left and set(found()) <= set(before)
