"""What becomes of recordings whose recorder, or whose disk, fails."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from pyca.demo.standin import StandIn
from tests.program.agent import Agent, MakeAgent, ScheduleEvent, wait_for


def told(core: StandIn, uid: str) -> list[str]:
    return [state for _, state in core.recordings.get(uid, [])]


def faults(agent: Agent) -> list[str]:
    with closing(sqlite3.connect(agent.folder / 'pyca.db', timeout=30)) as connection:
        return [text for (text,) in connection.execute('SELECT text FROM pyca_fault')]


def test_a_command_that_always_fails_costs_one_error_and_one_post_until_it_is_over(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """H11: it was started each second, with a line and a post each time."""
    agent = make_agent(capture={'command': "sh -c 'exit 3' {{dir}}"})
    uid = schedule(5, 12)
    agent.start()
    wait_for(lambda: 'recording failed' in agent.logged())
    wait_for(lambda: 'capture_error' in told(core, uid))
    assert agent.stop() == 0

    errors = [line for line in agent.logged().splitlines() if ' ERROR ' in line and 'exit code 3' in line]
    assert len(errors) == 2  # that it fails, how it ended
    assert [state for state in told(core, uid) if state != 'capturing'] == ['capture_error']
    assert told(core, uid).count('capturing') <= 1
    assert core.deliveries == []


def test_a_crash_with_a_file_is_kept_for_a_person_and_another_lecture_is_delivered(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent, tmp_path: Path
) -> None:
    code = 'import os,sys,time; open(sys.argv[1],"w").write("x" * 99); time.sleep(2); os.kill(os.getpid(), 11)'
    agent = make_agent()
    sound = agent.sections['capture']['command']
    agent.sections['capture']['command'] = f'{sys.executable} -c {shlex.quote(code)} {{{{dir}}}}/{{{{name}}}}.dat'
    crashed = schedule(5, 6)
    agent.start()
    wait_for(lambda: 'capture_error' in told(core, crashed))
    wait_for(lambda: 'a person decides' in agent.logged())
    agent.stop()

    agent.sections['capture']['command'] = sound
    fine = schedule(10, 3)
    agent.start()
    wait_for(lambda: 'upload_finished' in told(core, fine), limit=120)

    assert [delivery.uid for delivery in core.deliveries] == [fine]
    assert 'capture_finished' not in told(core, crashed)
    with closing(sqlite3.connect(agent.folder / 'pyca.db', timeout=30)) as connection:
        assert connection.execute('SELECT status FROM recorded_event WHERE uid = ?', [crashed]).fetchone() == (9,)


def test_a_disk_that_is_not_mounted_at_boot_costs_no_lecture(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent()
    agent.start()
    wait_for(lambda: core.agents.get(agent.name) is not None and core.agents[agent.name].state == 'idle')
    agent.stop()
    disk = agent.recordings.rename(agent.folder / 'disk')
    agent.recordings.mkdir()

    uid = schedule(7, 4)
    agent.start()
    wait_for(lambda: core.agents[agent.name].state == 'error')
    assert any('not to be mounted' in text and 'standby' in text for text in faults(agent))
    wait_for(lambda: 'capturing' in told(core, uid))
    wait_for(lambda: 'upload_finished' in told(core, uid), limit=120)
    assert list(agent.recordings.glob('recording-*')) == []
    agent.recordings.rmdir()
    disk.rename(agent.recordings)

    wait_for(lambda: core.agents[agent.name].state == 'idle', limit=120)
    assert faults(agent) == []
    assert [delivery.uid for delivery in core.deliveries] == [uid]


def mounts() -> bool:
    """Whether this user can give a process a small disk of its own."""
    if shutil.which('unshare') is None:
        return False
    words = ['unshare', '-rm', 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt']
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not mounts(), reason='this user cannot mount a small disk')
def test_a_full_disk_is_told_and_costs_only_what_there_was_no_room_for(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent()
    disk = agent.recordings
    disk.mkdir()
    first = schedule(9, 14)
    agent.configuration  # noqa: B018 - writes the file
    mount = f'mount -t tmpfs -o size=4m none {shlex.quote(str(disk))} && exec "$@"'
    program = [sys.executable, '-m', 'pyca', '-c', str(agent.configuration), 'run']
    with agent.log.open('ab') as log:
        child = subprocess.Popen(
            ['unshare', '-rm', 'sh', '-c', mount, 'sh', *program],
            env={**os.environ, 'PYTHONPATH': str(Path(__file__).parents[2]), 'PYCA_TEST': str(agent.folder)},
            cwd=agent.folder,
            stdout=log,
            stderr=log,
        )
    agent.children.append(child)
    seen = Path(f'/proc/{child.pid}/root{disk}')  # the disk as the agent sees it
    wait_for(lambda: 'capturing' in told(core, first))

    filler = seen / 'somebody-elses'
    with filler.open('wb', buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    wait_for(lambda: 'recording f' in agent.logged(), limit=120)
    assert re.search(r'the recorder ended with exit code \d+; there is no room on the disk', agent.logged())
    assert 'keeper was gone' not in agent.logged()
    wait_for(lambda: any('is full' in text for text in faults(agent)), limit=120)
    filler.unlink()
    second = schedule(12, 5)

    wait_for(lambda: 'upload_finished' in told(core, second), limit=120)
    assert 'upload_finished' in told(core, first) or 'capture_error' in told(core, first)
    wait_for(lambda: faults(agent) == [], limit=120)
    assert child.poll() is None
