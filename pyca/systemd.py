"""What systemd is told: ready, alive, stopping."""

from __future__ import annotations

import os

import sdnotify

_LONGEST_SEND = 1.0
"""Seconds that a message may wait for room in the socket: systemd being stuck must not hold up a recording."""


class Notifier:
    """The messages of sd_notify(3); without systemd (no `NOTIFY_SOCKET`) they go nowhere."""

    def __init__(self) -> None:
        self.watchdog_interval = _watchdog_interval()
        """Seconds between two signs of life, half of what the unit allows; None if nobody waits for them."""
        self._channel = sdnotify.SystemdNotifier() if _somebody_listens() else None
        if self._channel is not None and self._channel.socket is not None:
            self._channel.socket.settimeout(_LONGEST_SEND)

    def ready(self) -> None:
        """The start is over."""
        self._send('READY=1')

    def status(self, text: str) -> None:
        """The line that `systemctl status` shows."""
        self._send('STATUS=' + ' '.join(text.split()))

    def watchdog(self) -> None:
        """A sign of life."""
        self._send('WATCHDOG=1')

    def stopping(self) -> None:
        """The end has begun."""
        self._send('STOPPING=1')

    def extend_timeout(self, seconds: float) -> None:
        """Ask for this much time from now on for the start or stop that is under way."""
        self._send(f'EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}')

    def close(self) -> None:
        """Let go of the socket; later messages go nowhere."""
        if self._channel is not None and self._channel.socket is not None:
            self._channel.socket.close()
        self._channel = None

    def _send(self, message: str) -> None:
        if self._channel is not None:
            self._channel.notify(message)


def _somebody_listens() -> bool:
    """Looked at first, since sdnotify leaves a socket open when it cannot connect."""
    address = os.environ.get('NOTIFY_SOCKET', '')
    return address.startswith('@') or (bool(address) and os.path.exists(address))


def _watchdog_interval() -> float | None:
    """From `WATCHDOG_USEC`, unless `WATCHDOG_PID` says that another process is meant (sd_watchdog_enabled(3))."""
    if os.environ.get('WATCHDOG_PID', str(os.getpid())) != str(os.getpid()):
        return None
    try:
        microseconds = int(os.environ.get('WATCHDOG_USEC', ''))
    except ValueError:
        return None
    return microseconds / 2_000_000 if microseconds > 0 else None
