from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pyca.errors import Interrupted
from pyca.event import Track
from pyca.recording.joining import Joiner, NotJoined, Part, concat_script, delivery, joinable, layout
from pyca.recording.probe import Media, difference, installed, probe
from pyca.recording.processes import all_processes, words
from pyca.recording.tool import ToolFailed, run
from tests.recording.waiting import wait_for

needs_ffmpeg = pytest.mark.skipif(shutil.which('ffmpeg') is None, reason='ffmpeg is not installed')


def film(path: Path, seconds: float, *, size: str = '32x32', rate: int = 8000, kind: str = 'mp4') -> Path:
    """A tiny film with sound."""
    pictures = ['-f', 'lavfi', '-i', f'testsrc=r=10:s={size}']
    sound = ['-f', 'lavfi', '-i', f'sine=sample_rate={rate}']
    output = ['-t', str(seconds), '-c:v', 'mpeg4', '-c:a', 'aac', '-f', kind, f'file:{path}']
    subprocess.run(['ffmpeg', '-v', 'error', '-nostdin', *pictures, *sound, *output], check=True, timeout=60)
    return path


def moments(path: Path) -> list[float]:
    """The times of the pictures of a film."""
    words = ['ffprobe', '-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0']
    said = subprocess.run([*words, str(path)], check=True, capture_output=True, text=True, timeout=60).stdout
    return sorted(float(line.strip(',')) for line in said.split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "hall's 1"
    path.mkdir()
    return path


def part(started: float, *paths: Path) -> Part:
    return Part(started, tuple(Track(f'kind{number}/source', path) for number, path in enumerate(paths)))


@needs_ffmpeg
@pytest.mark.parametrize('kind', ['mp4', 'matroska'])
def test_segments_become_one_film_with_its_gap(folder: Path, kind: str) -> None:
    # given two segments, as an interrupted recording leaves them
    suffix = {'mp4': 'mp4', 'matroska': 'mkv'}[kind]
    first = film(folder / f'r.{suffix}-part-0', 1, kind=kind)
    second = film(folder / f'r.{suffix}', 2, kind=kind)

    target = folder / f'joined.{suffix}'
    tracks = Joiner().join([part(100, first), part(105, second)], [target])

    assert tracks == [Track('kind0/source', target)]
    media = probe(target)
    assert media is not None
    assert media.seconds == pytest.approx(7, abs=0.2)
    times = moments(target)
    assert len(times) == 30
    assert times[10] - times[9] == pytest.approx(4.1, abs=0.1)
    assert sorted(path.name for path in folder.iterdir()) == sorted([first.name, second.name, target.name])


@needs_ffmpeg
def test_all_tracks_share_one_layout(folder: Path) -> None:
    # given tracks that were not closed at the same moment
    parts = [
        part(0, film(folder / 'a0.mp4', 1), film(folder / 'b0.mp4', 1.5)),
        part(1, film(folder / 'a1.mp4', 1), film(folder / 'b1.mp4', 1)),
    ]

    Joiner().join(parts, [folder / 'a.mp4', folder / 'b.mp4'])

    # then the second segment begins at the same time in both
    assert moments(folder / 'a.mp4')[10] == pytest.approx(moments(folder / 'b.mp4')[15], abs=0.05)


@needs_ffmpeg
def test_a_segment_that_was_cut_off_is_joined_as_well(folder: Path) -> None:
    # given a file that was never closed
    whole = film(folder / 'whole.mkv', 2, kind='matroska')
    script = ['-f', 'lavfi', '-i', 'testsrc=r=10:s=32x32', '-f', 'lavfi', '-i', 'sine=sample_rate=8000', '-t', '2']
    command = [
        'ffmpeg',
        '-v',
        'error',
        '-nostdin',
        *script,
        '-c:v',
        'mpeg4',
        '-c:a',
        'aac',
        '-f',
        'matroska',
        '-live',
        '1',
        'pipe:',
    ]
    cut = folder / 'cut.mkv'
    cut.write_bytes(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)

    media = probe(cut)
    assert media is not None
    assert media.seconds == pytest.approx(2, abs=0.3)
    Joiner().join([part(0, cut), part(2.2, whole)], [folder / 'joined.mkv'])

    assert len(moments(folder / 'joined.mkv')) == 40


@needs_ffmpeg
def test_a_header_that_promises_more_than_there_is_moves_nothing(folder: Path) -> None:
    # given a recorder that was told to record for long and was killed: its file claims the length it was told
    killed = folder / 'r.mkv-part-0'
    whole = film(folder / 'whole.mkv', 4, kind='matroska')
    words = ['-re', '-f', 'lavfi', '-i', 'testsrc=r=10:s=32x32', '-f', 'lavfi', '-i', 'sine=sample_rate=8000']
    words += ['-t', '900', '-c:v', 'mpeg4', '-c:a', 'aac', '-f', 'matroska', '-flush_packets', '1']
    words += ['-cluster_time_limit', '200', f'file:{killed}']
    with subprocess.Popen(['ffmpeg', '-v', 'error', '-nostdin', *words]) as recorder:
        try:
            wait_for(lambda: killed.exists() and killed.stat().st_size > 10_000)
        finally:
            recorder.kill()
    recorded = moments(killed)[-1]

    Joiner().join([part(100, killed), part(160, whole)], [folder / 'joined.mkv'])

    joined = moments(folder / 'joined.mkv')
    assert recorded < 60
    assert joined[-1] == pytest.approx(64, abs=0.3)
    assert joined[-40] == pytest.approx(60, abs=0.2)


@needs_ffmpeg
@pytest.mark.parametrize(
    ('other', 'says'), [({'size': '64x32'}, 'codec settings|width'), ({'rate': 16000}, 'settings|rate')]
)
def test_different_segments_are_not_joined(folder: Path, other: dict[str, str], says: str) -> None:
    parts = [
        part(0, film(folder / 'a0.mp4', 0.5)),
        part(1, film(folder / 'a1.mp4', 0.5, **other)),  # type: ignore[arg-type]
    ]

    with pytest.raises(NotJoined, match=says):
        Joiner().join(parts, [folder / 'a.mp4'])

    assert sorted(path.name for path in folder.iterdir()) == ['a0.mp4', 'a1.mp4']


@needs_ffmpeg
def test_one_track_that_cannot_be_joined_keeps_all_apart(folder: Path) -> None:
    parts = [
        part(0, film(folder / 'a0.mp4', 0.5), film(folder / 'b0.mp4', 0.5)),
        part(1, film(folder / 'a1.mp4', 0.5), film(folder / 'b1.mp4', 0.5, size='64x64')),
    ]

    with pytest.raises(NotJoined):
        Joiner().join(parts, [folder / 'a.mp4', folder / 'b.mp4'])

    assert not (folder / 'a.mp4').exists()


@needs_ffmpeg
def test_joining_needs_room(folder: Path) -> None:
    parts = [part(0, film(folder / 'a0.mp4', 0.5)), part(1, film(folder / 'a1.mp4', 0.5))]

    with pytest.raises(NotJoined, match='needs 64 MiB, the disk has 1 MiB'):
        Joiner(free=lambda path: 1 << 20).join(parts, [folder / 'a.mp4'])


@needs_ffmpeg
def test_a_result_of_another_length_is_not_believed(folder: Path) -> None:
    # given an ffmpeg that leaves out the end
    fake = folder / 'ffmpeg'
    fake.write_text('#!/bin/sh\nfor last; do :; done\nexec ffmpeg -v error -i "$FILM" -c copy "$last"\n')
    fake.chmod(0o755)
    first = film(folder / 'a0.mp4', 3)
    parts = [part(0, first), part(3, film(folder / 'a1.mp4', 3))]
    program = fake.read_text().replace('$FILM', str(first))
    fake.write_text(program)

    with pytest.raises(NotJoined, match=r'lasts 3\.\d s, not 6\.\d s'):
        Joiner(ffmpeg=str(fake)).join(parts, [folder / 'a.mp4'])

    assert not (folder / 'a.mp4').exists()
    assert not (folder / '.joining').exists()


@needs_ffmpeg
def test_a_stop_ends_the_joining(folder: Path) -> None:
    parts = [part(0, film(folder / 'a0.mp4', 0.5)), part(1, film(folder / 'a1.mp4', 0.5))]
    fake = folder / 'ffmpeg'
    fake.write_text(f'#!/bin/sh\ntouch "{folder}/began"\nexec sleep 600\n')
    fake.chmod(0o755)

    with pytest.raises(Interrupted):
        Joiner(ffmpeg=str(fake), interrupted=(folder / 'began').exists).join(parts, [folder / 'a.mp4'])

    assert not (folder / '.joining').exists()


def test_without_the_tools_nothing_is_joined(folder: Path) -> None:
    (folder / 'a').write_text('x')

    assert probe(folder / 'a', ffprobe='no-ffprobe') is None
    assert not installed('no-ffprobe')
    with pytest.raises(NotJoined, match='no-ffprobe cannot read'):
        Joiner(ffprobe='no-ffprobe').join([part(0, folder / 'a')], [folder / 'b'])


@needs_ffmpeg
def test_what_is_no_film_is_said_to_be_none(folder: Path) -> None:
    (folder / 'text').write_text('not a film')
    (folder / 'empty').touch()

    assert probe(folder / 'text') is None
    assert probe(folder / 'empty') is None
    assert probe(folder / 'none') is None


def test_segments_with_other_tracks_are_not_joined(folder: Path) -> None:
    with pytest.raises(NotJoined, match='every track'):
        Joiner().join([part(0, Path('a'), Path('b')), part(1, Path('c'))], [folder / 'a', folder / 'b'])


STREAM = {'kind': 'video', 'codec': 'h264', 'width': '2', 'time base': '1/90000'}
ONE = Media(5, (STREAM,))


@pytest.mark.parametrize(
    ('other', 'reason'),
    [
        (replace(ONE, seconds=9), ''),
        (Media(5, ({**STREAM, 'codec': 'vp8'},)), 'codec (h264, vp8)'),
        (Media(5, ({**STREAM, 'time base': '1/1000'},)), 'time base (1/90000, 1/1000)'),
        (Media(5, ({**STREAM, 'profile': 'High'},)), 'profile (None, High)'),
        (Media(5, (STREAM, STREAM)), 'number of streams'),
    ],
)
def test_what_differs_is_named(other: Media, reason: str) -> None:
    assert difference(ONE, other) == reason
    assert bool(joinable([[ONE], [ONE], [other]])) == bool(reason)


@pytest.mark.parametrize(
    ('starts', 'lengths', 'spans'),
    [
        ([100], [[7]], [7]),
        ([100, 110], [[7], [3]], [10, 3]),
        ([100, 110], [[7, 8], [3, 4]], [10, 4]),
        ([100, 105], [[7, 8], [3, 4]], [8, 4]),
        ([100, 50], [[7], [3]], [7, 3]),
    ],
)
def test_the_layout_of_segments(starts: list[float], lengths: list[list[float]], spans: list[float]) -> None:
    assert layout(starts, [[Media(length, ()) for length in tracks] for tracks in lengths]) == spans


def test_paths_in_the_list_of_files_are_quoted() -> None:
    script = concat_script([Path("/a b/it's"), Path('/c')], [1.5, 2])

    assert script.splitlines() == [
        'ffconcat version 1.0',
        r"file 'file:/a b/it'\''s'",
        'duration 1.500000',
        "file 'file:/c'",
        'duration 2.000000',
    ]


A, B, C, D = (Path(name) for name in 'abcd')


@pytest.mark.parametrize(
    ('parts', 'seconds', 'expected'),
    [
        ([part(0, A)], [5], [('kind0/source', A)]),
        (
            [part(0, A), part(9, B), part(20, C)],
            [5, 50, 1],
            [('kind0/source', B), ('kind0/source-part1', A), ('kind0/source-part3', C)],
        ),
        (
            [part(0, A, B), part(9, C, D)],
            [50, 5],
            [('kind0/source', A), ('kind1/source', B), ('kind0/source-part2', C), ('kind1/source-part2', D)],
        ),
        # a longer one that lacks a track
        (
            [part(0, A, B), part(9, C)],
            [5, 50],
            [('kind0/source', A), ('kind1/source', B), ('kind0/source-part2', C)],
        ),
        ([], [], []),
    ],
)
def test_what_is_delivered_of_segments(
    parts: list[Part], seconds: list[float], expected: list[tuple[str, Path]]
) -> None:
    assert [(track.flavor, track.path) for track in delivery(parts, seconds)] == expected


def test_a_tool_that_hangs_is_ended(tmp_path: Path) -> None:
    hanging = [sys.executable, '-c', 'import time; time.sleep(600)', str(tmp_path)]
    with pytest.raises(ToolFailed, match='did not end within 2 s'):
        run(hanging, limit=2)

    assert hanging not in [words(pid) for pid, _ in all_processes()]


def test_a_tool_that_fails_is_quoted() -> None:
    with pytest.raises(ToolFailed, match=r'exit code 3.*some words'):
        run(['sh', '-c', 'echo some words >&2; exit 3'], limit=60)

    assert run(['sh', '-c', 'echo out; echo err >&2'], limit=60) == b'out\n'
