"""The example for preview pictures, with the real ffmpeg and made-up inputs."""

from __future__ import annotations

import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pyca import config
from pyca.clock import SystemClock
from pyca.event import Event
from pyca.recording.journal import Journal, Phase
from pyca.recording.probe import probe
from pyca.recording.recording import Recording
from pyca.recording.spec import state_path
from pyca.recording.verdict import End
from pyca.settings import Capture
from tests.recording.conftest import end_all
from tests.recording.waiting import wait_for

pytestmark = pytest.mark.skipif(shutil.which('ffmpeg') is None, reason='ffmpeg is not installed')

GUIDE = Path(__file__).parents[2] / 'docs' / 'previews.md'
OLD = """
[capture]
command = '''ffmpeg -nostats -re
             -f lavfi -r 25 -i testsrc
             -f lavfi -i sine -t {{time}}
             -map 0:v -map 1:a {{dir}}/{{name}}.webm
             -map 0:v -r 1 -updatefirst 1 {{previewdir}}/preview.jpg'''
preview = '{{previewdir}}/preview.jpg'
"""
"""As it was documented years ago."""

Record = Callable[[Capture, int], Recording]


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    """Begins a recording of so many seconds."""
    begun: list[Recording] = []

    def begin(settings: Capture, seconds: int) -> Recording:
        settings = replace(settings, directory=str(tmp_path), preview_dir=str(tmp_path / 'pictures'))
        now = int(time.time())
        event = Event('uid-1', now, now + seconds, 'A lecture')
        begun.append(Recording(Journal(tmp_path / event.name, event, settings.flavors), settings, SystemClock()))
        begun[-1].begin()
        return begun[-1]

    yield begin
    for recording in begun:
        for segment in recording.journal.segments:
            end_all(state_path(recording.journal.folder, segment.number))


def example() -> Capture:
    """The one of the guide."""
    found = re.search(r'```ini\n(.*?)```', GUIDE.read_text(encoding='utf-8'), re.DOTALL)
    assert found
    settings = config.parse(found[1], 'previews.md')
    assert not [warning for warning in settings.warnings if '[capture]' in warning]
    return settings.capture


def test_a_picture_is_there_while_it_is_recorded_and_gone_afterwards(tmp_path: Path, record: Record) -> None:
    recording = record(example(), 12)
    picture = tmp_path / 'pictures' / 'preview.jpg'
    wait_for(lambda: recording.tick() and picture.exists() and picture.stat().st_size)
    wait_for(lambda: recording.tick() and recording.journal.phase is Phase.RECORDING)
    assert picture.exists()
    wait_for(lambda: recording.tick() and recording.settled)
    (segment,) = recording.journal.segments
    assert (recording.journal.phase, segment.end, segment.status, segment.signals) == (Phase.FINISHED, End.GOOD, 0, [])
    assert list(picture.parent.iterdir()) == []
    media = probe(recording.journal.folder / f'{recording.event.name}.webm')
    assert media is not None
    assert [stream['kind'] for stream in media.streams] == ['video', 'audio']
    assert media.seconds > 2


def test_a_picture_from_before_is_written_over(tmp_path: Path, record: Record) -> None:
    """An agent that was killed leaves one behind; ffmpeg must not ask whether that is wanted."""
    picture = tmp_path / 'pictures' / 'preview.jpg'
    picture.parent.mkdir()
    picture.write_bytes(b'old')
    recording = record(example(), 10)
    wait_for(lambda: recording.tick() and recording.settled)
    assert recording.journal.phase is Phase.FINISHED
    assert not picture.exists()


def test_the_old_form_is_told_what_to_change_which_mends_it() -> None:
    told = [warning for warning in config.parse(OLD, 'pyca.conf').warnings if '[capture]' in warning]
    assert told == [
        "pyca.conf: [capture] command: '{{previewdir}}/preview.jpg' has no -t of its own, so that ffmpeg goes on after"
        ' the event until it is killed; write -t {{time}} before it, too',
        "pyca.conf: [capture] command: today's ffmpeg does not know -updatefirst, so that it would not start;"
        ' write -update 1 instead',
    ]
    mended = OLD.replace('-updatefirst 1', '-update 1 -t {{time}}')
    assert not [warning for warning in config.parse(mended, 'pyca.conf').warnings if '[capture]' in warning]


def test_a_length_of_one_output_does_not_end_the_other(record: Record) -> None:
    """What the old form is warned of."""
    old = config.parse(OLD.replace('-updatefirst', '-update'), 'pyca.conf').capture
    recording = record(replace(old, sigkill_time=3), 10)
    wait_for(lambda: recording.tick() and recording.settled)
    sent = [number for number, _ in recording.journal.segments[0].signals]
    assert sent == [signal.SIGKILL]


@pytest.mark.parametrize('wrong', ['-updatefirst 1', ''])
def test_without_its_option_no_picture_is_renewed(record: Record, wrong: str) -> None:
    """What else is warned of: ffmpeg does not start, or breaks off at the second picture."""
    settings = replace(example(), command=example().command.replace('-update 1', wrong))
    recording = record(settings, 30)
    wait_for(lambda: recording.tick() and recording.journal.phase is Phase.FAILING)
    assert 'the recorder ended with exit code 1' in recording.journal.cause
