from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from signal import SIGCONT, SIGINT, SIGKILL, SIGSTOP, SIGTERM
from typing import Any

import pytest

from pyca.recording.processes import Process, all_processes, has_variable, stat
from pyca.recording.recorder import VARIABLE, KeeperState, Recorder, state_path
from tests.recording.conftest import Spawn
from tests.recording.waiting import wait_for

PROJECT = Path(__file__).parents[2]
FOREVER = 'import time; print("up", flush=True); time.sleep(600)'
STUBBORN = (
    'import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (2, 15)]; print("up", flush=True); time.sleep(600)'
)


AGENT = f"""
import os, sys, time
from pathlib import Path
from pyca.recording.recorder import Recorder, Spec
now = time.time()
Recorder.spawn(Spec((sys.executable, '-c', {FOREVER!r}), now, int(now) + 60, Path(sys.argv[1]), 1))
os.kill(os.getpid(), 9)
"""

CONFESS = """
import json, os
descriptors = [int(number) for number in os.listdir('/proc/self/fd')]
print(json.dumps({
    'stdin': os.readlink('/proc/self/fd/0'),
    'leader': os.getsid(0) == os.getpid(),
    'descriptors': sorted(number for number in descriptors if os.path.exists(f'/proc/self/fd/{number}')),
    'cwd': os.getcwd(),
    'variable': os.environ['PYCA_KEEPER'],
    'path': os.environ['PATH'],
    'umask': os.umask(0),
    'nice': os.nice(0),
}))
"""


def over(recorder: Recorder) -> KeeperState:
    return wait_for(lambda: recorder.state() if recorder.state().phase in ('ended', 'lost') else None)


def up(recorder: Recorder, folder: Path) -> KeeperState:
    """Wait until the recorder's own program runs and has said so."""
    wait_for(lambda: recorder.state().phase == 'running' and 'up' in log(folder))
    return recorder.state()


def log(folder: Path) -> str:
    path = folder / 'recorder.log'
    return path.read_text() if path.exists() else ''


def written(folder: Path, number: int = 1) -> dict[str, Any]:
    path = state_path(folder, number)
    content = json.loads(path.read_text()) if path.exists() else {}
    assert isinstance(content, dict)
    return content


def keeper_of(folder: Path) -> Process:
    entry = wait_for(lambda: written(folder).get('keeper'))
    return Process(entry['pid'], entry['ticks'])


def test_a_recorder_starts_on_its_moment_never_before(spawn: Spawn, folder: Path) -> None:
    asked = time.time()
    recorder = spawn('import time; print(time.time())', begin=8)
    moment = asked + 8

    assert recorder.state().phase == 'waiting'
    wait_for(lambda: time.time() >= moment)
    late = time.time() - moment  # as this machine is with whatever waits for that moment
    state = over(recorder)

    assert state.started is not None
    assert moment <= state.started <= float(log(folder))
    assert state.started < moment + late + 1
    assert state.status == 0


def test_the_time_left_counts_from_the_second_of_the_start(spawn: Spawn) -> None:
    before = int(time.time())
    recorder = spawn(words=('echo', 'x{{time}}y', '{{time}}'), seconds=60, begin=-20)
    after = int(time.time())

    state = over(recorder)

    assert state.started is not None
    left = int(state.arguments[2])
    assert before + 40 <= int(state.started) + left <= after + 40
    assert state.arguments == ('echo', f'x{left}y', str(left))


def test_an_event_that_is_over_is_not_recorded(spawn: Spawn, folder: Path) -> None:
    state = over(spawn('print("up")', begin=-100, seconds=50))

    assert (state.phase, state.started, state.status) == ('ended', None, None)
    assert 'over before' in state.error
    assert log(folder) == ''


def test_words_reach_the_recorder_as_they_are(spawn: Spawn, folder: Path) -> None:
    words = (sys.executable, '-c', 'import sys; print(sys.argv[1:])', 'a b', '"q"', "it's", '$HOME', 'ä', '')

    over(spawn(words=words))

    assert log(folder).strip() == str(list(words[3:]))


@pytest.mark.parametrize(
    ('program', 'status'),
    [
        ('raise SystemExit(3)', 3),
        ('import os; os.kill(os.getpid(), 11)', -11),
        ('pass', 0),
    ],
)
def test_the_exit_status_is_known(spawn: Spawn, program: str, status: int) -> None:
    state = over(spawn(program))

    assert (state.phase, state.status) == ('ended', status)
    assert state.ended is not None
    assert state.started is not None
    assert state.ended >= state.started


def test_a_program_that_is_not_there_is_named(spawn: Spawn) -> None:
    state = over(spawn(words=('no-such-recorder', '-x')))

    assert (state.phase, state.pid, state.started) == ('ended', None, None)
    assert state.error == 'program not found: no-such-recorder'


def test_a_program_that_may_not_be_run_is_named(spawn: Spawn, folder: Path) -> None:
    script = folder / 'rec.sh'
    script.write_text('#!/bin/sh\n')

    state = over(spawn(words=(str(script),)))

    assert 'permission denied' in state.error
    assert str(script) in state.error


def test_a_missing_interpreter_is_not_taken_for_a_missing_script(spawn: Spawn, folder: Path) -> None:
    script = folder / 'rec.sh'
    script.write_text('#!/no/such/shell\n')
    script.chmod(0o755)

    assert 'interpreter' in over(spawn(words=(str(script),))).error


def test_the_recorder_gets_a_clean_process(spawn: Spawn, folder: Path) -> None:
    mask = os.umask(0o22)
    os.umask(mask)

    over(spawn(CONFESS))
    seen = json.loads(log(folder))

    assert seen['stdin'] == '/dev/null'
    assert seen['leader']
    assert seen['descriptors'] == [0, 1, 2]
    assert seen['cwd'] == os.getcwd()
    assert seen['variable'] == str(state_path(folder, 1))
    assert seen['path'] == os.environ['PATH']
    assert seen['umask'] == mask
    assert seen['nice'] == os.nice(0)


def test_the_recorder_hears_every_signal(spawn: Spawn, folder: Path) -> None:
    over(spawn(words=('sh', '-c', 'grep -e SigIgn -e SigBlk /proc/self/status')))

    blocked, ignored = (int(line.split()[1], 16) for line in log(folder).splitlines())
    assert blocked == 0
    assert ignored & 0x7FFFFFFF == 0  # beyond it are those of the C library


def test_a_signal_reaches_the_recorder(spawn: Spawn, folder: Path) -> None:
    recorder = spawn(words=('sh', '-c', 'trap "exit 7" INT; echo up; while true; do sleep 0.05; done'))
    up(recorder, folder)

    assert recorder.signal(SIGINT)

    assert over(recorder).status == 7
    assert not recorder.signal(SIGINT)


def test_a_stubborn_recorder_is_ended_by_force(spawn: Spawn, folder: Path) -> None:
    recorder = spawn(STUBBORN)
    up(recorder, folder)

    recorder.signal(SIGTERM)
    recorder.signal(SIGINT)
    assert recorder.state().phase == 'running'
    recorder.kill_group(SIGKILL)

    assert over(recorder).status == -SIGKILL


def test_the_whole_group_is_killed(spawn: Spawn, folder: Path) -> None:
    recorder = spawn(words=('sh', '-c', 'sleep 600 & echo up; wait'))
    up(recorder, folder)
    child = wait_for(recorder.leftovers)[0]

    recorder.kill_group(SIGKILL)

    assert over(recorder).status == -SIGKILL
    wait_for(lambda: not alive(child))


@pytest.mark.parametrize('code', [0, 4])
def test_what_a_recorder_leaves_behind_ends_before_the_recorder_counts_as_ended(
    spawn: Spawn, folder: Path, code: int
) -> None:
    """A script that ends without its ffmpeg: the device must be free, the file finished."""
    child = """sh -c 'trap "echo finished; exit" TERM; echo up; while :; do sleep 0.1; done' &"""
    wait = 'while ! grep -q up "${PYCA_KEEPER%/*}/recorder.log"; do sleep 0.1; done'
    recorder = spawn(words=('sh', '-c', f'{child} {wait}; exit {code}'))

    assert over(recorder).status == code

    assert 'finished' in log(folder)
    assert recorder.leftovers() == []


def test_what_a_killed_keeper_could_not_end_is_found(spawn: Spawn, folder: Path) -> None:
    recorder = spawn(words=('sh', '-c', 'sleep 600 & echo up; wait'))
    up(recorder, folder)
    child = wait_for(recorder.leftovers)[0]
    keeper_of(folder).signal(SIGKILL)
    recorder.signal(SIGKILL)
    assert over(recorder).phase == 'lost'

    recorder.kill_group(SIGTERM)

    wait_for(lambda: not alive(child))
    assert recorder.leftovers() == []


def test_a_keeper_that_is_told_to_end_says_so(spawn: Spawn, folder: Path) -> None:
    """As systemd does where a unit ends all processes of a service at once."""
    recorder = spawn('import time; print("up", flush=True); time.sleep(60)')
    up(recorder, folder)

    keeper = keeper_of(folder)
    recorder.signal(SIGTERM)
    keeper.signal(SIGTERM)

    state = over(recorder)
    assert (state.status, state.told) == (-SIGTERM, True)


def test_a_group_of_somebody_else_is_left_alone(folder: Path) -> None:
    # given a state file whose recorder's number now is another process's
    stranger = subprocess.Popen(['sleep', '600'], start_new_session=True)
    try:
        now = stat(stranger.pid)
        assert now is not None
        state_path(folder, 1).write_text(state_text(recorder={'pid': stranger.pid, 'ticks': now.ticks - 1}))
        recorder = Recorder.find(folder, 1)
        assert recorder is not None

        assert not recorder.signal(SIGKILL)
        recorder.kill_group(SIGKILL)
        recorder.cancel()

        assert recorder.state().phase == 'lost'
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_cancelled_recorder_never_starts(spawn: Spawn, folder: Path) -> None:
    recorder = spawn('print("up")', begin=30)
    keeper = keeper_of(folder)

    recorder.cancel()
    state = over(recorder)

    assert (state.phase, state.started, state.error) == ('ended', None, 'cancelled before its start')
    wait_for(lambda: not keeper.alive)
    assert log(folder) == ''


def test_one_can_cancel_at_once(spawn: Spawn, folder: Path) -> None:
    recorder = spawn('print("up")', begin=30)

    recorder.cancel()

    assert over(recorder).error == 'cancelled before its start'


def test_a_machine_that_slept_has_cancelled_nothing(spawn: Spawn, folder: Path) -> None:
    """A stop that outlasts a wait makes Python's `sigtimedwait` name a signal that nobody sent."""
    recorder = spawn(FOREVER, begin=3)
    waiting = wait_for(lambda: keeper_of(folder) if state_path(folder, 1).exists() else None)

    for _ in range(2):
        os.kill(waiting.pid, SIGSTOP)
        before = time.monotonic()
        wait_for(lambda: time.monotonic() > before + 0.8)  # noqa: B023
        os.kill(waiting.pid, SIGCONT)

    assert up(recorder, folder).phase == 'running'


def test_cancelling_a_running_recorder_asks_it_to_end(spawn: Spawn, folder: Path) -> None:
    recorder = spawn(FOREVER)
    up(recorder, folder)

    recorder.cancel()

    assert over(recorder).status == -SIGTERM


def test_term_to_the_keeper_goes_on_to_the_recorder(spawn: Spawn, folder: Path) -> None:
    recorder = spawn(FOREVER)
    up(recorder, folder)

    keeper_of(folder).signal(SIGTERM)

    assert over(recorder).status == -SIGTERM


def test_another_agent_takes_over(spawn: Spawn, folder: Path) -> None:
    # given an agent that was killed while its recorder ran
    agent = subprocess.run([sys.executable, '-c', AGENT, str(folder)], cwd=PROJECT, check=False, timeout=60)
    assert agent.returncode == -SIGKILL

    # when the next one looks
    recorder = Recorder.find(folder, 1)
    assert recorder is not None
    try:
        state = up(recorder, folder)
        assert state.pid == recorder.pid

        # then it has the recorder in hand
        assert recorder.signal(SIGTERM)
        assert over(recorder).status == -SIGTERM
    finally:
        recorder.kill_group(SIGKILL)


def test_the_recorder_goes_on_without_its_keeper(spawn: Spawn, folder: Path) -> None:
    recorder = spawn('import time\nwhile True: print("up", flush=True); time.sleep(0.02)')
    up(recorder, folder)

    keeper_of(folder).signal(SIGKILL)
    wait_for(lambda: not keeper_of(folder).alive)
    before = len(log(folder))

    # it still writes, is still ours
    wait_for(lambda: len(log(folder)) > before)
    assert recorder.state().phase == 'running'
    assert recorder.signal(SIGTERM)

    # but nobody sees its status
    state = over(recorder)
    assert (state.phase, state.status) == ('lost', None)
    assert state.started is not None


def test_a_keeper_killed_while_it_waits_is_lost(spawn: Spawn, folder: Path) -> None:
    recorder = spawn('print("up")', begin=30)

    keeper_of(folder).signal(SIGKILL)
    state = over(recorder)

    assert (state.phase, state.started, state.pid) == ('lost', None, None)
    assert 'exit code -9' in state.error


class OnFullDisk(Recorder):
    def full(self) -> bool:
        return True


def test_a_keeper_that_a_full_disk_kept_from_saying_anything_is_told_so(spawn: Spawn, folder: Path) -> None:
    (state_path(folder, 1) / 'in the way').mkdir(parents=True)
    assert not spawn('import time; time.sleep(1)').full()
    recorder = wait_for(lambda: OnFullDisk.find(folder, 1))

    state = over(recorder)

    assert (state.phase, state.error) == ('lost', 'the keeper ended without a word; there is no room on the disk')


@pytest.mark.parametrize('damage', ['', '{"version": 1, "pha', '[]', '{"version": 99}'])
def test_a_recorder_is_found_without_its_state_file(spawn: Spawn, folder: Path, damage: str) -> None:
    running = up(spawn(FOREVER), folder)
    wait_for(lambda: written(folder).get('phase') == 'running')
    path = state_path(folder, 1)
    path.unlink()
    if damage:
        path.write_text(damage)

    recorder = Recorder.find(folder, 1)

    assert recorder is not None
    state = recorder.state()
    assert (state.phase, state.pid) == ('running', running.pid)
    assert state.started is not None
    assert running.started is not None
    assert abs(state.started - running.started) < 20  # about, and on a busy machine
    assert recorder.signal(SIGTERM)


def test_a_state_file_that_could_not_be_written_keeps_nobody_from_recording(spawn: Spawn, folder: Path) -> None:
    # given a state file that cannot be replaced
    (state_path(folder, 1) / 'in the way').mkdir(parents=True)

    recorder = spawn(FOREVER)

    up(recorder, folder)
    assert recorder.signal(SIGTERM)
    # when there is room again, the last word is written
    (state_path(folder, 1) / 'in the way').rmdir()
    state_path(folder, 1).rmdir()
    assert over(recorder).status == -SIGTERM


def test_after_a_power_cut_a_running_recorder_is_lost(folder: Path) -> None:
    # given a file from before the boot, whose numbers happen to be used again
    now = stat(os.getpid())
    assert now is not None
    recorder_entry = {'pid': os.getpid(), 'ticks': now.ticks}
    state_path(folder, 1).write_text(state_text(boot='another', recorder=recorder_entry, started=5.0))

    recorder = Recorder.find(folder, 1)

    assert recorder is not None
    state = recorder.state()
    assert (state.phase, state.started, state.status) == ('lost', 5.0, None)
    assert not recorder.signal(SIGTERM)


def test_a_recorder_that_its_keeper_had_no_time_to_note_is_found(spawn: Spawn, folder: Path) -> None:
    # given a keeper that was killed right after the start
    running = up(spawn(FOREVER), folder)
    wait_for(lambda: written(folder).get('phase') == 'running')
    keeper = keeper_of(folder)
    keeper.signal(SIGKILL)
    wait_for(lambda: not keeper.alive)
    entry = {'pid': keeper.pid, 'ticks': keeper.ticks}
    state_path(folder, 1).write_text(state_text(phase='waiting', keeper=entry))

    recorder = Recorder.find(folder, 1)

    assert recorder is not None
    assert (recorder.state().phase, recorder.state().pid) == ('running', running.pid)


def test_no_trace_is_no_recorder(folder: Path) -> None:
    assert Recorder.find(folder, 1) is None


def test_an_older_state_file_is_not_believed(spawn: Spawn, folder: Path) -> None:
    state_path(folder, 1).write_text(state_text(phase='ended', status=0))

    assert spawn('print("up")', begin=30).state().phase == 'waiting'


def test_no_zombie_stays(spawn: Spawn, folder: Path) -> None:
    recorder = spawn('pass')
    keeper = keeper_of(folder)
    over(recorder)

    wait_for(lambda: recorder.state() and not keeper.exists)


def test_a_quick_end_is_never_taken_for_a_loss(spawn: Spawn) -> None:
    # given recorders that end at once, looked at without a pause
    for words in [('false',), ('no-such-recorder',)] * 8:
        recorder = spawn(words=words)

        while (state := recorder.state()).phase not in ('ended', 'lost'):
            continue

        assert (state.phase, state.status) == ('ended', 1 if words == ('false',) else None)


def test_the_log_is_appended_by_the_next_run(spawn: Spawn, folder: Path) -> None:
    over(spawn('print("one")'))
    over(spawn('print("two")'))

    assert log(folder) == 'one\ntwo\n'


def alive(pid: int) -> bool:
    now = stat(pid)
    return now is not None and now.state != 'Z'


def state_text(boot: str = '', **entries: Any) -> str:
    content: dict[str, Any] = {
        'version': 1,
        'boot': boot or Path('/proc/sys/kernel/random/boot_id').read_text().strip(),
        'keeper': {'pid': 1, 'ticks': 1},
        'phase': 'running',
        'recorder': None,
        'arguments': ['x'],
        'started': None,
        'ended': None,
        'status': None,
        'error': '',
    }
    return json.dumps({**content, **entries})


def test_processes_carry_the_variable(spawn: Spawn, folder: Path) -> None:
    up(spawn(FOREVER), folder)
    wait_for(lambda: written(folder).get('phase') == 'running')  # whoever wrote the first state is gone then

    marked = [pid for pid, _ in all_processes() if has_variable(pid, VARIABLE, str(state_path(folder, 1)))]

    assert len(marked) == 2
