"""Deleting what the core has for good, and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pyca import settings
from pyca.errors import Refused, Unreachable
from pyca.ingest import shortage
from pyca.ingest.journal import Upload, Uploads
from pyca.ingest.removal import Removal
from pyca.recording.atomic import read_json, write_json
from pyca.recording.delivery import Prepared
from pyca.states import EventStatus
from tests.services.ingest_world import ARCHIVED_AFTER, END, World

DONE = EventStatus.FINISHED_UPLOADING
DAY = 86_400
GUIDES_ONLY = Refused('404', status=404)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


AT_ONCE = settings.Ingest(delete_after_upload=True)


def deleting(world: World, options: settings.Ingest = AT_ONCE) -> World:
    world.options = options
    world.restart()
    return world


def folder(world: World, uid: str = 'event-1') -> Path:
    return world.root / world.row(uid).name


def has(world: World, *uids: str) -> list[bool]:
    return [folder(world, uid).exists() for uid in uids]


def test_what_the_core_has_archived_is_deleted_where_that_is_configured(world: World) -> None:
    deleting(world)
    row = world.record()
    (folder(world) / 'more').mkdir()
    world.run_until(DONE)
    world.run(ARCHIVED_AFTER - 20)
    assert folder(world).exists()
    world.run(ARCHIVED_AFTER + 40)

    assert not folder(world).exists()
    rest = read_json(world.root / '.delivered' / f'{row.name}.json')
    assert rest is not None
    assert rest['recording'] == {'uid': 'event-1'}
    assert rest['upload']['accepted'] == END
    assert world.row().tracks == row.tracks


def test_what_is_accepted_and_never_archived_is_kept_and_seldom_asked_about(world: World) -> None:
    deleting(world)
    world.record()
    world.core.always['owns'] = Unreachable('connection refused')
    world.run(3600)
    del world.core.always['owns']
    world.core.started['event-1'] = 1e12
    world.core.calls.clear()
    world.run(2 * DAY)
    assert folder(world).exists()
    assert world.core.count('owns') <= 60


def test_an_event_that_is_gone_from_the_core_keeps_its_recording(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Accepted, but whoever deletes the event in the core must not have the last copy deleted as well."""
    deleting(world)
    world.memory.put('ingest.routes', ['owns', 'technical'])
    world.record()
    world.run_until(DONE)
    world.core.deleted = True
    world.run(3 * DAY)
    assert folder(world).exists()
    assert sum('no longer has its event' in record.message for record in caplog.records) <= 3


def test_a_core_that_cannot_be_asked_is_believed(world: World) -> None:
    deleting(world)
    world.core.always = {'owns': GUIDES_ONLY, 'technical': GUIDES_ONLY}
    world.record()
    world.run(200)
    assert folder(world).exists()  # a core that is starting says the same
    world.run(800)
    assert not folder(world).exists()
    calls = len(world.core.calls)
    world.run(DAY)
    assert len(world.core.calls) == calls


def test_what_nobody_scheduled_needs_no_archive(world: World) -> None:
    deleting(world)
    world.record()
    write_json(folder(world) / 'recording.json', {'event': {'uid': 'event-1', 'data': {}}})
    world.run(60)
    assert not folder(world).exists()
    assert world.core.count('owns') == 0


def test_what_a_lost_answer_showed_to_be_archived_is_not_asked_about_again(world: World) -> None:
    deleting(world)
    world.record()
    world.core.fail('ingest', Unreachable('cut', sent=True), done=True)
    world.run_until(DONE)
    questions = world.core.count('owns')
    world.run(20)
    assert not folder(world).exists()
    assert world.core.count('owns') == questions


@pytest.mark.parametrize('phase', ['held', 'waiting', 'nothing'])
def test_what_is_not_delivered_is_never_deleted(world: World, phase: str) -> None:
    world.short = lambda: True
    deleting(world, settings.Ingest(delete_after_upload=True, keep_days=1))
    row = world.record()
    world.core.started['event-1'] = -1e9  # somebody else has uploaded something, and the core has archived that
    if phase == 'held':
        row.tracks[1].path.unlink()
    elif phase == 'waiting':
        world.core.always['ingest'] = Refused('403', status=403)
    else:
        world.set(status=EventStatus.FAILED_RECORDING)
    world.run(26 * 3600)
    assert row.tracks[0].path.exists()


def test_what_was_left_out_of_an_upload_is_not_deleted_with_the_rest(world: World) -> None:
    deleting(world)
    world.prepare = lambda recorded: Prepared(recorded.tracks, 'not uploaded: part-0.mp4')
    world.record()
    world.run_until(DONE)
    world.run(ARCHIVED_AFTER + DAY)
    assert folder(world).exists()


def test_a_folder_that_is_not_ours_is_never_deleted(world: World) -> None:
    deleting(world)
    world.record()
    world.run_until(DONE)
    strange = world.root / 'recording-5-from-elsewhere'
    shutil.copytree(folder(world), strange)
    (strange / 'recording.json').unlink()
    link = world.root / 'recording-6-link'
    link.symlink_to(world.root.parent)
    plain = world.root / 'recordings of last year'
    plain.mkdir()
    world.restart()
    world.run(DAY)
    assert not folder(world).exists()
    assert (strange / 'event-1-0.mp4').exists()
    assert link.exists()
    assert plain.exists()


def test_a_folder_of_the_old_program_is_deleted_after_its_upload(world: World) -> None:
    """It has no journal, but a row and the name that the old program gave; the old one deleted it, too."""
    deleting(world)
    world.record()
    (folder(world) / 'recording.json').unlink()
    world.run(8000)
    assert world.row().status is DONE
    assert not folder(world).exists()


def test_what_cannot_be_deleted_stays_delivered_and_is_tried_again_each_hour(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """H30: with upstream, a folder that could not be deleted made a failed upload of a good one."""
    deleting(world)
    (world.root / '.delivered').write_text('in the way')
    row = world.record()
    world.run(8000)
    assert world.row().status is DONE
    assert row.tracks[0].path.exists()
    assert sum('cannot be deleted' in record.message for record in caplog.records) == 1
    (world.root / '.delivered').unlink()
    world.run(3700)
    assert not folder(world).exists()
    assert len(world.core.accepted) == 1


def test_a_deletion_that_a_crash_broke_off_is_finished(world: World) -> None:
    deleting(world)
    world.record()
    world.run(1000)
    folder(world).mkdir()
    (folder(world) / 'recording.json').write_text('{"uid": "event-1"}')
    (folder(world) / 'left.mp4').write_text('x')
    world.restart()
    world.turn()
    assert not folder(world).exists()


def test_a_newer_recording_of_a_delivered_event_is_not_deleted(world: World) -> None:
    deleting(world)
    world.record()
    world.run(1000)
    folder(world).mkdir()
    (folder(world) / 'recording.json').write_text('{"uid": "event-1", "again": true}')
    world.restart()
    world.run(8000)
    assert folder(world).exists()


def test_delivered_recordings_are_kept_for_so_many_days(world: World) -> None:
    deleting(world, settings.Ingest(keep_days=3))
    world.record()
    world.run(3 * DAY - 100)
    assert folder(world).exists()
    assert world.core.count('owns') == 0
    world.run(900)
    assert not folder(world).exists()


def test_with_too_little_room_the_oldest_delivered_recordings_go_first(world: World) -> None:
    uids = ['event-1', 'event-2', 'event-3']
    room = [3]
    world.short = lambda: len(list(world.root.glob('recording-*'))) > room[0]
    world.restart()
    for number, uid in enumerate(uids):
        world.record(uid, end=END - 100 + number)
    world.run(2000)
    assert has(world, *uids) == [True, True, True]
    room[0] = 1
    world.run(2000)
    assert has(world, *uids) == [False, False, True]


def test_room_is_made_while_the_core_is_away(world: World) -> None:
    short = [False]
    world.short = lambda: short[0]
    world.restart()
    world.record()
    world.run_until(DONE)
    upload = world.upload()
    upload.archived = END
    world.uploads.save(world.row().name, upload)
    world.record('event-2')
    for call in ('ingest_node', 'create', 'add_track', 'owns', 'technical'):
        world.core.always[call] = Unreachable('connection refused')
    world.restart()
    world.run(3600)
    short[0] = True
    world.run(60)
    assert has(world, 'event-1', 'event-2') == [False, True]


def test_hundreds_of_recordings_are_not_asked_about_all_at_once(world: World) -> None:
    for number in range(15):
        world.record(f'event-{number}', tracks=1)
    world.run(1000)
    world.core.started = dict.fromkeys(world.core.started, 1e12)
    world.core.calls.clear()
    deleting(world)
    world.run(40)
    assert 1 <= world.core.count('owns') <= 8  # one each 5 s


def test_what_was_deleted_is_remembered_for_a_year(world: World) -> None:
    deleting(world)
    world.record('old')
    world.record('new')
    world.run(1000)
    remains = {uid: world.root / '.delivered' / f'{world.row(uid).name}.json' for uid in ('old', 'new')}
    world.clock.time = remains['new'].stat().st_mtime + 3600
    os.utime(remains['old'], (world.clock.time - 400 * DAY,) * 2)
    world.restart()
    world.turn()
    assert [remains['old'].exists(), remains['new'].exists()] == [False, True]


def test_at_most_ten_thousand_are_remembered(world: World) -> None:
    (world.root / '.delivered').mkdir()
    for number in range(10_003):
        (world.root / '.delivered' / f'recording-{1_000_000 + number}-x.json').touch()
    world.clock.time = (world.root / '.delivered').stat().st_mtime
    deleting(world)
    world.turn()
    left = sorted(path.name for path in (world.root / '.delivered').iterdir())
    assert len(left) == 10_000
    assert left[0] == 'recording-1000003-x.json'


def test_room_is_looked_at_only_where_that_is_configured(tmp_path: Path) -> None:
    def answer(gigabytes: int, root: Path = tmp_path) -> bool | None:
        short: Callable[[], bool] | None = shortage(root, gigabytes)
        return None if short is None else short()

    assert answer(0) is None
    assert answer(10**9) is True
    assert answer(10**9, tmp_path / 'away') is False


def test_what_was_recorded_elsewhere_while_the_disk_was_away_is_deleted_as_well(tmp_path: Path, world: World) -> None:
    uploads = Uploads(world.root, tmp_path / 'pyca.db.standby')
    elsewhere = tmp_path / 'pyca.db.standby' / 'recording-1000-a'
    elsewhere.mkdir(parents=True)
    (elsewhere / 'recording.json').write_text('{"version": 1}')
    uploads.save('recording-1000-a', Upload(accepted=5.0))
    removal = Removal(uploads, world.recordings, world.clock)

    assert removal.names() == ['recording-1000-a']
    assert removal.remove('recording-1000-a')
    assert not elsewhere.exists()
    assert uploads.delivered('recording-1000-a').exists()
