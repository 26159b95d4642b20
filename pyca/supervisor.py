"""The services as threads of one process: start, keep alive, stop in order."""

from __future__ import annotations

import logging
import os
import select
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Protocol

from pyca.backoff import Backoff
from pyca.loop import Loop
from pyca.stop import Stop

logger = logging.getLogger(__name__)

HANGING = 15 * 60.0
"""Seconds without a sign of life after which a service counts as hanging."""
STOP_LIMIT = 280.0
"""Seconds that a stop may take; systemd's own limit in our units is 300."""
PATROL = 5.0
"""Seconds between two looks at the threads."""


class Notifier(Protocol):
    """What is said to systemd."""

    @property
    def watchdog_interval(self) -> float | None: ...

    def ready(self) -> None: ...

    def watchdog(self) -> None: ...

    def status(self, text: str) -> None: ...

    def stopping(self) -> None: ...

    def extend_timeout(self, seconds: float) -> None: ...


@dataclass(frozen=True)
class ServiceGroup:
    """Loops that are stopped together; `farewell` is called after they have ended."""

    loops: Sequence[Loop]
    stop: Stop
    farewell: Callable[[], None] | None = None


@dataclass(frozen=True)
class Duties:
    """What the supervisor does besides: what to call for a signal, and whom the watchdog depends on.

    `vital` is the loop whose silence, after `silence` seconds of it, must make systemd restart the process. `quiet`
    tells whether nothing records or is about to, so that a restart costs nothing. `hurry` is called at the second
    request to end.
    """

    vital: Loop
    silence: float
    quiet: Callable[[], bool]
    status: Callable[[], str]
    hangup: Callable[[], None]
    hurry: Callable[[], None]


class Supervisor:
    """Runs groups of loops until a signal, or until a service hangs beyond repair."""

    def __init__(self, groups: Sequence[ServiceGroup], duties: Duties, notifier: Notifier) -> None:
        self._groups = groups
        self._duties = duties
        self._notifier = notifier
        self._threads: dict[Loop, threading.Thread] = {}
        self._said = ''

    def run(self) -> int:
        """Start everything, say ready, wait for the end; returns the exit code (0, or 12 to ask for a restart)."""
        with _signals() as arrivals:
            for loop in self._loops():
                self._start(loop)
            self._notifier.ready()
            code = self._watch(arrivals)
            self._notifier.stopping()
            self._wind_down(arrivals)
        return code

    def _loops(self) -> Iterator[Loop]:
        for group in self._groups:
            yield from group.loops

    def _start(self, loop: Loop) -> None:
        thread = threading.Thread(target=_keep_running, args=(loop,), name=loop.service.name, daemon=True)
        self._threads[loop] = thread
        thread.start()

    def _watch(self, arrivals: Arrivals) -> int:
        while True:
            for number in arrivals.wait(self._patrol()):
                if number == signal.SIGHUP:
                    self._duties.hangup()
                else:
                    logger.info('Told to end by %s', signal.Signals(number).name)
                    return 0
            self._sign()
            hanging = [loop.service.name for loop in self._loops() if _hangs(loop)]
            if hanging and self._duties.quiet():
                logger.error('%s: no sign of life for %d minutes; ending for a restart', hanging[0], HANGING / 60)
                return 12

    def _patrol(self) -> float:
        return min(PATROL, self._notifier.watchdog_interval or PATROL)

    def _sign(self) -> None:
        if self._duties.vital.pulse.age < self._duties.silence:
            self._notifier.watchdog()
        status = self._duties.status()
        if status != self._said:
            self._notifier.status(status)
            self._said = status

    def _wind_down(self, arrivals: Arrivals) -> None:
        for group in self._groups:
            group.stop.request()
            self._join(group, arrivals)
            if group.farewell is not None:
                group.farewell()

    def _join(self, group: ServiceGroup, arrivals: Arrivals) -> None:
        """Wait for a group's threads, save those that hang.

        A further signal means that the user does not want to wait.
        """
        for _ in range(int(STOP_LIMIT)):
            alive = [self._threads[loop] for loop in group.loops if self._threads[loop].is_alive() and not _hangs(loop)]
            if not alive:
                break
            self._notifier.extend_timeout(20.0)
            self._notifier.watchdog()
            alive[0].join(1.0)
            if any(number != signal.SIGHUP for number in arrivals.wait(0.0)):
                logger.warning('Told to end a second time: ending the recorders by force')
                self._duties.hurry()
        left = [thread.name for thread in (self._threads[loop] for loop in group.loops) if thread.is_alive()]
        if left:
            logger.error('Still working, left behind: %s', ', '.join(left))


def _hangs(loop: Loop) -> bool:
    return loop.pulse.age > HANGING


def _keep_running(loop: Loop) -> None:
    """The body of a thread: the loop, started again with a growing pause should it ever raise; at the stop, the end.

    A service is not closed before it is run again: it could not go on with what it has in hand.
    """
    pause = Backoff(1.0, loop.patience)
    while not loop.stop.requested:
        try:
            loop.run()
        except BaseException:  # whatever it is, SystemExit too: nobody else would notice that the service is gone
            logger.exception('%s: the loop broke', loop.service.name)
            loop.stop.wait(pause.failed())
    try:
        loop.service.close()
    except BaseException:  # as above
        logger.exception('%s: its end broke', loop.service.name)


class Arrivals:
    """The signals that came, read from the pipe that the interpreter writes them to."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def wait(self, seconds: float) -> list[int]:
        """The numbers of the signals that have come, after `seconds` at most."""
        ready, _, _ = select.select([self._pipe], [], [], seconds)
        return list(os.read(self._pipe, 512)) if ready else []


@contextmanager
def _signals() -> Iterator[Arrivals]:
    """Let TERM, INT and HUP only write to a pipe: a handler that does nothing cannot do harm."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)  # first: what only the handlers hear is lost
    before = {number: signal.signal(number, _take_note) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        yield Arrivals(reading)
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def _take_note(number: int, frame: FrameType | None) -> None:
    """The interpreter has already written the number to the pipe."""
