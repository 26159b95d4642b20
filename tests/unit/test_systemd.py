from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pyca.systemd import Notifier


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The receiving end of the notify socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / 'notify'))
        receiver.settimeout(5)
        monkeypatch.setenv('NOTIFY_SOCKET', str(tmp_path / 'notify'))
        yield receiver


@pytest.mark.parametrize(
    ('tell', 'message'),
    [
        (lambda notifier: notifier.ready(), 'READY=1'),
        (lambda notifier: notifier.status('Recording until 10:00'), 'STATUS=Recording until 10:00'),
        (lambda notifier: notifier.watchdog(), 'WATCHDOG=1'),
        (lambda notifier: notifier.stopping(), 'STOPPING=1'),
        (lambda notifier: notifier.extend_timeout(2.5), 'EXTEND_TIMEOUT_USEC=2500000'),
    ],
)
def test_systemd_hears_each_message(systemd: socket.socket, tell: Callable[[Notifier], None], message: str) -> None:
    with closing(Notifier()) as notifier:
        tell(notifier)
    assert systemd.recv(4096).decode() == message


def test_a_status_with_line_breaks_cannot_smuggle_in_another_message(systemd: socket.socket) -> None:
    with closing(Notifier()) as notifier:
        notifier.status('a title\nSTOPPING=1')
    assert systemd.recv(4096) == b'STATUS=a title STOPPING=1'


def test_a_full_socket_does_not_hold_up_the_agent(systemd: socket.socket) -> None:
    notifier = Notifier()
    notifier.ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.connect(os.environ['NOTIFY_SOCKET'])
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            all(other.send(b'x') for _ in range(100_000))
    notifier.status('nobody reads this')
    notifier.close()
    assert systemd.recv(4096) == b'READY=1'


def test_after_close_the_messages_go_nowhere(systemd: socket.socket) -> None:
    notifier = Notifier()
    notifier.ready()
    notifier.close()
    notifier.watchdog()
    assert systemd.recv(4096) == b'READY=1'
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        systemd.recv(4096)


@pytest.mark.parametrize('address', [None, '/nowhere/notify'])
def test_without_systemd_the_messages_go_nowhere(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    monkeypatch.delenv('NOTIFY_SOCKET', raising=False)
    if address:
        monkeypatch.setenv('NOTIFY_SOCKET', address)
    notifier = Notifier()
    notifier.ready()
    notifier.watchdog()
    assert notifier.watchdog_interval is None


OURS = 'the pid of this process'


@pytest.mark.parametrize(
    ('microseconds', 'pid', 'interval'),
    [
        ('300000000', OURS, 150.0),
        ('300000000', None, 150.0),
        ('300000000', '1', None),
        ('0', OURS, None),
        ('soon', OURS, None),
        (None, None, None),
    ],
)
def test_the_watchdog_interval_is_half_of_what_the_unit_allows(
    monkeypatch: pytest.MonkeyPatch, microseconds: str | None, pid: str | None, interval: float | None
) -> None:
    for name, value in (('WATCHDOG_USEC', microseconds), ('WATCHDOG_PID', pid)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, str(os.getpid()) if value == OURS else value)
    assert Notifier().watchdog_interval == interval
