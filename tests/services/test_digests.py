"""The checksums of what was delivered."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from pyca import settings
from pyca.errors import Unreachable
from pyca.ingest.digests import PIECE
from pyca.ingest.journal import Upload
from pyca.recording.atomic import read_json
from pyca.states import EventStatus
from tests.services.ingest_world import World

DONE = EventStatus.FINISHED_UPLOADING
DAY = 86_400


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def digests(world: World, uid: str = 'event-1') -> list[str]:
    return [element.digest for element in world.upload(uid).elements]


def expected(world: World, uid: str = 'event-1') -> list[str]:
    return [hashlib.sha256(track.path.read_bytes()).hexdigest() for track in world.row(uid).tracks]


def delivered(world: World, uid: str = 'event-1') -> None:
    """Up to the very step that tells the database."""
    while world.row(uid).status is not DONE:
        world.service.step()


def large(world: World) -> Path:
    path = world.record(tracks=1).tracks[0].path
    os.truncate(path, 2 * PIECE + 5)
    return path


def test_each_file_that_was_sent_has_one(world: World) -> None:
    world.options = settings.Ingest(upload_catalogs=True)
    world.restart()
    world.turn()
    world.record(tracks=2)
    world.turn()
    catalog, *tracks = digests(world)
    assert (catalog, tracks) == ('', expected(world))


def test_no_upload_waits_for_them(world: World) -> None:
    for uid in ('event-1', 'event-2'):
        world.record(uid)
    delivered(world, 'event-2')
    assert world.row('event-1').status is DONE
    assert [*digests(world, 'event-1'), *digests(world, 'event-2')] == [''] * 4
    world.turn()
    assert digests(world, 'event-1') == expected(world, 'event-1')
    assert digests(world, 'event-2') == expected(world, 'event-2')


def test_they_are_made_while_the_core_is_away(world: World) -> None:
    world.record()
    delivered(world)
    world.record('event-2')
    world.core.always['ingest_node'] = Unreachable('connection refused')
    while world.row('event-2').status is not EventStatus.FAILED_UPLOADING:
        world.service.step()
    assert digests(world) == ['', '']
    assert world.turn() > 0
    assert digests(world) == expected(world)


def test_a_large_file_is_read_in_pieces_and_a_new_recording_comes_first(world: World) -> None:
    path = large(world)
    delivered(world)
    world.service.step()
    world.service.step()
    assert digests(world) == ['']
    world.record('event-2')
    delivered(world, 'event-2')
    assert digests(world) == ['']
    world.turn()
    assert digests(world) == [hashlib.sha256(path.read_bytes()).hexdigest()]


def test_a_stop_in_the_middle_leaves_them_to_the_next_start(world: World) -> None:
    large(world)
    delivered(world)
    world.service.step()
    world.service.close()
    world.clock.time = os.stat(world.root).st_mtime
    world.restart()
    world.turn()
    assert digests(world) == expected(world)


def test_what_was_delivered_long_ago_is_not_read_at_each_start(world: World) -> None:
    world.record()
    delivered(world)
    world.clock.time = os.stat(world.root).st_mtime + 2 * DAY
    world.restart()
    world.turn()
    assert digests(world) == ['', '']


def test_they_are_made_before_the_files_are_deleted(world: World) -> None:
    world.options = settings.Ingest(delete_after_upload=True)
    world.restart()
    row = world.record()
    wanted = expected(world)
    delivered(world)
    upload = world.upload()
    upload.archived = world.clock.now()
    world.uploads.save(row.name, upload)
    world.clock.time = os.stat(world.root).st_mtime + 2 * DAY
    world.restart()  # an agent that does not know of it makes them then
    world.run(60)
    assert not row.tracks[0].path.parent.exists()
    rest = read_json(world.root / '.delivered' / f'{row.name}.json')
    assert rest is not None
    assert [element['digest'] for element in rest['upload']['elements']] == wanted


def archived(world: World, *, short: bool = False) -> Path:
    """A large recording that may go as soon as its checksums are made; gives its folder."""
    path = large(world)
    delivered(world)
    upload = world.upload()
    upload.archived = world.clock.now()
    world.uploads.save(world.row().name, upload)
    world.clock.time = os.stat(world.root).st_mtime + 2 * DAY
    world.short = lambda: short
    world.options = settings.Ingest(delete_after_upload=True)
    world.restart()
    return path.parent


def test_no_upload_waits_for_those_of_what_is_to_be_deleted(world: World) -> None:
    folder = archived(world)
    world.record('event-2')
    world.service.step()
    assert world.row('event-2').status is EventStatus.UPLOADING
    world.run(60)
    assert not folder.exists()


def test_they_hold_up_nothing_where_room_is_short(world: World) -> None:
    folder = archived(world, short=True)
    world.service.step()
    assert not folder.exists()


def test_one_that_is_to_be_deleted_does_not_wait_for_ever_for_uploads(world: World) -> None:
    folder = archived(world)
    for number in range(2, 12):
        world.record(f'event-{number}')
        delivered(world, f'event-{number}')
        world.clock.advance(600)
    assert not folder.exists()


@pytest.mark.parametrize('harm', ['changed', 'deleted', 'unreadable'])
def test_what_is_not_what_was_sent_has_none(world: World, harm: str) -> None:
    first, second = world.record().tracks
    delivered(world)
    if harm == 'changed':
        first.path.write_bytes(b'y' * 1000)
        os.utime(first.path, (5, 5))
    else:
        first.path.unlink()
    if harm == 'unreadable':
        first.path.mkdir()
    assert world.turn() == 10
    assert digests(world) == ['', hashlib.sha256(second.path.read_bytes()).hexdigest()]


def test_a_disk_that_does_not_take_them_disturbs_nothing(world: World) -> None:
    world.record()
    delivered(world)
    world.uploads.trouble = _full
    assert world.turn() == 10
    assert digests(world) == ['', '']
    world.uploads.trouble = lambda upload: None
    world.record('event-2')
    world.turn()
    assert world.row('event-2').status is DONE


def _full(upload: Upload) -> OSError:
    return OSError(28, 'No space left on device')
