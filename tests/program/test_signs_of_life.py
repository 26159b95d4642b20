"""What systemd hears, under the limits of the old units (peers C33)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.program.agent import Agent, wait_for
from tests.program.machine import held_up, spare

WATCHDOG = 4.0
"""Seconds after which this systemd would kill."""


class Systemd:
    """The receiving end of the notify socket; what came, with its times."""

    def __init__(self, path: Path) -> None:
        self.heard: list[tuple[float, str]] = []
        self.environment = {'NOTIFY_SOCKET': str(path), 'WATCHDOG_USEC': str(int(WATCHDOG * 1e6))}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while message := self._socket.recv(4096):
            self.heard.append((time.time(), message.decode()))

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b'', self.environment['NOTIFY_SOCKET'])
        self._thread.join()
        self._socket.close()

    def said(self, text: str) -> bool:
        return any(message == text for _, message in self.heard)

    def signs(self) -> list[float]:
        return [at for at, message in self.heard if message == 'WATCHDOG=1']

    def longest_silence(self) -> float:
        """From READY until now."""
        ready = next(at for at, message in self.heard if message == 'READY=1')
        return max(later - earlier for earlier, later in pairwise([ready, *self.signs(), time.time()]))


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    receiver = Systemd(tmp_path / 'notify')
    yield receiver
    receiver.close()


@pytest.mark.parametrize('service', ['run', 'schedule', 'capture', 'ingest', 'agentstate'])
def test_a_service_is_ready_and_alive_while_the_core_hangs(
    core: StandIn, make_agent: Callable[..., Agent], systemd: Systemd, service: str
) -> None:
    """H1, H23: upstream said nothing until the core had answered, nor between two polls."""
    core.faults.add(Fault('', Kind.HANG, times=None))
    agent = make_agent(agent={'update_frequency': 86400}, http={'timeout': 300, 'connection_timeout': 180})
    agent.environment = systemd.environment
    before = time.time()
    agent.start(service)

    wait_for(lambda: len(systemd.signs()) >= 4)

    assert systemd.heard[0][1] == 'READY=1'
    assert systemd.heard[0][0] - before < 15 + spare() + held_up(before)
    assert systemd.longest_silence() < WATCHDOG + held_up(before)
    assert systemd.said('STATUS=Waiting')
    before = time.time()
    assert agent.stop() == 0
    assert time.time() - before < 15 + spare() + held_up(before)
    assert systemd.said('STOPPING=1')


@pytest.mark.parametrize('trouble', ['the rate is limited', 'the core stops reading'])
def test_signs_of_life_come_while_an_upload_is_slow(
    core: StandIn,
    make_agent: Callable[..., Agent],
    schedule: Callable[..., str],
    systemd: Systemd,
    trouble: str,
) -> None:
    """H22, H23: an upload of more than an hour was killed."""
    rate = '30k' if trouble == 'the rate is limited' else '0'
    command = 'sh -c "head -c 1500000 /dev/zero > {{dir}}/{{name}}.dat; exec sleep {{time}}"'
    agent = make_agent(capture={'command': command}, ingest={'upload_rate': rate})
    agent.environment = systemd.environment
    if rate == '0':
        core.faults.add(Fault('POST /ingest/addTrack', Kind.STOP_READING, bytes=1000))
    schedule(7, 2)
    services = [agent.start(name) for name in ('schedule', 'capture')]
    wait_for(lambda: any(name == '/recordings/calendars' for name in [request.path for request in core.requests]))
    wait_for(lambda: 'recording finished' in agent.logged())
    for service in services:
        agent.stop(service)
    systemd.heard.clear()

    agent.start('ingest')
    wait_for(lambda: systemd.said('STATUS=Uploading'))
    signs = len(systemd.signs())
    wait_for(lambda: len(systemd.signs()) >= signs + 3)

    assert core.deliveries == []
    assert systemd.longest_silence() < WATCHDOG + held_up()
    before = time.time()
    assert agent.stop() == 0
    assert time.time() - before < 10 + spare() + held_up(before)
