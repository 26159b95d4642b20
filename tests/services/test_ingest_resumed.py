"""Uploads of recordings that go on after they were over: nothing arrives half, nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca.errors import Unreachable
from pyca.event import Track
from pyca.recording.standing import Standing
from pyca.states import EventStatus
from tests.services.ingest_world import START, World

DONE = EventStatus.FINISHED_UPLOADING
RECORDING = EventStatus.RECORDING


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def goes_on(world: World, times: int = 1) -> None:
    """Capture has written down that the recording goes on, and will rename its files."""
    world.standing = lambda name: Standing(True, times)


def is_over_again(world: World, times: int = 1) -> None:
    """The recording is over, with one more track."""
    world.standing = lambda name: Standing(False, times)
    path = world.root / world.row().name / 'more.mp4'
    path.write_bytes(b'y' * 700)
    world.set(tracks=(*world.row().tracks, Track('more/source', path)), status=EventStatus.FINISHED_RECORDING)


def delivered(world: World) -> list[str]:
    """The files of the one accepted media package."""
    ((_, package, _),) = world.core.accepted
    return [name.split('#')[0] for name in package.xml.split('|')[1:]]


@pytest.mark.parametrize('steps', range(6))
def test_whenever_it_goes_on_before_the_final_call_it_arrives_once_and_whole(world: World, steps: int) -> None:
    world.record(tracks=2)
    for _ in range(steps):
        world.service.step()
    assert world.core.accepted == []

    goes_on(world)
    world.run(30)
    assert world.core.accepted == []
    assert world.row().status in (RECORDING, EventStatus.FINISHED_RECORDING)
    is_over_again(world)
    world.run_until(DONE)

    assert delivered(world) == ['event-1-0.mp4', 'event-1-1.mp4', 'more.mp4']
    assert ('event-1', 'upload_error') not in world.recordings.reports


@pytest.mark.parametrize('restarted', [False, True])
def test_a_service_that_saw_nothing_of_it_notices_it_later(world: World, restarted: bool) -> None:
    world.record(tracks=2)
    world.core.fail('add_track', Unreachable('gone'))
    world.run_until(EventStatus.FAILED_UPLOADING)
    if restarted:
        world.restart()

    is_over_again(world)
    world.run_until(DONE)

    assert delivered(world) == ['event-1-0.mp4', 'event-1-1.mp4', 'more.mp4']


def test_files_that_got_other_names_meanwhile_are_not_missed(world: World) -> None:
    world.record(tracks=1)
    track = world.row().tracks[0]
    world.service.step()  # claimed
    world.service.step()  # what is to be sent is noted

    def standing(name: str) -> Standing:
        """Capture writes, then renames, between two looks."""
        if track.path.exists():
            track.path.rename(track.path.with_name('renamed'))
            return Standing()
        return Standing(True, 1)

    world.standing = standing
    world.run(30)

    assert world.row().status is RECORDING
    assert ('event-1', 'capturing') in world.recordings.reports


def test_between_its_note_and_the_final_call_it_looks_once_more(world: World) -> None:
    world.record(tracks=1)
    noted: list[bool] = []

    def standing(name: str) -> Standing:
        """Capture writes just after the final call was noted."""
        upload = world.uploads.load(name)
        if upload is not None and upload.final_sent is not None:
            noted.append(True)
        return Standing(bool(noted), len(noted))

    world.standing = standing
    world.run(20)

    assert noted
    assert world.core.accepted == []
    assert world.upload().final_sent is None
    assert world.recordings.rows['event-1', START].status in (RECORDING, EventStatus.FAILED_UPLOADING)
