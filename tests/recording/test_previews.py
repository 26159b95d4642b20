"""Which preview pictures go away with the recorder."""

from __future__ import annotations

import logging
import os
import shlex
import sys
import time
from pathlib import Path

import pytest

from pyca.clock import SystemClock
from pyca.event import Event
from pyca.recording import previews
from pyca.recording.journal import Journal, Phase
from pyca.recording.recording import Recording
from pyca.settings import Capture
from tests.recording.waiting import wait_for


@pytest.mark.parametrize(
    ('written', 'stays'),
    [
        pytest.param(90, True, id='before the recording: somebody else put it there'),
        pytest.param(100, False, id='at its start'),
        pytest.param(150, False, id='while it ran'),
        pytest.param(200, False, id='with its last breath'),
        pytest.param(205, True, id='after it: somebody else makes the pictures'),
    ],
)
def test_only_what_the_recorder_wrote_is_removed(tmp_path: Path, written: float, stays: bool) -> None:
    """H20: a picture of an external program was removed as well."""
    picture = tmp_path / 'camera 1.jpg'
    picture.write_bytes(b'picture')
    os.utime(picture, (written, written))
    previews.remove(Capture(preview_dir=str(tmp_path), preview=('{{previewdir}}/camera 1.jpg',)), 100, 200)
    assert picture.exists() is stays


def test_a_picture_that_is_not_there_is_no_trouble(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """H20: the log got a stack trace for each."""
    previews.remove(Capture(preview=(str(tmp_path / 'no.jpg'),)), 100, 200)
    assert caplog.records == []


def test_a_picture_that_cannot_be_removed_is_one_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / 'folder'
    folder.mkdir()
    os.utime(folder, (150, 150))
    with caplog.at_level(logging.WARNING):
        previews.remove(Capture(preview=(str(folder),)), 100, 200)
    assert [str(folder) in record.getMessage() for record in caplog.records] == [True]
    assert caplog.records[0].exc_info is None


def test_nothing_is_removed_for_a_recorder_that_never_ran(tmp_path: Path) -> None:
    picture = tmp_path / 'a.jpg'
    picture.write_bytes(b'picture')
    previews.remove(Capture(preview=(str(picture),)), None, 2e9)
    assert picture.exists()


def test_the_pictures_of_a_recorder_go_with_it(tmp_path: Path) -> None:
    """Peers C24."""
    code = 'import sys; [open(name, "w").write("x") for name in sys.argv[1:]]'
    settings = Capture(
        command=f'{sys.executable} -c {shlex.quote(code)} {{{{dir}}}}/{{{{name}}}}.bin {{{{previewdir}}}}/a.jpg',
        files=('{{dir}}/{{name}}.bin',),
        preview=('{{previewdir}}/a.jpg',),
        preview_dir=str(tmp_path / 'my pictures'),
        directory=str(tmp_path),
    )
    (tmp_path / 'my pictures').mkdir()
    happening = Event('uid-1', int(time.time()), int(time.time()) + 3, 'A lecture')
    recording = Recording(Journal(tmp_path / happening.name, happening, settings.flavors), settings, SystemClock())
    recording.begin()
    wait_for(lambda: recording.tick() and recording.settled)
    assert recording.journal.phase is Phase.FINISHED
    assert list((tmp_path / 'my pictures').iterdir()) == []
