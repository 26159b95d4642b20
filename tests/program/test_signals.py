"""What the running program does when it is spoken to: by signals, and to systemd."""

from __future__ import annotations

import shlex
import signal
import socket
import sys
import tempfile
from pathlib import Path

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.program.agent import MakeAgent, ScheduleEvent, end_of, wait_for
from tests.program.machine import spare

STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], 'ab', buffering=0) as file:
    while True:
        file.write(b'the time of this line in the file of a test: %.3f\\n' % time.time())
        time.sleep(0.05)
"""
"""A recorder that does not listen."""


def test_hangup_begins_a_new_log_file_and_ends_nothing(core: StandIn, make_agent: MakeAgent, tmp_path: Path) -> None:
    log = tmp_path / 'pyca.log'
    agent = make_agent(logging={'file': log, 'stderr': False, 'level': 'debug'})
    child = agent.start()
    wait_for(lambda: 'agent state: idle' in (log.read_text() if log.exists() else ''))

    old = log.rename(tmp_path / 'pyca.log.1')
    child.send_signal(signal.SIGHUP)
    core.stop()  # something to speak of
    wait_for(lambda: log.exists() and log.read_text())
    size = old.stat().st_size

    assert child.poll() is None
    assert agent.stop() == 0
    assert 'Told to end by SIGTERM' in log.read_text()
    assert old.stat().st_size == size


def test_ctrl_c_ends_at_once_while_nothing_records(core: StandIn, make_agent: MakeAgent) -> None:
    agent = make_agent()
    child = agent.start()
    wait_for(lambda: agent.name in core.agents)

    child.send_signal(signal.SIGINT)

    assert end_of(child, 15 + spare()) == 0
    wait_for(agent.at_rest)
    assert core.agents[agent.name].state == 'offline'
    assert 'Traceback' not in agent.logged()


def test_a_second_ctrl_c_ends_a_recorder_that_does_not_listen(
    make_agent: MakeAgent, schedule: ScheduleEvent, tmp_path: Path
) -> None:
    recorder = tmp_path / 'stubborn.py'
    recorder.write_text(STUBBORN)
    command = f'{sys.executable} {shlex.quote(str(recorder))} {{{{dir}}}}/{{{{name}}}}.dat'
    agent = make_agent(capture={'command': command, 'sigterm_time': 0, 'sigkill_time': 200})
    schedule(4, 600)
    child = agent.start()
    wait_for(agent.writing)

    child.send_signal(signal.SIGINT)
    wait_for(lambda: 'Told to end by SIGINT' in agent.logged())
    assert agent.writing()
    assert child.poll() is None
    child.send_signal(signal.SIGINT)

    assert end_of(child, 20 + spare()) == 0
    assert 'Told to end a second time' in agent.logged()
    wait_for(agent.at_rest)


def test_ready_and_the_watchdog_do_not_wait_for_the_network(core: StandIn, make_agent: MakeAgent) -> None:
    core.faults.add(Fault('', Kind.BLACK_HOLE, times=None))
    agent = make_agent()
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f'{folder}/notify')
        systemd.settimeout(90)
        agent.environment = {'NOTIFY_SOCKET': f'{folder}/notify', 'WATCHDOG_USEC': '1000000'}
        agent.start()
        said = [systemd.recv(4096).decode() for _ in range(4)]
        agent.stop()

    assert said[0] == 'READY=1'
    assert said.count('WATCHDOG=1') >= 2
