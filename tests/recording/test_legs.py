"""Several recorders side by side in one recording, real ones."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pyca.clock import SystemClock
from pyca.event import Event
from pyca.recording.delivery import Preparation, offer
from pyca.recording.fresh import fresh
from pyca.recording.joining import Joiner
from pyca.recording.journal import Phase, load
from pyca.recording.processes import all_processes, has_variable
from pyca.recording.recording import Recording
from pyca.recording.spec import VARIABLE
from pyca.recording.verdict import End
from pyca.settings import Capture, Input
from tests.harm import kill_all, signal_each
from tests.recording.test_recording import agent_anew, drive, written_pid
from tests.recording.waiting import wait_for

WRITER = (
    'import os,signal,sys; signal.pthread_sigmask(0,[15]); f=open(sys.argv[1],"ab"); '
    'f.write(os.environ.get("PYCA_INPUTS","").encode()+b" "+sys.argv[2].encode()); f.flush(); '
    'print("here is", sys.argv[2], flush=True); signal.sigwait([15])'
)
FAILING = 'import sys; sys.exit(3)'
Make = Callable[..., Recording]


def command(code: str, *words: str) -> str:
    return ' '.join([sys.executable, '-c', shlex.quote(code), *words])


def hall(root: Path, *, slides: str = '') -> Capture:
    """Camera and sound by the common command, slides by a command of their own."""
    file = '{{dir}}/{{name}}-%s.dat'
    own = slides or command(WRITER, file % 'slides', '{{inputs}}')
    return Capture(
        directory=str(root),
        command=command(WRITER, file % 'camera', '{{inputs}}'),
        sigterm_time=0,
        sigkill_time=5,
        inputs=(
            Input('camera', ('presenter/source',), (file % 'camera',)),
            Input('slides', ('presentation/source',), (file % 'slides',), own),
        ),
    )


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Recording] = []

    def begin(settings: Capture, seconds: float = 60, wanted: Sequence[str] = ()) -> Recording:
        now = int(time.time())
        event = Event('uid-1', now, now + int(seconds), 'A lecture')
        journal = fresh(tmp_path / event.name, event, settings, wanted)
        made.append(Recording(journal, settings, SystemClock()))
        made[-1].begin()
        return made[-1]

    yield begin
    for recording in made:
        kill_all(partial(alive, recording))


def written(recording: Recording) -> dict[str, str]:
    """What lies in the folder, by the input whose file it is."""
    prefix = f'{recording.event.name}-'
    found = recording.journal.folder.glob(f'{prefix}*.dat*')
    return {path.name.removeprefix(prefix): path.read_text() for path in found if path.stat().st_size}


def both(recording: Recording) -> Callable[[], bool]:
    return lambda: {'camera.dat', 'slides.dat'} <= written(recording).keys()


def alive(recording: Recording) -> list[int]:
    """The recorders that run, with their keepers."""
    paths = [str(path) for path in recording.journal.folder.glob('keeper-*.json')]
    running = [pid for pid, now in all_processes() if now.state != 'Z']
    return [pid for pid in running if any(has_variable(pid, VARIABLE, path) for path in paths)]


def crash(recording: Recording, leg: str) -> None:
    """Kill the recorder of this leg."""
    drive(recording, lambda: written_pid(recording, 'recorder', leg) is not None)
    pid = written_pid(recording, 'recorder', leg)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def end(recording: Recording) -> None:
    recording.end('enough')
    drive(recording, lambda: recording.settled)


def phase(recording: Recording) -> Phase:
    return recording.journal.phase


def flavors(recording: Recording) -> list[str]:
    return [track.flavor for track in offer(recording.journal)]


def test_each_command_records_its_inputs_and_is_told_their_names(make: Make, tmp_path: Path) -> None:
    recording = make(hall(tmp_path))
    drive(recording, both(recording))
    end(recording)

    assert recording.journal.phase is Phase.FINISHED
    assert written(recording) == {'camera.dat': 'camera camera', 'slides.dat': 'slides slides'}
    assert flavors(recording) == ['presenter/source', 'presentation/source']
    assert (recording.journal.folder / 'recorder.log').read_text() == 'here is camera\n'
    assert (recording.journal.folder / 'recorder-slides.log').read_text() == 'here is slides\n'


@pytest.mark.parametrize(
    ('wanted', 'files', 'kinds'),
    [
        (['slides'], ['slides.dat'], ['presentation/source']),
        (['camera'], ['camera.dat'], ['presenter/source']),
        (['camera', 'organ'], ['camera.dat'], ['presenter/source']),
        (['organ'], ['camera.dat', 'slides.dat'], ['presenter/source', 'presentation/source']),
    ],
)
def test_what_is_selected_is_recorded(
    make: Make, tmp_path: Path, wanted: list[str], files: list[str], kinds: list[str]
) -> None:
    recording = make(hall(tmp_path), wanted=wanted)
    drive(recording, lambda: set(files) <= written(recording).keys())
    end(recording)

    assert sorted(written(recording)) == files
    assert flavors(recording) == kinds
    assert ('organ' in recording.journal.flaws) == ('organ' in wanted)
    assert not recording.journal.remark or 'not there: organ' in recording.journal.remark


def test_a_crash_starts_the_crashed_one_anew_and_leaves_the_other_alone(make: Make, tmp_path: Path) -> None:
    recording = make(hall(tmp_path))
    drive(recording, both(recording))
    crash(recording, 'slides')
    drive(recording, lambda: {'slides.dat', 'slides.dat-part-0'} <= written(recording).keys())
    end(recording)

    strands = recording.journal.strands
    assert [piece.end for piece in strands['']] == [End.GOOD]
    assert [piece.end for piece in strands['slides']] == [End.FAILED, End.GOOD]
    assert 'slides: in 2 parts' in recording.journal.flaws
    first, second, third = flavors(recording)
    assert (first, second) == ('presenter/source', 'presentation/source')
    assert third in ('presentation/source-part1', 'presentation/source-part2')


def test_all_parts_of_all_inputs_are_delivered_as_one(make: Make, tmp_path: Path) -> None:
    recording = make(hall(tmp_path))
    drive(recording, both(recording))
    crash(recording, 'slides')
    drive(recording, lambda: {'slides.dat', 'slides.dat-part-0'} <= written(recording).keys())
    end(recording)
    recording.journal.save()

    prepared = Preparation(lambda name: tmp_path / name, Joiner()).tracks(recording.event.name)
    assert prepared is not None
    assert len({track.path for track in prepared.tracks}) == 3
    assert prepared.left_out == ''


def test_one_that_never_works_is_the_cause_and_the_rest_is_recorded(make: Make, tmp_path: Path) -> None:
    recording = make(hall(tmp_path, slides=command(FAILING)))
    drive(
        recording, lambda: phase(recording) is Phase.RECORDING and bool(recording.journal.cause and written(recording))
    )
    assert recording.journal.cause == 'slides: the recorder ended with exit code 3; ' + lacking(recording)
    end(recording)

    assert recording.journal.phase is Phase.FINISHED
    assert recording.journal.gaps
    assert 'slides: nothing was recorded' in recording.journal.flaws
    assert flavors(recording) == ['presenter/source']


def lacking(recording: Recording) -> str:
    return f'{recording.journal.folder / f"{recording.event.name}-slides.dat"} is missing'


def test_a_program_that_is_missing_is_a_fault_and_the_rest_is_recorded(make: Make, tmp_path: Path) -> None:
    recording = make(hall(tmp_path, slides='/no/such/program {{dir}}'))
    drive(recording, lambda: bool(recording.fault and written(recording)) and phase(recording) is Phase.RECORDING)
    assert recording.fault == 'program not found: /no/such/program'
    end(recording)
    assert phase(recording) is Phase.FINISHED


def test_it_fails_when_none_of_its_commands_works(make: Make, tmp_path: Path) -> None:
    settings = hall(tmp_path, slides=command(FAILING))
    recording = make(settings, wanted=['slides'])
    drive(recording, lambda: recording.journal.phase is Phase.FAILING)
    end(recording)
    assert recording.journal.phase is Phase.FAILED


def test_a_new_agent_takes_over_every_recorder(make: Make, tmp_path: Path) -> None:
    recording = make(hall(tmp_path))
    drive(recording, lambda: both(recording)() and recording.journal.phase is Phase.RECORDING)
    before = [segment.number for segment in recording.journal.segments]
    anew = agent_anew(recording)
    drive(anew, lambda: anew.journal.phase is Phase.RECORDING)
    end(anew)

    assert [segment.number for segment in anew.journal.segments] == before == [0, 0]
    assert [segment.end for segment in anew.journal.segments] == [End.GOOD, End.GOOD]
    assert written(anew) == {'camera.dat': 'camera camera', 'slides.dat': 'slides slides'}
    wait_for(lambda: not alive(anew))


def test_a_new_agent_starts_anew_what_ended_while_nobody_looked(make: Make, tmp_path: Path) -> None:
    recording = make(hall(tmp_path))
    drive(recording, lambda: both(recording)() and recording.journal.phase is Phase.RECORDING)
    crash(recording, 'slides')
    anew = agent_anew(recording)
    drive(anew, lambda: {'slides.dat', 'slides.dat-part-0'} <= written(anew).keys())
    end(anew)
    assert [len(pieces) for pieces in anew.journal.strands.values()] == [1, 2]


def test_the_journal_keeps_what_was_chosen(make: Make, tmp_path: Path) -> None:
    recording = make(hall(tmp_path), wanted=['slides', 'organ'])
    drive(recording, lambda: bool(written(recording)))
    end(recording)
    kept = load(recording.journal.folder)
    assert kept is not None
    assert (kept.inputs, kept.legs) == (('slides',), ('slides',))
    assert kept.remark == 'the event selects inputs that are not there: organ'
    assert [track.flavor for track in offer(kept)] == ['presentation/source']


def test_what_was_recorded_keeps_its_flavors_when_the_inputs_change(make: Make, tmp_path: Path) -> None:
    recording = make(hall(tmp_path))
    drive(recording, lambda: both(recording)() and recording.journal.phase is Phase.RECORDING)
    end(recording)
    recording.journal.phase = Phase.INTERRUPTED
    recording.journal.save()
    journal = load(recording.journal.folder)
    assert journal is not None
    settings = hall(tmp_path)
    alone = Capture(directory=str(tmp_path), command=settings.command, files=settings.inputs[0].files, sigterm_time=0)
    anew = Recording(journal, alone, SystemClock())
    anew.take_over()
    drive(anew, lambda: 'camera.dat-part-0' in written(anew) and 'camera.dat' in written(anew))
    end(anew)
    paths = {track.path.name.rpartition('.')[0].rpartition('-')[2]: track.flavor for track in offer(anew.journal)}
    assert paths['slides'] == 'presentation/source'


@pytest.mark.parametrize('survived', [True, False], ids=['it runs on', 'it is gone'])
def test_a_recorder_whose_command_is_not_configured_any_more_is_ended_and_its_file_delivered(
    make: Make, tmp_path: Path, survived: bool
) -> None:
    old = '{{dir}}/{{name}}-old.dat'
    common = command(WRITER, old, 'x')
    shared = Capture(directory=str(tmp_path), command=common, files=(old,), flavors=('presenter/source',))
    recording = make(shared)
    drive(recording, lambda: 'old.dat' in written(recording) and recording.journal.phase is Phase.RECORDING)
    wait_for(lambda: written_pid(recording, 'recorder'))
    before = alive(recording)
    signal_each(before if not survived else [], signal.SIGKILL)
    wait_for(lambda: survived or not alive(recording))
    journal = load(recording.journal.folder)
    assert journal is not None
    new = '{{dir}}/{{name}}-camera.dat'
    own = (Input('camera', ('presenter/source',), (new,), command(WRITER, new, 'y')),)
    anew = Recording(journal, Capture(directory=str(tmp_path), sigterm_time=0, inputs=own), SystemClock())
    anew.take_over()
    drive(anew, lambda: 'camera.dat' in written(anew) and not set(before) & set(alive(anew)))
    drive(anew, lambda: all(segment.end is not None for segment in journal.segments if not segment.leg))
    assert phase(anew) is Phase.RECORDING
    end(anew)

    wait_for(lambda: not alive(anew))
    names = [track.path.name.rpartition('-')[2] for track in offer(anew.journal)]
    assert sorted(names) == ['camera.dat', 'old.dat']
    assert 'its command is not in the configuration any more' in journal.flaws


def test_the_parts_of_a_shared_command_alone_have_the_names_of_earlier_versions(make: Make, tmp_path: Path) -> None:
    recording = make(hall(tmp_path), wanted=['camera'])
    drive(recording, lambda: bool(written(recording)))
    end(recording)
    folder = recording.journal.folder
    assert (folder / 'keeper-0.json').exists()
    assert (folder / 'recorder.log').exists()
    assert not list(folder.glob('keeper-slides-*'))


def test_one_leg_that_is_over_goes_on_when_the_event_is_made_longer(make: Make, tmp_path: Path) -> None:
    """The other one may need some seconds more for its files."""
    ending = 'import signal,sys,time; signal.pthread_sigmask(0,[15]); open(sys.argv[1],"ab").write(b"x"); '
    slow = command(f'{ending}signal.sigwait([15]); time.sleep(30)', '{{dir}}/{{name}}-slides.dat')
    recording = make(replace(hall(tmp_path, slides=slow), sigkill_time=15), seconds=10)
    drive(recording, lambda: any(leg.over for leg in recording._legs))
    assert not recording.settled
    event = recording.event
    recording.follow(Event(event.uid, event.start, event.end + 60, event.title))
    drive(recording, lambda: 'camera.dat-part-0' in written(recording) and 'camera.dat' in written(recording))
    end(recording)
    assert len(recording.journal.strands['']) == 2
