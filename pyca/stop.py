"""Waits that somebody else can end."""

from __future__ import annotations

import threading


class Bell:
    """Something to wait for that others can ring; a ring before the wait counts."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """End the wait that is under way, or the next one. Not for signal handlers."""
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Wait for a ring, `seconds` at most; tells whether one came."""
        rung = self._rung.wait(max(0.0, seconds))
        self._rung.clear()
        return rung


class Stop:
    """The request that the program ends; every wait of a service hears it."""

    def __init__(self) -> None:
        self._requested = threading.Event()
        self._bells: list[Bell] = []

    def add(self, bell: Bell) -> None:
        """Ring this bell, too, when a stop is requested."""
        self._bells.append(bell)

    def request(self) -> None:
        """Ask everything to end. Not for signal handlers."""
        self._requested.set()
        for bell in self._bells:
            bell.ring()

    @property
    def requested(self) -> bool:
        return self._requested.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the request, `seconds` at most; tells whether it came."""
        return self._requested.wait(max(0.0, seconds))
