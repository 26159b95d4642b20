"""What of several segments is uploaded, and what is said of the rest."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pyca.event import Event
from pyca.recording.delivery import Preparation, Prepared
from pyca.recording.joining import Joiner
from pyca.recording.journal import Journal, Phase, Segment
from pyca.recording.probe import probe
from pyca.recording.verdict import End
from tests.recording.test_joining import film

pytestmark = pytest.mark.skipif(shutil.which('ffmpeg') is None, reason='ffmpeg is not installed')

FLAVORS = ('presenter/source', 'presentation/source')


def segment(number: int, *names: str) -> Segment:
    begun = 1000.0 + 10 * number
    return Segment(number, begun, 1060, list(names), begun, begun + 2, -9, end=End.FAILED, cause='killed')


def prepared(folder: Path, *segments: Segment) -> Prepared:
    """Of a recording with these segments."""
    Journal(folder, Event('a', 1000, 1060), FLAVORS, Phase.FINISHED, list(segments)).save()
    found = Preparation(lambda name: folder, Joiner()).tracks('a')
    assert found is not None
    return found


@pytest.mark.parametrize(('camera', 'ended'), [(4600.0, 4600.0), (None, None)], ids=['known', 'nobody saw it'])
def test_it_ended_when_the_last_of_several_recorders_did(
    tmp_path: Path, camera: float | None, ended: float | None
) -> None:
    """The other one crashed early, and stands behind it in the journal."""
    lasted = Segment(0, 1000, 4600, ['camera.mkv'], 1000.0, camera, 0, end=End.GOOD)
    crashed = Segment(0, 1000, 4600, ['slides.mkv'], 1000.0, 1300.0, 1, end=End.FAILED, leg='slides')
    journal = Journal(tmp_path, Event('a', 1000, 4600), FLAVORS, Phase.FINISHED, [lasted, crashed])
    journal.legs = ('', 'slides')
    journal.save()
    assert Preparation(lambda name: tmp_path, Joiner()).ended('a') == ended


def test_a_segment_that_no_player_opens_is_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / 'camera.mp4-part-0').write_bytes(b'never closed')
    film(tmp_path / 'camera.mp4', 1)

    found = prepared(tmp_path, segment(0, 'camera.mp4-part-0'), segment(1, 'camera.mp4'))

    assert [(track.flavor, track.path.name) for track in found.tracks] == [('presenter/source', 'camera.mp4')]
    assert found.left_out == 'not uploaded, since no player would open it: camera.mp4-part-0'


def test_the_segments_that_can_be_read_are_joined_all_the_same(tmp_path: Path) -> None:
    (tmp_path / 'camera.mp4-part-0').write_bytes(b'never closed')
    film(tmp_path / 'camera.mp4-part-1', 1)
    film(tmp_path / 'camera.mp4', 1)
    segments = [segment(n, name) for n, name in enumerate(['camera.mp4-part-0', 'camera.mp4-part-1', 'camera.mp4'])]

    found = prepared(tmp_path, *segments)

    assert [track.flavor for track in found.tracks] == ['presenter/source']
    whole = probe(found.tracks[0].path)
    assert whole is not None
    assert whole.seconds == pytest.approx(11, abs=0.3)
    assert 'camera.mp4-part-0' in found.left_out


def test_one_broken_track_does_not_take_the_others_of_its_segment_with_it(tmp_path: Path) -> None:
    (tmp_path / 'camera-0.mp4').write_bytes(b'never closed')
    for name in ('screen-0.mp4', 'camera-1.mp4', 'screen-1.mp4'):
        film(tmp_path / name, 1)

    found = prepared(tmp_path, segment(0, 'camera-0.mp4', 'screen-0.mp4'), segment(1, 'camera-1.mp4', 'screen-1.mp4'))

    assert {(track.flavor, track.path.name) for track in found.tracks} == {
        ('presenter/source', 'camera-1.mp4'),
        ('presentation/source', 'screen-1.mp4'),
        ('presentation/source-part1', 'screen-0.mp4'),
    }
    assert found.left_out == 'not uploaded, since no player would open it: camera-0.mp4'


def test_what_is_no_media_at_all_is_uploaded_as_it_is(tmp_path: Path) -> None:
    for name in ('a.dat', 'b.dat'):
        (tmp_path / name).write_bytes(b'a slide show of our own')

    found = prepared(tmp_path, segment(0, 'a.dat'), segment(1, 'b.dat'))

    assert {track.path.name for track in found.tracks} == {'a.dat', 'b.dat'}
    assert not found.left_out
