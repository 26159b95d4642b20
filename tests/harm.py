"""Signals to processes that may end at the very moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from pyca.recording.processes import stat


def signal_each(pids: Iterable[int], number: int) -> None:
    """To all that are still there: whoever found them saw them a moment ago."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_all(found: Callable[[], Iterable[int]]) -> None:
    """Everything at once, as a power cut does: what is stopped cannot start anything while the rest is killed."""
    _signal_all(found, signal.SIGSTOP, 'tTZX')
    _signal_all(found, signal.SIGKILL, 'ZX')


@contextmanager
def asleep(found: Callable[[], Iterable[int]]) -> Iterator[None]:
    """What is done meanwhile is one moment for them."""
    _signal_all(found, signal.SIGSTOP, 'tTZX')
    try:
        yield
    finally:
        signal_each(found(), signal.SIGCONT)


def _signal_all(found: Callable[[], Iterable[int]], number: int, done: str) -> None:
    """Until all are in one of these states, and were when they were looked for: none can have had a child since."""
    calm = False
    while not calm:
        before = {pid: now.state for pid in found() if (now := stat(pid))}
        left = [pid for pid, state in before.items() if state not in done]
        signal_each(left, number)
        calm = not left and set(found()) <= set(before)
