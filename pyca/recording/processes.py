"""Processes of this machine, named so that a reused pid is never mistaken for them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_PROC = Path('/proc')


class Stat(NamedTuple):
    """What /proc/<pid>/stat says; `ticks` is the start in clock ticks since boot."""

    state: str
    parent: int
    group: int
    session: int
    ticks: int


def stat(pid: int) -> Stat | None:
    """None when there is no such process."""
    try:
        fields = (_PROC / str(pid) / 'stat').read_bytes().rpartition(b')')[2].split()
    except OSError:
        return None
    if len(fields) < 20:
        return None
    return Stat(fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19]))


@dataclass(frozen=True)
class Process:
    """One process, by pid together with start ticks."""

    pid: int
    ticks: int

    @property
    def exists(self) -> bool:
        """Whether its pid is still its own, be it as a zombie."""
        now = stat(self.pid)
        return now is not None and now.ticks == self.ticks

    @property
    def alive(self) -> bool:
        now = stat(self.pid)
        return now is not None and now.ticks == self.ticks and now.state not in 'ZX'

    def signal(self, number: int) -> bool:
        """Send a signal to this very process; whether it was there, and allowed us to."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return False
        except (OSError, AttributeError):  # a kernel before 5.3
            return self._kill(number)
        try:
            if not self.alive:
                return False
            signal.pidfd_send_signal(handle, number)
        except (ProcessLookupError, PermissionError):
            return False
        finally:
            os.close(handle)
        return True

    def _kill(self, number: int) -> bool:
        if not self.alive:
            return False
        try:
            os.kill(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def began(self) -> float:
        """About when it began, by the wall clock."""
        uptime = float((_PROC / 'uptime').read_text().split()[0])
        return time.time() - uptime + self.ticks / os.sysconf('SC_CLK_TCK')


def all_processes() -> Iterator[tuple[int, Stat]]:
    for name in os.listdir(_PROC):
        if name.isdigit() and (now := stat(int(name))) is not None:
            yield int(name), now


def has_variable(pid: int, name: str, value: str) -> bool:
    """Whether a process was started with this environment variable; false where one may not look."""
    try:
        environment = (_PROC / str(pid) / 'environ').read_bytes()
    except OSError:
        return False
    return os.fsencode(f'{name}={value}') in environment.split(b'\0')


def words(pid: int) -> list[str]:
    """The command line of a process; empty when it is gone, be it as a zombie."""
    try:
        line = (_PROC / str(pid) / 'cmdline').read_bytes()
    except OSError:
        return []
    return [os.fsdecode(word) for word in line.split(b'\0')] if line else []
