"""The upload service when things go well, and the queue before it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from pyca import settings
from pyca.errors import Interrupted, RecordingsUnusable, StorageError, Unreachable
from pyca.event import Track
from pyca.ingest import SoleUploader
from pyca.ingest.outside import Recorded
from pyca.opencast.mediapackage import MediaPackage
from pyca.recording.delivery import Prepared
from pyca.recording.store import MARKER
from pyca.states import EventStatus
from tests.services.ingest_world import END, World

DONE = EventStatus.FINISHED_UPLOADING
HELD = EventStatus.PAUSED_AFTER_RECORDING
FAILED = EventStatus.FAILED_UPLOADING


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_finished_recording_is_delivered_with_all_its_tracks_under_the_id_of_its_event(world: World) -> None:
    world.record(tracks=2)
    assert world.turn() == 10
    assert world.row().status is DONE
    ((node, package, fields),) = world.core.accepted
    assert node == 'http://node-a'
    assert package.id == 'event-1'
    assert [name.split('#')[0] for name in package.xml.split('|')[1:]] == ['event-1-0.mp4', 'event-1-1.mp4']
    assert list(fields.items()) == [
        ('workflowDefinitionId', 'fast'),
        ('workflowInstanceId', 'event-1'),
        ('publish.now', 'true'),
    ]
    assert world.recordings.reports == [('event-1', 'uploading'), ('event-1', 'upload_finished')]


def test_the_final_call_names_the_event_also_when_the_core_chose_the_id(world: World) -> None:
    """Trap 27: without its id, or with the field misspelt, it becomes a new event."""
    world.core.own_ids = False
    world.record()
    world.turn()
    ((_, package, fields),) = world.core.accepted
    assert package.id != 'event-1'
    assert fields['workflowInstanceId'] == 'event-1'


def test_one_step_does_one_call(world: World) -> None:
    world.record()
    counts = [0]
    while world.row().status is not DONE:
        assert world.service.step() == 0
        counts.append(len(world.core.calls))
    # The node is asked for together with the media package.
    assert max(after - before for before, after in pairwise(counts)) <= 2


def test_nothing_to_do_means_a_look_every_ten_seconds(world: World) -> None:
    assert world.turn() == 10
    assert world.core.calls == []


def test_catalogs_are_sent_only_where_that_is_configured(world: World) -> None:
    """Trap 34."""
    world.record('plain')
    world.turn()
    assert world.core.count('add_catalog') == 0
    world.options = settings.Ingest(upload_catalogs=True)
    world.restart()
    world.record('with catalogs')
    world.turn()
    _, package, _ = world.core.accepted[-1]
    assert package.xml.split('|')[1].startswith('dublincore/episode#')
    assert package.elements == 3


def test_the_progress_counts_all_tracks(world: World) -> None:
    world.record(tracks=2)
    world.turn()
    assert world.row().progress == (3000, 3000)
    assert world.beats > 0


def test_a_locked_database_does_not_break_off_an_upload(world: World) -> None:
    world.record()
    while not world.core.count('create'):
        world.service.step()
    world.recordings.trouble = StorageError('database is locked')
    for _ in range(3):
        with pytest.raises(StorageError):
            world.turn()
    assert world.core.count('add_track') == 2
    world.recordings.trouble = None
    world.turn()
    assert world.row().status is DONE
    assert len(world.core.accepted) == 1


def test_the_longest_waiting_recording_goes_first(world: World) -> None:
    world.record('late', end=END - 10)
    world.record('early', end=END - 1000)
    world.turn()
    assert [package.id for _, package, _ in world.core.accepted] == ['early', 'late']


def test_joined_tracks_are_delivered_instead_of_their_segments(world: World) -> None:
    def prepare(recorded: Recorded) -> Prepared:
        whole = recorded.tracks[0].path.with_name('whole.mp4')
        whole.write_bytes(b'whole')
        return Prepared((Track('presenter/source', whole),))

    world.prepare = prepare
    world.record(tracks=2)
    world.turn()
    assert world.core.accepted[0][1].elements == 1
    assert ('add_track', 'whole.mp4') in world.core.calls


def test_what_is_left_out_of_an_upload_is_said(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level('INFO')
    world.prepare = lambda recorded: Prepared(recorded.tracks, 'not uploaded: part-0.mp4')
    world.record()
    world.turn()
    assert (world.row().status, world.row().cause) == (DONE, 'not uploaded: part-0.mp4')
    assert 'has been accepted: not uploaded: part-0.mp4' in caplog.text


def test_a_recording_that_cannot_be_joined_now_waits_and_others_go_on(world: World) -> None:
    def prepare(recorded: Recorded) -> Prepared:
        if recorded.event.uid == 'bad':
            raise RecordingsUnusable('no room to join the segments')
        return Prepared(recorded.tracks)

    world.prepare = prepare
    world.record('bad', end=END - 100)
    world.record('good')
    world.turn()
    assert (world.row('bad').status, world.row('good').status) == (FAILED, DONE)
    assert 'no room' in world.row('bad').cause


def test_a_mistake_of_ours_does_not_block_the_queue(world: World) -> None:
    def prepare(recorded: Recorded) -> Prepared:
        if recorded.event.uid == 'bad':
            raise ZeroDivisionError
        return Prepared(recorded.tracks)

    world.prepare = prepare
    world.record('bad', end=END - 100)
    world.record('good')
    with pytest.raises(ZeroDivisionError):
        world.turn()
    world.turn()
    assert (world.row('bad').status, world.row('good').status) == (FAILED, DONE)


@pytest.mark.parametrize('damage', ['missing', 'empty'])
def test_a_lost_track_holds_the_recording_and_is_named(world: World, damage: str) -> None:
    path = world.record(tracks=2).tracks[1].path
    path.unlink()
    if damage == 'empty':
        path.touch()
    world.turn()
    assert world.row().status is HELD
    assert str(path) in world.row().cause
    assert world.core.calls == []


def test_a_track_that_vanishes_in_between_holds_the_recording(world: World) -> None:
    tracks = world.record(tracks=2).tracks
    while not world.core.count('add_track'):
        world.service.step()
    tracks[1].path.unlink()
    world.turn()
    assert world.row().status is HELD
    assert world.core.accepted == []


def test_a_lost_track_that_is_back_is_uploaded_once_a_person_says_so(world: World) -> None:
    path = world.record(tracks=2).tracks[1].path
    content = path.read_bytes()
    path.unlink()
    world.run(3600)
    path.write_bytes(content)
    world.run(3600)
    assert world.row().status is HELD
    world.set(status=EventStatus.FINISHED_RECORDING, next_try=0.0)
    world.turn()
    assert world.row().status is DONE


def test_a_disk_that_is_not_mounted_is_waited_for(world: World) -> None:
    world.record()
    away = world.root.rename(world.root.with_name(f'{world.root.name}-away'))
    world.root.mkdir()
    world.turn()
    assert world.row().status is FAILED
    assert 'mounted' in world.row().cause
    world.root.rmdir()
    away.rename(world.root)
    world.run_until(DONE, within=700)


def test_a_stopped_program_leaves_the_recording_to_the_next_start(world: World) -> None:
    world.record()
    world.core.fail('add_track', Interrupted('stop'))
    assert world.turn() == 10
    assert world.row().status is EventStatus.UPLOADING
    world.service.close()
    world.restart()
    world.turn()
    assert world.row().status is DONE
    assert world.recordings.reports.count(('event-1', 'uploading')) == 1


def test_a_random_wait_follows_the_end_of_the_recording(world: World) -> None:
    world.options = settings.Ingest(delay_min=100, delay_max=200)
    world.restart()
    world.record()
    world.record('held by nobody', next_try=0.0)
    world.turn()
    assert world.row('held by nobody').status is DONE
    assert world.row().next_try == END + 150
    world.run(140)
    assert world.row().status is EventStatus.FINISHED_RECORDING
    world.run(30)
    assert world.row().status is DONE


def test_a_recording_that_was_ended_early_waits_from_then_on(world: World) -> None:
    world.options = settings.Ingest(delay_min=100, delay_max=200)
    world.restart()
    world.record(end=END + 7200)
    world.turn()
    assert world.row().next_try == END + 150


def test_only_a_least_delay_is_no_trouble(world: World) -> None:
    """H29: `delay_min` above `delay_max` sent upstream into an endless loop of errors."""
    world.options = settings.Ingest(delay_min=5, delay_max=0)
    world.restart()
    world.record()
    world.run(30)
    assert world.row().status is DONE


def test_a_wait_from_before_the_clock_was_set_back_is_ended(world: World) -> None:
    world.record(status=FAILED, next_try=END + 1e7)
    world.run(30)
    assert world.row().status is DONE


@pytest.mark.parametrize(('length', 'status'), [(29.0, HELD), (30.0, DONE), (None, DONE)])
def test_what_is_too_short_waits_for_a_person(world: World, length: float | None, status: EventStatus) -> None:
    world.options = settings.Ingest(min_duration=30)
    world.length = length
    world.restart()
    world.record()
    world.run(60)
    assert world.row().status is status
    if status is HELD:
        assert 'Too short: 29 s' in world.row().cause
        assert world.core.calls == []
        world.set(status=EventStatus.FINISHED_RECORDING, next_try=0.0)
        world.core.fail('add_track', Unreachable('connection refused'))
        world.run_until(DONE)
        assert len(world.core.accepted) == 1


@pytest.mark.parametrize(('unasked', 'status'), [(False, DONE), (True, HELD)])
def test_what_a_person_released_is_not_held_for_being_too_short(
    world: World, unasked: bool, status: EventStatus
) -> None:
    world.options, world.length, world.unasked = settings.Ingest(min_duration=30), 29.0, unasked
    world.restart()
    world.record(status=HELD, phase='held', cause='cancelled in the core')
    world.set(status=EventStatus.FINISHED_RECORDING, phase='queued', next_try=0.0, cause='')
    world.run(60)
    assert world.row().status is status


@pytest.mark.parametrize('status', [HELD, EventStatus.FINISHED_RECORDING, DONE])
def test_a_person_who_changes_the_status_is_obeyed_between_two_steps(world: World, status: EventStatus) -> None:
    world.record(tracks=3)
    while not world.core.count('add_track'):
        world.service.step()
    world.set(status=status, next_try=0.0)
    world.service.step()
    assert world.row().status is status
    world.run(60)
    sent = world.core.count('add_track')
    assert (sent, len(world.core.accepted)) == ((3, 1) if status is EventStatus.FINISHED_RECORDING else (1, 0))


def test_a_recording_that_is_deleted_while_its_file_is_sent_is_broken_off(world: World) -> None:
    row = world.record()
    original = world.core.add_track

    def add_track(
        node: str, package: MediaPackage, flavor: str, path: Path, progress: Callable[[int, int], bool]
    ) -> MediaPackage:
        assert not progress(10, 1000)
        del world.recordings.rows[row.event.uid, row.event.start]
        world.clock.advance(10)
        if progress(20, 1000):
            raise Interrupted('ended')
        return original(node, package, flavor, path, progress)

    world.core.send = add_track
    world.turn()
    assert world.core.accepted == []
    world.record('next')
    world.core.send = None
    world.run(60)
    assert [package.id for _, package, _ in world.core.accepted] == ['next']


def test_what_another_database_left_claimed_is_taken_up_without_a_restart(world: World) -> None:
    """A copy of yesterday's database was put back while the agent ran."""
    world.record()
    world.run(600)
    world.record('other', end=END - 5)
    world.set(status=EventStatus.UPLOADING)
    world.set('other', status=EventStatus.UPLOADING)
    world.run(120)
    assert [world.row(uid).status for uid in ('event-1', 'other')] == [DONE, DONE]
    assert sorted(package.id for _, package, _ in world.core.accepted) == ['event-1', 'other']


def test_a_service_that_is_not_the_only_one_waits(world: World) -> None:
    (world.root / MARKER).touch()
    first, second = SoleUploader(world.root), SoleUploader(world.root)
    assert first.held()
    world.sole = second
    world.restart()
    world.record()
    world.run(600)
    assert world.core.calls == []
    first.release()
    world.run_until(DONE)
    world.service.close()
    assert first.held()
    first.release()


def test_a_backup_agent_uploads_what_a_person_asks_for_without_delay(world: World) -> None:
    world.backup_mode = True
    world.options = settings.Ingest(delay_min=100, delay_max=200)
    world.restart()
    world.record('paused', status=HELD)
    world.record('asked for')
    world.run(3600)
    assert world.row('paused').status is HELD
    assert [package.id for _, package, _ in world.core.accepted] == ['asked for']


def test_a_delivered_recording_stays_on_the_disk_by_default(world: World) -> None:
    row = world.record()
    world.run(4000)
    assert row.tracks[0].path.exists()


@pytest.mark.parametrize('delete', [False, True])
def test_what_the_core_accepted_once_is_never_sent_again(world: World, delete: bool) -> None:
    world.options = settings.Ingest(delete_after_upload=delete)
    world.restart()
    world.record()
    world.run(1000)
    world.set(status=EventStatus.FINISHED_RECORDING, phase='queued', next_try=0.0)
    calls = len(world.core.calls)
    world.run(1000)
    assert world.row().status is DONE
    assert len(world.core.calls) == calls


def test_a_damaged_journal_holds_the_recording_until_a_person_decides(world: World) -> None:
    row = world.record()
    journal = row.tracks[0].path.parent / 'upload.json'
    journal.write_text('{"version": 1, "fin')
    world.run(1000)
    assert world.row().status is HELD
    assert str(journal) in world.row().cause
    assert world.core.calls == []
    world.set(status=EventStatus.FINISHED_RECORDING, next_try=0.0)
    world.turn()
    assert world.row().status is DONE


def test_recordings_wait_for_the_core_and_all_arrive_when_it_is_back(world: World) -> None:
    """H21: one failure was final with upstream."""
    for number in range(5):
        world.record(f'event-{number}', end=END - number)
    world.core.always = {call: Unreachable('connection refused') for call in ('ingest_node', 'create', 'add_track')}
    world.run(6 * 3600)
    # Six hours at ten minutes are 36 tries, and a few more while the waits were short.
    assert world.core.count('ingest_node') < 60
    assert world.recordings.reports.count(('event-4', 'upload_error')) == 1
    assert ('event-4', 'uploading') not in world.recordings.reports
    world.core.always = {}
    world.run(1300)
    assert len(world.core.accepted) == 5
    assert all(row.status is DONE for row in world.recordings.rows.values())


def test_the_journal_keeps_attempts_and_the_workflow(world: World) -> None:
    world.record()
    world.core.fail('create', Unreachable('connection refused'))
    world.run_until(DONE)
    upload = world.upload()
    assert (upload.attempts, upload.workflow, upload.error) == (2, '1001', '')
    assert upload.accepted is not None
