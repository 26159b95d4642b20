"""Faults on demand: what shall go wrong with which request."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Kind(str, Enum):
    """The ways in which a request can go wrong."""

    STATUS = 'status'
    """`status` with `body` instead of the work; what the client sends is read first, unless `early`."""
    DELAY = 'delay'
    """`seconds` later, before the work."""
    HANG = 'hang'
    """Accepted, read, never answered, until the faults are cleared."""
    DROP = 'drop'
    """Read, then closed without an answer; nothing was done."""
    RESET = 'reset'
    """A TCP reset as soon as `bytes` bytes of the body came in."""
    STOP_READING = 'stop reading'
    """No more reading after `bytes` bytes of the body, until the faults are cleared."""
    SLOW_READING = 'slow reading'
    """The body is read at `rate` bytes per second."""
    LOSE_ANSWER = 'lose answer'
    """The work is done, the connection closed without an answer."""
    LATE_ANSWER = 'late answer'
    """The work is done, the answer comes `seconds` later."""
    OTHER_ANSWER = 'other answer'
    """The work is done; the answer is `status` with `body`, as from a proxy that lost the core's."""
    HTML = 'html'
    """200 with an HTML page."""
    LOGIN = 'login'
    """302 to the login page."""
    TRUNCATE = 'truncate'
    """The work is done; of the answer's body only the first half arrives."""
    EMPTY = 'empty'
    """The work is done; the answer has no body."""
    NOT_MODIFIED = 'not modified'
    """304 with a quoted ETag, whatever was asked."""
    BLACK_HOLE = 'black hole'
    """This request and every new connection to its node get nothing, until the faults are cleared."""


@dataclass
class Fault:
    """What goes wrong with requests whose "METHOD /path?query" is matched.

    `match` is a regular expression that is searched for, or a function of method and path with query. `times` is how
    often it happens (None = always), `after` how many matching requests go well before.
    """

    match: str | Callable[[str, str], bool]
    kind: Kind
    times: int | None = 1
    after: int = 0
    status: int = 500
    body: str = ''
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    bytes: int = 0
    rate: int = 0
    early: bool = False
    hits: int = 0
    """How often it happened."""

    def __post_init__(self) -> None:
        self.kind = Kind(self.kind)

    def wants(self, method: str, target: str) -> bool:
        if callable(self.match):
            return self.match(method, target)
        return re.search(self.match, f'{method} {target}') is not None

    @property
    def spent(self) -> bool:
        return self.times is not None and self.hits >= self.times


class Faults:
    """The faults in force. The first that matches a request is the one that happens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._waits: set[threading.Event] = set()
        self._cures: list[Callable[[], None]] = []
        self._closed = False

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Everything works again; requests that are held go on."""
        with self._lock:
            self._faults.clear()
            cures, self._cures = self._cures, []
        self.wake()
        for cure in cures:
            cure()

    def on_clear(self, cure: Callable[[], None]) -> None:
        """Call this once when the faults are cleared."""
        with self._lock:
            self._cures.append(cure)

    def take(self, method: str, target: str) -> Fault | None:
        """The fault that happens to this request, counted as happened."""
        with self._lock:
            for fault in self._faults:
                if fault.spent or not fault.wants(method, target):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.hits += 1
                return fault
        return None

    def pause(self, seconds: float | None = None, fault: Fault | None = None) -> None:
        """Hold a request, until the faults are cleared, the core stops, or `seconds` are over.

        A request that is held because of a `fault` goes on at once where that one has been cleared meanwhile.
        """
        wait = threading.Event()
        with self._lock:
            cleared = fault is not None and not any(one is fault for one in self._faults)
            if self._closed or cleared:
                return
            self._waits.add(wait)
        wait.wait(seconds)
        with self._lock:
            self._waits.discard(wait)

    def close(self, closed: bool = True) -> None:
        """Hold nothing any more (or again): the core stops (or starts)."""
        with self._lock:
            self._closed = closed
        self.wake()

    def wake(self) -> None:
        """Let everything go on that is held."""
        with self._lock:
            for wait in self._waits:
                wait.set()
