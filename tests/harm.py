"""Signals to processes that may end at the very moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress

from pyca.recording.processes import stat


def signal_each(pids: Iterable[int], number: int) -> None:
    """To all that are still there: whoever found them saw them a moment ago."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_all(found: Callable[[], Iterable[int]]) -> None:
    """Everything at once, as a power cut does: what is stopped cannot start anything while the rest is killed."""
    for number, done in ((signal.SIGSTOP, 'tTZX'), (signal.SIGKILL, 'ZX')):
        while left := [pid for pid in found() if (now := stat(pid)) and now.state not in done]:
            signal_each(left, number)
