"""The upload service when the core, the network or the program fails."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from pyca.errors import CoreError, LoginFailed, NotUnderstood, Overloaded, Refused, StorageError, Unreachable
from pyca.ingest.journal import Upload, Uploads
from pyca.states import EventStatus, Fault
from tests.services.ingest_world import END, Crash, Kill, World

DONE = EventStatus.FINISHED_UPLOADING
HELD = EventStatus.PAUSED_AFTER_RECORDING
FAILED = EventStatus.FAILED_UPLOADING
LOST = Unreachable('the connection was cut', sent=True)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def run_with_a_crash_at(point: int, root: Path) -> World | None:
    """Kill the service at one point, go on with a new one; None when there is no such point."""
    world = World(root, kill=Kill(point))
    world.record(tracks=3)
    try:
        world.run_until(DONE)
    except Crash:
        world.restart()
        world.run_until(DONE)
        return world
    return None


def test_a_crash_anywhere_ends_in_one_accepted_recording(tmp_path: Path) -> None:
    """H24, H26: nothing stays uploading, nothing is ingested twice, what was sent is not sent again."""
    points = 0
    while (world := run_with_a_crash_at(points + 1, tmp_path / str(points))) is not None:
        points += 1
        assert len(world.core.accepted) == 1, f'kill point {points}'
        assert world.core.accepted[0][1].elements == 3
        assert world.core.count('add_track') <= 4, f'kill point {points}: more than the track under way was repeated'
        assert world.recordings.reports.count(('event-1', 'upload_finished')) == 1
    assert points > 30


def test_only_the_failed_track_is_sent_again(world: World) -> None:
    """H25: upstream sends everything again."""
    world.record(tracks=3)
    world.core.fail('add_track', LOST)
    world.core.fail('add_track', Refused('disk full', status=500))
    world.run_until(DONE)
    assert [what for call, what in world.core.calls if call == 'add_track'] == [
        'event-1-0.mp4',
        'event-1-0.mp4',
        'event-1-0.mp4',
        'event-1-1.mp4',
        'event-1-2.mp4',
    ]
    assert world.core.accepted[0][1].elements == 3


def test_a_retry_stays_on_its_node(world: World) -> None:
    world.core.nodes = ['http://node-a']
    world.record()
    world.core.fail('add_track', LOST)
    while world.row().status is not FAILED:
        world.service.step()
    world.core.nodes = ['http://node-b']
    world.run_until(DONE)
    assert world.core.accepted[0][0] == 'http://node-a'
    assert world.core.count('ingest_node') == 1


def test_a_node_that_is_gone_for_half_an_hour_is_given_up(world: World) -> None:
    world.record()
    while not world.core.count('add_track'):
        world.service.step()
    world.core.nodes = ['http://node-b']
    world.core.always['add_track'] = Unreachable('connection refused')
    world.run(1700)
    assert world.core.count('ingest_node') == 1
    world.core.always.clear()
    world.core.fail('add_track', Unreachable('connection refused'))
    world.clock.advance(1000)
    world.run_until(DONE, within=2000)
    node, package, _ = world.core.accepted[0]
    assert (node, package.elements) == ('http://node-b', 2)


def test_an_outage_of_everything_gives_up_no_node(world: World) -> None:
    world.record()
    while not world.core.count('add_track'):
        world.service.step()
    for call in ('ingest_node', 'create', 'add_track'):
        world.core.always[call] = Unreachable('connection refused')
    world.run(6 * 3600)
    world.core.always.clear()
    world.run_until(DONE, within=700)
    sent = [what for call, what in world.core.calls if call == 'add_track']
    assert sent.count('event-1-0.mp4') == 1


def test_files_that_the_core_lost_are_sent_again_to_a_fresh_node(world: World) -> None:
    world.record()
    while world.core.count('add_track') < 2:
        world.service.step()
    world.core.files.clear()
    world.core.nodes = ['http://node-b']
    world.run_until(DONE)
    node, package, _ = world.core.accepted[0]
    assert (node, package.elements) == ('http://node-b', 2)
    assert world.core.discarded == ['http://node-a']


def test_a_core_that_always_loses_the_files_gets_them_a_few_times_only(world: World) -> None:
    world.record()
    world.core.always['ingest'] = Refused('400', status=400, body='Could not retrieve all media package elements')
    world.run_until(HELD)
    assert world.core.count('add_track') <= 12


def test_a_file_that_has_changed_since_it_was_sent_makes_the_upload_begin_anew(world: World) -> None:
    path = world.record().tracks[0].path
    while not world.core.count('add_track'):
        world.service.step()
    world.core.fail('add_track', LOST)
    while world.row().status is not FAILED:
        world.service.step()
    os.utime(path, (1, 1))
    world.run_until(DONE)
    assert [what for call, what in world.core.calls if call == 'add_track'].count('event-1-0.mp4') == 2
    assert world.core.accepted[0][1].elements == 2


LOST_ANSWERS: list[CoreError] = [
    LOST,
    Overloaded('504 from the proxy', sent=True),
    Refused('500', status=500),
    NotUnderstood('HTML'),
]


@pytest.mark.parametrize('error', LOST_ANSWERS, ids=str)
@pytest.mark.parametrize('own_ids', [True, False])
def test_a_lost_answer_to_the_final_call_is_asked_for(world: World, error: CoreError, own_ids: bool) -> None:
    """H26: with upstream, a lost answer ends in a second ingest."""
    world.core.own_ids = own_ids
    world.record()
    world.core.fail('ingest', error, done=True)
    world.run_until(DONE, within=3600)
    assert len(world.core.accepted) == 1
    assert 'archived' in world.row().cause


@pytest.mark.parametrize('error', LOST_ANSWERS, ids=str)
def test_a_final_call_that_got_lost_is_repeated_after_a_minute(world: World, error: CoreError) -> None:
    """Trap 28: a 500 may be a conflict, so the core is asked first."""
    world.record()
    world.core.fail('ingest', error)
    world.run(50)
    assert world.core.count('ingest') == 1
    world.run_until(DONE, within=200)
    assert len(world.core.accepted) == 1
    assert world.core.count('add_track') == 2


def test_a_final_call_that_got_lost_is_not_repeated_for_a_media_package_with_another_id(world: World) -> None:
    world.core.own_ids = False
    world.record()
    world.core.fail('ingest', LOST)
    world.run_until(HELD, within=100000)
    assert world.clock.steady > 86400
    assert world.core.count('ingest') == 1
    assert world.core.accepted == []


def test_a_final_call_that_never_left_is_simply_made_again(world: World) -> None:
    world.record()
    world.core.fail('ingest', Unreachable('connection refused', sent=False))
    world.run_until(DONE, within=30)
    assert world.core.count('owns') == 0


def test_an_event_that_was_deleted_meanwhile_is_held(world: World) -> None:
    world.memory.put('ingest.routes', ['owns', 'technical'])
    world.record()
    world.core.fail('ingest', LOST)
    world.core.deleted = True
    world.run_until(HELD, within=3600)
    assert 'deleted' in world.row().cause
    assert world.core.count('ingest') == 1


def test_a_core_that_knows_the_guides_only_gets_one_repeat(world: World) -> None:
    world.core.always = {'owns': Refused('403', status=403), 'technical': Refused('404', status=404)}
    world.record()
    world.core.fail('ingest', LOST)
    world.core.fail('ingest', LOST)
    world.run_until(HELD, within=3600)
    assert world.core.count('ingest') == 2


def test_a_repeat_that_never_left_is_none(world: World) -> None:
    world.core.always = {'owns': Refused('403', status=403), 'technical': Refused('403', status=403)}
    world.record()
    world.core.fail('ingest', LOST)
    world.core.fail('ingest', Unreachable('connection refused', sent=False))
    world.run_until(DONE, within=600)
    assert len(world.core.accepted) == 1


def test_a_404_of_a_core_that_never_answered_yes_is_no_answer(world: World) -> None:
    world.core.deleted = True
    world.record()
    world.core.fail('ingest', LOST)
    world.run_until(DONE, within=3600)
    assert world.core.count('ingest') == 2


def test_a_core_that_is_just_starting_is_asked_again_before_anything_is_held(world: World) -> None:
    world.memory.put('ingest.routes', ['owns', 'technical'])
    world.record()
    world.core.fail('ingest', LOST, done=True)
    world.core.deleted = True
    world.run(180)
    assert world.row().status is FAILED
    world.core.deleted = False
    world.run_until(DONE, within=1200)
    assert len(world.core.accepted) == 1


def test_after_a_long_outage_the_final_call_is_still_repeated_where_the_event_is_scheduled(world: World) -> None:
    world.record()
    world.core.fail('ingest', LOST)
    for call in ('owns', 'technical'):
        world.core.always[call] = Unreachable('connection refused')
    world.run(90000)
    assert world.row().status is FAILED
    world.core.always.clear()
    world.run_until(DONE, within=700)
    assert len(world.core.accepted) == 1


def test_a_person_may_have_a_doubtful_upload_repeated(world: World) -> None:
    world.core.own_ids = False
    world.record()
    world.core.fail('ingest', LOST)
    world.run_until(HELD, within=100000)
    world.restart()
    world.run(3600)
    assert world.core.count('ingest') == 1
    world.set(status=EventStatus.FINISHED_RECORDING, next_try=0.0)
    world.run_until(DONE, within=10)
    assert world.core.count('add_track') == 2
    assert len(world.core.accepted) == 1


def test_a_decision_of_a_person_counts_once(world: World) -> None:
    world.core.own_ids = False
    world.record()
    world.core.fail('ingest', LOST)
    world.run_until(HELD, within=100000)
    world.set(status=EventStatus.FINISHED_RECORDING, next_try=0.0)
    world.core.fail('ingest', LOST, done=True)
    world.run_until(DONE, within=3600)
    assert world.core.count('ingest') == 2
    assert len(world.core.accepted) == 1


def test_a_crash_while_a_recording_is_held_does_not_upload_it(world: World) -> None:
    world.memory.put('ingest.routes', ['owns', 'technical'])
    world.record()
    world.core.fail('ingest', LOST)
    world.core.deleted = True
    world.run_until(HELD, within=3600)
    world.set(status=EventStatus.UPLOADING)
    world.restart()
    world.turn()
    assert world.row().status is HELD
    assert world.core.count('ingest') == 1


@pytest.mark.parametrize(
    ('phase', 'decided'), [('finished', False), ('waiting', False), ('held', True), ('queued', True)]
)
def test_a_held_recording_in_a_database_that_is_older_waits_for_a_person(
    world: World, phase: str, decided: bool
) -> None:
    """A backup, or a database that was written anew, does not know that it is held: that is no decision."""
    world.memory.put('ingest.routes', ['owns', 'technical'])
    world.record()
    world.core.fail('ingest', LOST)
    world.core.deleted = True
    world.run_until(HELD, within=3600)
    world.core.deleted = False
    world.set(status=EventStatus.FINISHED_RECORDING, phase=phase, next_try=None)
    world.restart()
    world.run_until(DONE if decided else HELD, within=3600)
    assert world.core.count('ingest') == (2 if decided else 1)


def test_a_final_call_that_is_refused_again_and_again_is_held(world: World) -> None:
    world.record()
    world.core.always['ingest'] = Refused('400: insane', status=400)
    world.run_until(HELD, within=4000)
    assert world.core.count('ingest') == 5
    assert 'insane' in world.row().cause


def test_a_core_that_forbids_the_upload_is_asked_for_ever_and_seldom(world: World) -> None:
    """H33: what the core said is on the page."""
    world.record()
    world.core.always['add_track'] = Refused('403: not allowed here', status=403)
    world.run(86400)
    assert 144 <= world.core.count('add_track') <= 300  # each 300 to 600 s, once the first ones are over
    assert world.row().cause == '403: not allowed here'
    world.core.always.clear()
    world.run_until(DONE, within=700)


def test_nothing_is_sent_for_good_unless_it_was_noted_before(world: World) -> None:
    """A disk that takes no note must not lead to a final call that nobody remembers."""
    world.record()
    world.uploads.trouble = lambda upload: OSError(28, 'No space left') if upload.final_sent else None
    world.run(100)
    assert world.core.count('ingest') == 0
    assert 'No space left' in world.row().cause
    world.uploads.trouble = lambda upload: None
    world.run_until(DONE, within=700)
    assert len(world.core.accepted) == 1


def test_an_accepted_upload_is_delivered_also_when_that_cannot_be_noted(world: World) -> None:
    def full(upload: Upload) -> OSError | None:
        return OSError(28, 'No space left') if upload.accepted else None

    world.record()
    world.uploads.trouble = full
    world.turn()
    assert world.row().status is DONE


def test_a_refused_login_is_a_fault_until_it_is_cured(world: World) -> None:
    world.record()
    world.record('other', end=END - 1)
    world.core.always['create'] = LoginFailed('digest login of "agent" was refused')
    world.run(3600)
    assert 'digest' in world.faults.raised[Fault.LOGIN_REFUSED]
    assert world.core.count('create') < 15
    world.core.always.clear()
    world.run(1300)
    assert world.faults.raised == {}
    assert len(world.core.accepted) == 2


@pytest.mark.parametrize(('status', 'cured'), [(413, True), (500, True), (403, True), (401, False), (407, False)])
def test_a_refusal_for_another_reason_is_no_refused_login(world: World, status: int, cured: bool) -> None:
    """The core showed the agent in `error` for as long as the upload failed, whatever for."""
    world.record()
    world.core.always['create'] = LoginFailed('basic login of "agent" was refused')
    world.run(60)
    assert list(world.faults.raised) == [Fault.LOGIN_REFUSED]
    world.core.always['create'] = Refused(f'the answer is {status}', status=status)
    world.run(120)
    assert (Fault.LOGIN_REFUSED not in world.faults.raised) is cured


def test_the_wait_that_the_core_asks_for_is_kept(world: World) -> None:
    world.record()
    world.core.fail('create', Overloaded('503', retry_after=300))
    world.run(290)
    assert world.core.count('create') == 1
    world.run_until(DONE, within=30)


def test_a_failing_recording_does_not_hold_up_the_others(world: World) -> None:
    world.record('bad', end=END - 100)
    world.record('good')
    world.core.fail('add_track', Refused('500', status=500))
    world.turn()
    assert (world.row('bad').status, world.row('good').status) == (FAILED, DONE)


def test_an_unreachable_node_of_one_recording_does_not_starve_the_others(world: World) -> None:
    world.record('bad', end=END - 100)
    world.record('good')
    world.core.always['add_track bad-0.mp4'] = Unreachable('stalled')
    world.run_until(DONE, uid='good', within=60)
    assert world.row('bad').status is FAILED


def test_a_core_that_fails_is_left_alone_for_longer_and_longer(world: World) -> None:
    world.record()
    world.core.always['add_track'] = Refused('500', status=500)
    world.run(3600)
    assert 8 < world.core.count('add_track') < 16


def test_success_makes_the_next_wait_short_again(world: World) -> None:
    world.record()
    for _ in range(12):
        world.core.fail('create', Unreachable('refused'))
    while world.core.count('create') < 13:
        world.clock.advance(world.service.step())
    world.core.fail('add_track', LOST)
    world.run_until(DONE, within=20)


def test_reports_tell_of_a_series_of_failures_once(world: World) -> None:
    world.record()
    world.core.fail('add_track', Unreachable('refused'))
    for _ in range(5):
        world.core.fail('add_track', Unreachable('refused'))
    world.run_until(DONE)
    assert [report for _, report in world.recordings.reports] == [
        'uploading',
        'upload_error',
        'uploading',
        'upload_finished',
    ]


def test_a_cause_is_warned_of_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.record()
    caplog.set_level(logging.WARNING)
    for number in range(5):
        world.core.fail('add_track', Unreachable(f'timed out after {number} ms'))
    world.core.fail('add_track', Refused('no room', status=500))
    world.run_until(DONE)
    assert ['timed out' in record.message for record in caplog.records] == [True, False]


def test_a_core_that_is_away_is_spoken_of_once_for_all(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, 'pyca.ingest')
    for number in range(5):
        world.record(f'event-{number}', end=END - number)
    world.core.always = {
        call: Unreachable(f'http://core/{call}: refused') for call in ('ingest_node', 'create', 'add_track')
    }
    world.run(4 * 3600)
    assert [record.levelname for record in caplog.records] == ['WARNING']
    world.core.always = {}
    world.run(1300)
    assert sum('goes on' in record.message for record in caplog.records) == 1
    assert not [record for record in caplog.records[1:] if record.levelno > logging.INFO]


def test_a_missing_role_is_said_once_and_a_fault_until_it_is_given(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, 'pyca.ingest')
    world.record()
    world.core.always['create'] = Refused('403: event-1 needs the role ROLE_CAPTURE_AGENT', status=403)
    world.run(240)
    assert world.faults.raised == {}
    world.run(4 * 3600)
    assert sum('ROLE_CAPTURE_AGENT' in record.message for record in caplog.records) == 1
    assert 'ROLE_CAPTURE_AGENT' in world.faults.raised[Fault.UPLOAD]
    world.core.always.clear()
    world.run(700)
    assert world.faults.raised == {}
    assert sum('goes on' in record.message for record in caplog.records) == 1


def test_a_core_away_for_ten_minutes_is_a_fault_until_it_is_back(world: World) -> None:
    world.record()
    for call in ('ingest_node', 'create', 'add_track'):
        world.core.always[call] = Unreachable('connection refused')
    world.run(500)
    assert world.faults.raised == {}
    world.run(1300)
    assert list(world.faults.raised) == [Fault.CORE_UNREACHABLE]
    assert 'connection refused' in world.faults.raised[Fault.CORE_UNREACHABLE]
    world.core.always.clear()
    world.run(700)
    assert world.faults.raised == {}


@pytest.mark.parametrize(
    ('error', 'fault'),
    [
        (Unreachable('connection refused'), Fault.CORE_UNREACHABLE),
        (LoginFailed('digest login of "agent" was refused'), Fault.LOGIN_REFUSED),
        (Refused('403', status=403), Fault.UPLOAD),
    ],
    ids=str,
)
def test_a_fault_goes_with_the_last_recording_that_waited(world: World, error: CoreError, fault: Fault) -> None:
    """A refused login makes the core show the agent in `error`; nobody would ever clear it."""
    world.record()
    world.core.always['create'] = error
    world.run(3600)
    assert list(world.faults.raised) == [fault]
    world.set(status=HELD)
    world.run(700)
    assert world.faults.raised == {}


def test_a_database_in_trouble_does_not_repeat_calls_to_the_core(world: World) -> None:
    world.record()
    world.core.fail('add_track', Unreachable('refused'))
    while world.core.count('add_track') == 0:
        if world.core.count('create'):
            world.recordings.trouble = StorageError('locked')
        try:
            world.service.step()
        except StorageError:
            break
    for _ in range(10):
        with pytest.raises(StorageError):
            world.service.step()
    assert world.core.count('add_track') == 1
    world.recordings.trouble = None
    world.run_until(DONE, within=60)


def test_the_steps_of_an_upload_are_noted_on_a_full_disk(tmp_path: Path) -> None:
    # given a disk that takes nothing until the reserve is given up
    folder = tmp_path / 'recording-1-a'
    folder.mkdir()
    (folder / '.upload.json.new').symlink_to('/dev/full')
    (tmp_path / '.reserve').write_bytes(b'x')

    Uploads(tmp_path).save(folder.name, Upload(node='http://node'))

    noted = Uploads(tmp_path).load(folder.name)
    assert noted is not None
    assert noted.node == 'http://node'
    assert not (tmp_path / '.reserve').exists()
