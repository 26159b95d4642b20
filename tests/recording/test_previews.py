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

PICTURE = '{{previewdir}}/camera 1.jpg'


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
    previews.remove(Capture(command=f'record "{PICTURE}"', preview_dir=str(tmp_path), preview=(PICTURE,)), 100, 200)
    assert picture.exists() is stays


@pytest.mark.parametrize(
    ('command', 'gone'),
    [
        pytest.param('record {{dir}}/{{name}}.mkv', [], id='makes none'),
        pytest.param('record {{dir}}/{{name}}.mkv {{previewdir}}/camera.jpg', ['camera.jpg'], id='makes one of them'),
        pytest.param('record {{dir}}/{{name}}.mkv {{previewdir}}', ['camera.jpg', 'slides.jpg'], id='is told where'),
        pytest.param('record {0}/slides.jpg', ['slides.jpg'], id='names it without a placeholder'),
        pytest.param('record {0}/../room.jpg', ['../room.jpg'], id='one that lies elsewhere'),
    ],
)
def test_pictures_of_other_programs_stay(tmp_path: Path, command: str, gone: list[str]) -> None:
    """Peers C24: a site may have a program of its own make them, all the time."""
    folder = tmp_path / 'pictures'
    folder.mkdir()
    files = ('camera.jpg', 'slides.jpg', '../room.jpg')
    for name in files:
        (folder / name).write_bytes(b'picture')
        os.utime(folder / name, (150, 150))
    pictures = ('{{previewdir}}/camera.jpg', '{{previewdir}}/slides.jpg', f'{tmp_path}/room.jpg')
    there = command.replace('{0}/..', str(tmp_path)).replace('{0}', str(folder))
    previews.remove(Capture(command=there, preview_dir=str(folder), preview=pictures), 100, 200)
    assert [name for name in files if not (folder / name).exists()] == gone


def test_a_picture_that_is_not_there_is_no_trouble(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """H20: the log got a stack trace for each."""
    previews.remove(Capture(command=f'record {tmp_path}/no.jpg', preview=(f'{tmp_path}/no.jpg',)), 100, 200)
    assert caplog.records == []


def test_a_picture_that_cannot_be_removed_is_one_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / 'folder'
    folder.mkdir()
    os.utime(folder, (150, 150))
    with caplog.at_level(logging.WARNING):
        previews.remove(Capture(command=f'record {folder}', preview=(str(folder),)), 100, 200)
    assert [str(folder) in record.getMessage() for record in caplog.records] == [True]
    assert caplog.records[0].exc_info is None


def test_nothing_is_removed_for_a_recorder_that_never_ran(tmp_path: Path) -> None:
    picture = tmp_path / 'a.jpg'
    picture.write_bytes(b'picture')
    previews.remove(Capture(command=f'record {picture}', preview=(str(picture),)), None, 2e9)
    assert picture.exists()


def record(settings: Capture, root: Path, seconds: int) -> tuple[Recording, Event]:
    """A recording that has begun."""
    event = Event('uid-1', int(time.time()), int(time.time()) + seconds, 'A lecture')
    recording = Recording(Journal(root / event.name, event, settings.flavors), settings, SystemClock())
    recording.begin()
    return recording, event


def test_the_pictures_of_a_recorder_go_with_it(tmp_path: Path) -> None:
    """Peers C24. Their folder is made: where it lies in memory, it is gone after each boot."""
    code = 'import sys,time; [open(name, "w").write("x") for name in sys.argv[1:]]; time.sleep(60)'
    settings = Capture(
        command=f'{sys.executable} -c {shlex.quote(code)} {{{{dir}}}}/{{{{name}}}}.dat {{{{previewdir}}}}/a.jpg',
        files=('{{dir}}/{{name}}.dat',),
        preview=('{{previewdir}}/a.jpg',),
        preview_dir=str(tmp_path / 'run' / 'my pictures'),
        directory=str(tmp_path),
    )
    recording, _ = record(settings, tmp_path, 60)
    wait_for(lambda: recording.tick() and list((tmp_path / 'run' / 'my pictures').iterdir()))
    recording.end('enough')
    wait_for(lambda: recording.tick() and recording.settled)
    assert recording.journal.phase is Phase.FINISHED
    assert list((tmp_path / 'run' / 'my pictures').iterdir()) == []


def test_a_folder_of_pictures_that_cannot_be_made_keeps_nothing_from_being_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / 'file').touch()
    settings = Capture(command='record {{previewdir}}/a.jpg', preview_dir=str(tmp_path / 'file' / 'pictures'))
    with caplog.at_level(logging.WARNING):
        previews.make_folder(settings)
    assert [f'{tmp_path}/file/pictures' in record.getMessage() for record in caplog.records] == [True]
    assert caplog.records[0].exc_info is None


def test_no_folder_is_made_for_a_command_that_makes_no_pictures(tmp_path: Path) -> None:
    previews.make_folder(Capture(command='record {{dir}}/{{name}}.mkv', preview_dir=str(tmp_path / 'pictures')))
    assert list(tmp_path.iterdir()) == []
