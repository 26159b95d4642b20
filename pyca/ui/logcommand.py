"""The command that shows the log, run with limits."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from pyca.clock import Clock

LIMIT = 10.0
"""Seconds that it may take."""
FRESH = 5.0
"""Seconds for which its answer is good enough for the next viewer."""
RECENT = 30.0
"""Seconds for which its answer is better than waiting, while somebody else waits for a newer one."""
PATIENCE = 2.0
"""Seconds that a viewer waits for what it says to another one, or four viewers would keep all threads of the server."""
MOST = 1 << 20
"""Bytes of the answer that are shown: the last ones."""


@dataclass(frozen=True)
class Log:
    """What it said, at which time; `trouble` says why there is nothing."""

    at: float
    lines: tuple[str, ...] = ()
    trouble: str = ''


class LogCommand:
    """Runs the shell command that the administrator has configured; one run serves all who ask meanwhile."""

    def __init__(
        self,
        command: str,
        clock: Clock,
        mask: Callable[[str], str],
        *,
        limit: float = LIMIT,
        patience: float = PATIENCE,
    ) -> None:
        """`mask` takes secrets out of a text."""
        self._command = command
        self._clock = clock
        self._mask = mask
        self._limit = limit
        self._patience = patience
        self._turn = threading.Condition()
        self._at_work = False
        self._last: tuple[float, Log] | None = None

    @property
    def configured(self) -> bool:
        return bool(self._command.strip())

    def read(self) -> Log:
        """Never waits longer than the limit, nor raises.

        The few threads of a web server must not all wait here, so what was said a moment ago does while it is at work.
        """
        with self._turn:
            enough = RECENT if self._at_work else FRESH
            if self._last is not None and self._clock.monotonic() - self._last[0] < enough:
                return self._last[1]
            if self._at_work:
                return self._awaited()
            self._at_work = True
        said: Log | None = None
        try:
            said = self._run()
            return said
        finally:
            with self._turn:
                # as old as it is now: one that takes long would never be fresh if that began with its run
                self._last = None if said is None else (self._clock.monotonic(), said)
                self._at_work = False
                self._turn.notify_all()

    def _awaited(self) -> Log:
        """What it is about to say to somebody else."""
        before = self._last
        self._turn.wait_for(lambda: self._last is not before or not self._at_work, self._patience)
        if self._last is None or self._last is before:
            return Log(self._clock.now(), trouble='it is still at work for somebody else')
        return self._last[1]

    def _run(self) -> Log:
        at = self._clock.now()
        try:
            process = subprocess.Popen(
                self._command,
                shell=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return Log(at, trouble=f'it cannot be started: {error.strerror}')
        try:
            output = self._collect(process)
            if output is None:
                return Log(at, trouble=f'it took longer than {self._limit:.0f} s')
            code = process.wait(timeout=self._limit)
        except subprocess.TimeoutExpired:
            return Log(at, trouble='it closed its output and went on')
        finally:
            _end(process)
        lines = self._mask(output.decode('utf-8', 'replace')).splitlines()
        if code:
            return Log(at, trouble=' '.join([f'it ended with exit code {code}', *lines[-1:]]))
        return Log(at, tuple(lines))

    def _collect(self, process: subprocess.Popen[bytes]) -> bytes | None:
        """What it prints until it closes its output; None if that takes too long."""
        deadline = self._clock.monotonic() + self._limit
        output = bytearray()
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                left = deadline - self._clock.monotonic()
                if left <= 0 or not selector.select(left):
                    return None
                block = os.read(process.stdout.fileno(), 1 << 16)
                if not block:
                    return bytes(output)
                output += block
                del output[:-MOST]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing of it behind."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
