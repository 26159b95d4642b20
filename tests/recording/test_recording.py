"""One event's recording with real recorders."""

from __future__ import annotations

import json
import logging
import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pyca.clock import Clock, SystemClock
from pyca.event import Event
from pyca.recording.journal import Journal, Phase, load
from pyca.recording.outputs import Outputs
from pyca.recording.processes import all_processes, has_variable
from pyca.recording.recording import Recording
from pyca.recording.spec import VARIABLE, state_path
from pyca.recording.verdict import End
from pyca.settings import Capture
from pyca.settings_inputs import Leg
from pyca.stop import Bell
from tests.harm import signal_each
from tests.recording.waiting import wait_for

OBEDIENT = 'import signal,sys,time; f=open(sys.argv[1],"ab"); f.write(b"x"); f.flush(); signal.sigwait([15])'


def options(code: str, *words: str, **more: Any) -> Capture:
    command = ' '.join([sys.executable, '-c', shlex.quote(code), '{{dir}}/{{name}}.dat', *words])
    return Capture(command=command, files=('{{dir}}/{{name}}.dat',), flavors=('presenter/source',), **more)


def event(seconds: float, begins_in: float = 0) -> Event:
    now = time.time()
    return Event('uid-1', int(now + begins_in), int(now + begins_in + seconds), 'A lecture')


def make(root: Path, happening: Event, settings: Capture, clock: Clock | None = None) -> Recording:
    settings = replace(settings, directory=str(root))
    return Recording(Journal(root / happening.name, happening, settings.flavors), settings, clock or SystemClock())


def agent_anew(earlier: Recording, clock: Clock | None = None) -> Recording:
    """The same recording as a new agent finds it."""
    journal = load(earlier.journal.folder)
    assert journal is not None
    recording = Recording(journal, earlier._settings, clock or SystemClock())
    recording.take_over()
    return recording


def drive(recording: Recording, until: Callable[[], bool], limit: float = 60) -> None:
    """Tick as the capture service does until something is so."""
    deadline = time.monotonic() + limit
    while not until():
        assert time.monotonic() < deadline, recording.journal
        Bell().wait(min(0.05, recording.tick()))


def running(recording: Recording) -> Callable[[], bool]:
    return lambda: recording.journal.phase is Phase.RECORDING and size(recording) > 0


def size(recording: Recording) -> int:
    path = recording.journal.folder / f'{recording.event.name}.dat'
    return path.stat().st_size if path.exists() else 0


def written_pid(recording: Recording, whose: str, leg: str = '') -> int | None:
    """The pid of the `recorder`, or the `keeper`, as the newest keeper of this leg has written it down."""
    name = re.compile(rf'keeper-{f"{leg}-" if leg else ""}(\d+)\.json')
    folder = recording.journal.folder
    numbers = [int(match[1]) for path in folder.iterdir() if (match := name.fullmatch(path.name))]
    entry = json.loads(state_path(folder, max(numbers), leg).read_text())[whose] if numbers else None
    return entry['pid'] if entry else None


def pid(recording: Recording, whose: str = 'recorder') -> int:
    return wait_for(lambda: written_pid(recording, whose))


def test_a_recorder_that_ends_at_the_end_is_finished(tmp_path: Path) -> None:
    settings = options('import sys,time; open(sys.argv[1],"w").write("x"); time.sleep(int(sys.argv[2]))', '{{time}}')
    recording = make(tmp_path, event(3, 8), settings)

    recording.begin()
    drive(recording, lambda: time.time() >= recording.event.start)
    late = time.time() - recording.event.start  # as this machine is with whatever waits for that second
    drive(recording, lambda: recording.settled)

    stored = load(recording.journal.folder)
    assert stored is not None
    assert stored.phase is Phase.FINISHED
    assert [segment.end for segment in stored.segments] == [End.GOOD]
    assert stored.segments[0].started is not None
    assert 0 <= stored.segments[0].started - stored.event.start < 1 + late
    assert [track.path.name for track in stored.tracks(stored.segments[0])] == [f'{recording.event.name}.dat']


def test_a_recorder_that_goes_on_is_ended_as_configured(tmp_path: Path) -> None:
    recording = make(tmp_path, event(12), options(OBEDIENT, sigterm_time=0))

    recording.begin()
    drive(recording, lambda: recording.settled)

    assert recording.journal.phase is Phase.FINISHED
    assert [number for number, _ in recording.journal.segments[0].signals] == [signal.SIGTERM]
    assert recording.journal.segments[0].status == -signal.SIGTERM


def test_a_recorder_killed_by_somebody_has_failed_and_another_one_goes_on(tmp_path: Path) -> None:
    recording = make(tmp_path, event(60), options(OBEDIENT, sigterm_time=0))
    recording.begin()
    drive(recording, running(recording))

    os.kill(pid(recording), signal.SIGSEGV)
    drive(recording, lambda: len(recording.journal.segments) == 2 and size(recording) > 0)
    recording.end('enough')
    drive(recording, lambda: recording.settled)

    assert recording.journal.phase is Phase.FINISHED
    first, second = recording.journal.segments
    assert first.end is End.FAILED
    assert 'SIGSEGV' in first.cause
    assert first.files == [f'{recording.event.name}.dat-part-0']
    assert second.end is End.GOOD
    assert second.started is not None
    assert first.ended is not None
    assert 0.5 < second.started - first.ended < 20  # a second, and what a busy machine adds
    assert all(track.path.stat().st_size for piece in (first, second) for track in recording.journal.tracks(piece))


def test_a_command_that_always_fails_leaves_nothing_and_is_said_to_have_failed(tmp_path: Path) -> None:
    """H11: it was run each second, for the whole hour."""
    clock = Movable()
    recording = make(tmp_path, event(600), options('raise SystemExit(3)'), clock)
    phases: list[Phase] = []
    begun = time.monotonic()
    recording.begin()

    def watch() -> bool:
        if not phases or phases[-1] is not recording.journal.phase:
            phases.append(recording.journal.phase)
        return recording.settled or (recording.journal.failures == 3 and not clock.later)

    drive(recording, watch)
    took = time.monotonic() - begun
    clock.later = 3600  # its end comes
    drive(recording, watch)

    assert took >= 3  # pauses of 1, 2 s
    assert [phase for phase in phases if phase is not Phase.RECORDING][-2:] == [Phase.FAILING, Phase.FAILED]
    assert phases.count(Phase.FAILING) == 1
    assert recording.journal.segments == [] or recording.journal.pieces == []
    assert 'exit code 3' in recording.journal.cause
    assert 3 <= recording.journal.failures <= 4


def test_what_failed_while_nobody_looked_has_not_worked_meanwhile(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A command that always fails costs one error, also when the agent stands still."""
    clock = Movable()
    recording = make(tmp_path, event(600), options('raise SystemExit(3)'), clock)
    recording.begin()
    drive(recording, lambda: recording.journal.failures == 2)
    before = keepers_over(recording)

    drive(recording, lambda: len(recording.journal.segments) == 1)  # it is started once more
    wait_for(lambda: keepers_over(recording) - before)
    clock.later = 100
    drive(recording, lambda: recording.journal.failures == 3)

    assert [record.levelname for record in caplog.records].count('ERROR') == 1
    recording.end('enough')
    drive(recording, lambda: recording.settled)


def keepers_over(recording: Recording) -> set[Path]:
    """What keepers wrote whose recorder has ended."""
    found = recording.journal.folder.glob('keeper-*.json')
    return {path for path in found if json.loads(path.read_text())['ended']}


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    recording = make(tmp_path, event(60), Capture(command='no-such-recorder {{dir}}'))

    recording.begin()
    drive(recording, lambda: recording.journal.phase is Phase.FAILING)

    assert 'no-such-recorder' in recording.fault
    recording.end('enough')
    drive(recording, lambda: recording.settled)


def test_an_extended_event_gets_a_second_segment_when_the_command_took_its_time(tmp_path: Path) -> None:
    settings = options('import sys,time; open(sys.argv[1],"w").write("x"); time.sleep(int(sys.argv[2]))', '{{time}}')
    happening = event(9)
    recording = make(tmp_path, happening, settings)
    recording.begin()
    drive(recording, running(recording))

    recording.follow(Event(happening.uid, happening.start, happening.end + 9, happening.title))
    drive(recording, lambda: recording.settled)

    first, second = recording.journal.segments
    assert (first.end, second.end) == (End.GOOD, End.GOOD)
    assert recording.journal.phase is Phase.FINISHED
    assert second.ended is not None
    assert second.ended >= happening.end + 8


def test_a_new_agent_takes_over_the_recorder_and_sees_how_it_ends(tmp_path: Path) -> None:
    settings = options(OBEDIENT, sigterm_time=0)
    first = make(tmp_path, event(12), settings)
    first.begin()
    drive(first, running(first))
    recorder = pid(first)

    second = agent_anew(first)
    assert pid(second) == recorder
    drive(second, lambda: second.settled)

    assert second.journal.phase is Phase.FINISHED
    assert len(second.journal.segments) == 1
    assert second.journal.segments[0].status == -signal.SIGTERM


def test_after_a_power_cut_the_rest_is_recorded_at_once(tmp_path: Path) -> None:
    settings = options(OBEDIENT, sigterm_time=0)
    first = make(tmp_path, event(60), settings)
    first.begin()
    drive(first, running(first))
    recorder, keeper = pid(first), pid(first, 'keeper')
    os.kill(keeper, signal.SIGKILL)
    os.kill(recorder, signal.SIGKILL)
    os.waitpid(keeper, 0)

    second = agent_anew(first)
    drive(second, lambda: len(second.journal.segments) == 2 and size(second) > 0)
    second.end('enough')
    drive(second, lambda: second.settled)

    assert second.journal.phase is Phase.FINISHED
    assert [segment.end for segment in second.journal.segments] == [End.UNKNOWN, End.GOOD]


def test_a_power_cut_before_the_keeper_could_tell_of_the_start_costs_nothing(tmp_path: Path) -> None:
    first = make(tmp_path, event(60), options(OBEDIENT, sigterm_time=0))
    first.begin()
    drive(first, running(first))
    assert pid(first)  # its keeper writes nothing more
    assert kill(first)
    wait_for(lambda: not kill(first))
    keeper = state_path(first.journal.folder, 0)
    keeper.write_text(
        json.dumps({**json.loads(keeper.read_text()), 'phase': 'waiting', 'recorder': None, 'started': None})
    )
    first.journal.segments[0].started = None
    first.journal.save()

    second = agent_anew(first)
    drive(second, lambda: len(second.journal.segments) == 2 and size(second) > 0)
    second.end('enough')
    drive(second, lambda: second.settled)

    assert [segment.end for segment in second.journal.segments] == [End.UNKNOWN, End.GOOD]
    assert [track.path.stat().st_size for piece in second.journal.pieces for track in second.journal.tracks(piece)] == [
        1,
        1,
    ]


def test_a_crash_at_the_very_end_is_kept_for_a_person(tmp_path: Path) -> None:
    """Fifty-nine good minutes may be in the file; a crash is never called finished all the same."""
    code = 'open(sys.argv[1],"w").write("x"); time.sleep(int(sys.argv[2]) - 2); os.kill(os.getpid(), 11)'
    recording = make(tmp_path, event(10), options(f'import os,sys,time; {code}', '{{time}}'))

    recording.begin()
    drive(recording, lambda: recording.settled)

    stored = load(recording.journal.folder)
    assert stored is not None
    assert stored.phase is Phase.FAILED
    assert len(stored.pieces) == 1
    assert 'SIGSEGV' in stored.held
    assert 'a person decides' in stored.held


def test_a_crash_that_left_nothing_leaves_nothing_to_decide(tmp_path: Path) -> None:
    recording = make(tmp_path, event(9), options('import sys; open(sys.argv[1],"w"); raise SystemExit(1)'))

    recording.begin()
    drive(recording, lambda: recording.settled)

    assert (recording.journal.phase, recording.journal.held) == (Phase.FAILED, '')


@pytest.mark.parametrize('code', ['import sys; open(sys.argv[1],"w")', 'pass'])
def test_an_empty_file_is_a_failure_whatever_the_recorder_says(
    tmp_path: Path, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Movable()
    recording = make(tmp_path, event(600), options(code), clock)

    recording.begin()
    drive(recording, lambda: recording.journal.failures == 2)
    clock.later = 3600  # its end comes
    drive(recording, lambda: recording.settled)

    assert recording.journal.phase is Phase.FAILED
    assert re.search('is (empty|missing)', recording.journal.cause)
    assert 2 <= recording.journal.failures <= 5
    assert list(recording.journal.folder.glob('*.dat*')) == []
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(said) == 2  # that it fails, how it ended
    assert 'recording failed' in said[1]


def test_a_recorder_that_ends_too_early_with_success_is_started_again_with_growing_pauses(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recording = make(tmp_path, event(13), options('import sys; open(sys.argv[1],"a").write("x")'))

    recording.begin()
    drive(recording, lambda: recording.settled)

    assert recording.journal.phase is Phase.FINISHED
    assert 2 <= len(recording.journal.pieces) <= 4
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert said == ['uid-1: the recorder ended before the event did']


def test_a_recorder_that_stands_still_is_replaced(tmp_path: Path) -> None:
    seen = tmp_path / 'seen'  # the first byte was: only what is seen growing can stand still
    grow = 'for _ in range(9):\n f.write(b"x")\n while not os.path.exists(sys.argv[2]): time.sleep(0.1)'
    grows = f'import os,sys,time; f=open(sys.argv[1],"ab",0)\n{grow}\ntime.sleep(600)'
    clock, settings = Movable(), replace(options(grows, str(seen), sigkill_time=60), directory=str(tmp_path))
    happening = event(3000)
    recording = Recording(Journal(tmp_path / happening.name, happening, settings.flavors), settings, clock)
    recording.begin()
    drive(recording, lambda: size(recording) == 1 and recording.journal.phase is Phase.RECORDING)
    recording.tick()
    seen.touch()
    drive(recording, lambda: size(recording) == 9)
    recording.tick()
    first = pid(recording)

    clock.later += 100
    recording.tick()
    assert pid(recording) == first
    clock.later += 30
    drive(recording, lambda: len(recording.journal.segments) == 2)

    stalled = recording.journal.segments[0]
    assert 'has stopped growing' in stalled.cause
    assert [number for number, _ in stalled.signals] == [signal.SIGTERM]
    recording.end('enough')
    drive(recording, lambda: recording.settled)


def test_a_stop_that_reaches_all_processes_at_once_is_no_crash(tmp_path: Path) -> None:
    """As units with KillMode=control-group do it: nobody asked the recorder but systemd."""
    first = make(tmp_path, event(60), options(OBEDIENT, sigterm_time=0))
    first.begin()
    drive(first, running(first))
    recorder, keeper = pid(first), pid(first, 'keeper')
    os.kill(recorder, signal.SIGTERM)
    os.kill(keeper, signal.SIGTERM)
    drive(first, lambda: first.journal.segments[0].end is not None)  # before the agent hears of its own stop
    assert first.journal.segments[0].end is End.GOOD

    first.end('the agent was stopped', to_go_on=True)
    drive(first, lambda: first.settled)
    assert first.journal.phase is Phase.INTERRUPTED


def test_a_recorder_that_a_full_disk_kept_from_being_written_down_is_not_started_twice(tmp_path: Path) -> None:
    settings = options(OBEDIENT, sigterm_time=0)
    happening = event(60)
    first = make(tmp_path, happening, settings)
    (tmp_path / happening.name / '.recording.json.new').mkdir(parents=True)  # where a journal is written first
    first.begin()
    drive(first, running(first))
    assert load(first.journal.folder) is None
    recorder = pid(first)

    second = make(tmp_path, happening, settings)  # killed meanwhile: the new agent finds no journal
    second.begin()
    drive(second, running(second))

    assert pid(second) == recorder
    second.end('enough')
    drive(second, lambda: second.settled)
    assert [segment.end for segment in second.journal.segments] == [End.GOOD]


def test_a_keeper_that_a_full_disk_keeps_from_its_last_word_is_not_asked_all_the_time(tmp_path: Path) -> None:
    """Ten seconds of it, twenty times a second, cost a tenth of a processor."""
    recording = make(tmp_path, event(20), replace(options(''), command='/no/such/program'))
    (state_path(recording.journal.folder, 0) / 'in the way').mkdir(parents=True)
    recording.begin()

    drive(recording, lambda: time.time() > recording.journal.segments[0].planned + 2)

    assert recording.journal.segments[0].started is None
    assert recording.tick() >= 0.2
    kill(recording)


def test_an_event_that_a_power_cut_kept_from_beginning_says_so(tmp_path: Path) -> None:
    first = make(tmp_path, event(60, begins_in=3600), options(OBEDIENT, sigterm_time=0))
    first.begin()
    first.tick()
    keeper = pid(first, 'keeper')
    os.kill(keeper, signal.SIGKILL)
    os.waitpid(keeper, 0)
    clock = Movable()
    clock.later = 7200

    second = agent_anew(first, clock)
    drive(second, lambda: second.settled)

    assert second.journal.phase is Phase.FAILED
    assert 'no recorder could begin' in second.journal.cause


def test_an_event_called_off_before_it_begins_leaves_no_trace(tmp_path: Path) -> None:
    recording = make(tmp_path, event(5, begins_in=60), options(OBEDIENT))
    recording.begin()

    recording.end('cancelled in the core')
    drive(recording, lambda: recording.settled)
    recording.journal.discard()

    assert recording.journal.phase is Phase.CANCELLED
    assert list(tmp_path.iterdir()) == []


def test_a_stopped_agent_goes_on_when_it_is_back(tmp_path: Path) -> None:
    settings = options(OBEDIENT, sigterm_time=0)
    first = make(tmp_path, event(60), settings)
    first.begin()
    drive(first, running(first))
    first.end('the agent was stopped', to_go_on=True)
    drive(first, lambda: first.settled)
    assert first.journal.phase is Phase.INTERRUPTED

    second = agent_anew(first)
    drive(second, running(second))
    second.end('enough')
    drive(second, lambda: second.settled)

    assert second.journal.phase is Phase.FINISHED
    assert [segment.end for segment in second.journal.segments] == [End.GOOD, End.GOOD]


def test_a_recorder_that_ignores_everything_is_killed_and_the_cause_says_so(tmp_path: Path) -> None:
    """H13: what KILL had cut short counted as good."""
    stubborn = (
        'import signal,sys,time; signal.signal(15, signal.SIG_IGN); open(sys.argv[1],"w").write("x"); time.sleep(60)'
    )
    recording = make(tmp_path, event(12), options(stubborn, sigterm_time=0, sigkill_time=1))

    recording.begin()
    drive(recording, lambda: recording.settled)

    assert [number for number, _ in recording.journal.segments[0].signals] == [signal.SIGTERM, signal.SIGKILL]
    assert recording.journal.segments[0].end is End.FORCED
    assert 'by force' in recording.journal.cause


def test_the_end_that_moves_before_the_start_reaches_the_command(tmp_path: Path) -> None:
    code = 'import sys,time; open(sys.argv[1],"w").write(sys.argv[2]); time.sleep(int(sys.argv[2]))'
    settings = options(code, '{{time}}')
    happening = event(7, begins_in=8)
    recording = make(tmp_path, happening, settings)
    recording.begin()

    recording.follow(Event(happening.uid, happening.start, happening.end - 1, happening.title))
    drive(recording, lambda: recording.settled)

    started = recording.journal.segments[0].started
    assert started is not None
    left = happening.end - 1 - int(started)
    assert (recording.journal.folder / f'{happening.name}.dat').read_text() == str(left)


@pytest.mark.parametrize('leftover', ['.dat', '.dat-part-0'])
def test_what_an_earlier_agent_left_is_kept_as_a_segment(tmp_path: Path, leftover: str) -> None:
    happening = event(9)
    folder = tmp_path / happening.name
    folder.mkdir()
    (folder / f'{happening.name}{leftover}').write_text('old')
    code = 'import sys,time; open(sys.argv[1],"w").write("new"); time.sleep(int(sys.argv[2]))'
    recording = make(tmp_path, happening, options(code, '{{time}}'))

    recording.begin()
    drive(recording, lambda: recording.settled)

    pieces = [recording.journal.tracks(segment)[0].path.read_text() for segment in recording.journal.pieces]
    assert pieces == ['old', 'new']


class Movable(SystemClock):
    """The clock of this machine, set wrong by some seconds."""

    def __init__(self) -> None:
        self.wrong = 0.0
        self.later = 0.0

    def now(self) -> float:
        return super().now() + self.wrong + self.later

    def monotonic(self) -> float:
        return super().monotonic() + self.later


def test_a_clock_that_steps_over_the_end_kills_nothing_at_once(tmp_path: Path) -> None:
    # given the default signals: KILL two minutes after the end, nothing before
    clock, settings = Movable(), replace(options(OBEDIENT), directory=str(tmp_path))
    happening = event(60)
    recording = Recording(Journal(tmp_path / happening.name, happening, settings.flavors), settings, clock)
    recording.begin()
    drive(recording, running(recording))

    clock.wrong = 3600
    seen = time.monotonic()
    drive(recording, lambda: recording.settled or time.monotonic() > seen + 2)
    clock.wrong = 0
    recording.tick()

    assert not recording.settled
    assert recording.journal.segments[0].signals == []
    recording.end('enough')
    drive(recording, lambda: recording.settled)


def kill(recording: Recording) -> set[int]:
    """End the keeper of the newest segment by force, with its recorder; their process ids."""
    segments = recording.journal.segments
    path = state_path(recording.journal.folder, segments[-1].number) if segments else None
    found = {pid for pid, now in all_processes() if now.state != 'Z' and has_variable(pid, VARIABLE, str(path))}
    signal_each(found, signal.SIGKILL)
    return found


def test_a_keeper_that_dies_while_it_waits_is_not_replaced_by_one_that_starts_early(tmp_path: Path) -> None:
    happening = event(60, begins_in=8)
    recording = make(tmp_path, happening, options(OBEDIENT, sigterm_time=0))
    recording.begin()
    assert kill(recording)

    drive(recording, running(recording))
    recording.end('enough')
    drive(recording, lambda: recording.settled)

    assert recording.journal.phase is Phase.FINISHED
    assert recording.journal.segments[0].started is not None
    assert recording.journal.segments[0].started >= happening.start


def test_a_keeper_that_dies_while_it_waits_is_no_news(tmp_path: Path) -> None:
    """The core would show a failed recording, and switch off a live stream, where nothing is missing."""
    happening = event(15, begins_in=8)
    recording = make(tmp_path, happening, options(OBEDIENT, sigterm_time=0))
    recording.begin()
    phases = [recording.journal.phase]
    assert kill(recording)

    def told() -> bool:
        if recording.journal.phase is not phases[-1]:
            phases.append(recording.journal.phase)
        return recording.journal.phase is Phase.RECORDING

    drive(recording, told)
    cause = recording.journal.cause
    recording.end('enough')
    drive(recording, lambda: recording.settled)

    assert phases == [Phase.WAITING, Phase.RECORDING]
    assert (cause, recording.journal.failures) == ('', 0)
    assert len(recording.journal.segments) == 1


def test_a_keeper_that_always_dies_while_it_waits_is_a_failure(tmp_path: Path) -> None:
    """It is not replaced in an endless hurry."""
    happening = event(15, begins_in=3600)
    recording = make(tmp_path, happening, options(OBEDIENT, sigterm_time=0))
    recording.begin()

    killed = set[int]()

    def failing() -> bool:
        killed.update(kill(recording) - killed)
        return recording.journal.phase is Phase.FAILING

    drive(recording, failing)
    recording.end('enough')
    drive(recording, lambda: recording.settled)

    assert len(killed) >= 4


def test_what_dies_at_once_is_started_with_growing_pauses(tmp_path: Path) -> None:
    recording = make(tmp_path, event(60), options(OBEDIENT, sigterm_time=0))
    journal, begun = recording.journal, time.monotonic()
    recording.begin()

    def started_four_times() -> bool:
        kill(recording)
        return journal.failures + len(journal.segments) == 4

    drive(recording, started_four_times)
    took = time.monotonic() - begun
    recording.end('enough')
    drive(recording, lambda: recording.settled)

    assert took >= 6  # pauses of 1, 2, 4 s, the first of which is left out where the recorder had begun


def test_a_disk_that_takes_no_journal_costs_no_earlier_part(tmp_path: Path) -> None:
    happening = event(60)
    recording = make(tmp_path, happening, options(OBEDIENT))
    folder = recording.journal.folder
    folder.mkdir()
    (folder / f'{happening.name}.dat').write_bytes(b'the first hour')
    (folder / '.recording.json.new').mkdir()  # where a journal is written before it takes its name

    outputs = Outputs(recording.journal, Leg('', options(OBEDIENT)))
    with pytest.raises(OSError, match='directory'):
        outputs.set_aside()

    assert (folder / f'{happening.name}.dat-part-0').read_bytes() == b'the first hour'


def test_runs_without_any_result_leave_nothing_behind(tmp_path: Path) -> None:
    happening = event(600)
    clock = Movable()
    recording = make(tmp_path, happening, options('raise SystemExit(1)'), clock)
    recording.begin()

    drive(recording, lambda: recording.journal.failures == 2)
    clock.later = 3600  # its end comes
    drive(recording, lambda: recording.settled)

    assert recording.journal.phase is Phase.FAILED
    assert recording.journal.failures >= 2
    assert not list(recording.journal.folder.glob('keeper-*'))


def test_a_recording_of_which_nothing_ever_began_says_so(tmp_path: Path) -> None:
    happening = event(2, begins_in=-3)
    recording = make(tmp_path, happening, options(OBEDIENT))
    recording.journal.folder.mkdir()
    recording.journal.save()

    later = agent_anew(recording)
    drive(later, lambda: later.settled)

    assert later.journal.phase is Phase.FAILED
    assert 'no recorder could begin' in later.journal.cause


def test_an_event_that_passed_while_the_machine_slept_is_no_missing_program(tmp_path: Path) -> None:
    happening = event(2, begins_in=-3)
    recording = make(tmp_path, happening, options(OBEDIENT))
    recording.begin()

    drive(recording, lambda: recording.settled)

    assert recording.journal.phase is Phase.FAILED
    assert 'over before' in recording.journal.cause
    assert recording.fault == ''
