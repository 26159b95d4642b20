"""What is left of a lecture whose ffmpeg was killed, with the real ffmpeg in the container that is recommended."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from pyca.recording.delivery import Preparation
from pyca.recording.joining import Joiner
from pyca.recording.journal import Phase
from pyca.settings import Capture
from tests.recording.test_joining import moments
from tests.recording.test_recording import drive, event, make, pid
from tests.rules.source import ROOT

SOURCES = '-re -f lavfi -i testsrc=r=10:s=32x32 -re -f lavfi -i sine=sample_rate=8000'


def recommended(text: str) -> str:
    """The options of the container in an example of a command."""
    found = re.search(r'-f matroska [-\w ]*', text)
    assert found, text
    return found[0].strip()


def calm(seconds: float) -> Callable[[], bool]:
    """Whether so many are over, and this machine never stood still in the last two: ffmpeg is not late then."""
    begun = last = since = time.monotonic()

    def so() -> bool:
        nonlocal last, since
        now = time.monotonic()
        since, last = since if now - last < 0.5 else now, now
        return now - begun > seconds and now - since > 2

    return so


@pytest.mark.skipif(shutil.which('ffmpeg') is None, reason='ffmpeg is not installed')
def test_a_killed_ffmpeg_costs_about_a_second_and_the_gap_is_stated(tmp_path: Path) -> None:
    container = recommended((ROOT / 'etc' / 'pyca.conf').read_text())
    output = f'-t {{{{time}}}} -c:v mpeg4 -c:a aac {container} {{{{dir}}}}/{{{{name}}}}.mkv'
    command = f'ffmpeg -v error -nostdin {SOURCES} {output}'
    recording = make(tmp_path, event(24), Capture(command=command, files=('{{dir}}/{{name}}.mkv',)))
    recording.begin()
    film = recording.journal.folder / f'{recording.event.name}.mkv'
    drive(recording, lambda: recording.journal.phase is Phase.RECORDING and film.exists() and film.stat().st_size > 0)
    began, seen = recording.journal.segments[0].started, time.time()
    assert began is not None
    drive(recording, calm(7))

    os.kill(pid(recording), signal.SIGKILL)
    killed = time.time()
    drive(recording, lambda: recording.settled, limit=90)
    prepared = Preparation(lambda name: tmp_path / name, Joiner()).tracks(recording.event.name)

    assert prepared is not None
    tracks = prepared.tracks
    assert [track.flavor for track in tracks] == ['presenter/source']
    times = moments(tracks[0].path)
    before, after = max(pairwise(times), key=lambda pair: pair[1] - pair[0])
    again = recording.journal.segments[1].started
    assert again is not None
    assert killed - seen - 3 < before <= killed - began  # a second, and what ffmpeg is late on a busy machine
    assert after == pytest.approx(again - began, abs=0.3)
    assert times[-1] > 12
    assert 'in 2 parts' in recording.journal.cause


@pytest.mark.parametrize('document', ['docs/configuration.md', 'docs/recording.md'])
def test_the_same_container_is_recommended_everywhere(document: str) -> None:
    shipped = recommended((ROOT / 'etc' / 'pyca.conf').read_text())
    assert shipped == '-f matroska -cluster_time_limit 1000 -flush_packets 1'
    assert recommended((ROOT / document).read_text()) == shipped
