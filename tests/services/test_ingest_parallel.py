"""Several recordings uploaded at once, each worker stepped by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pyca import settings
from pyca.errors import CoreError, LoginFailed, Refused, StorageError, Unreachable
from pyca.ingest import SoleUploader
from pyca.ingest.outside import Progress
from pyca.ingest.window import CAPTURING, Pause
from pyca.opencast.mediapackage import MediaPackage
from pyca.settings import Settings
from pyca.states import EventStatus, Fault
from pyca.wiring_uploads import share
from tests.services.ingest_world import END, Crash, Kill, World

DONE = EventStatus.FINISHED_UPLOADING
HELD = EventStatus.PAUSED_AFTER_RECORDING
QUEUED = EventStatus.FINISHED_RECORDING
UPLOADING = EventStatus.UPLOADING


def several(folder: Path, number: int = 2, *, kill: Kill | None = None) -> World:
    """A world in which so many recordings are uploaded at once."""
    folder.mkdir(exist_ok=True)
    world = World(folder, kill=kill)
    world.options = settings.Ingest(parallel=number)
    world.restart()
    return world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return several(tmp_path)


def in_hand(world: World, *uids: str) -> None:
    """Recordings in this order of their age, one for each worker; nothing is sent yet."""
    for number, uid in enumerate(uids):
        world.record(uid, end=END - 1000 + number)
        assert world.service.step() == 0
    assert [world.row(uid).status for uid in uids] == [UPLOADING] * len(uids)


def finish(world: World, worker: int) -> None:
    while world.workers[worker].busy:
        world.workers[worker].step()


def accepted(world: World) -> list[str]:
    return [package.id for _, package, _ in world.core.accepted]


def test_a_long_upload_does_not_keep_the_next_one_back_and_the_third_waits_for_a_place(world: World) -> None:
    world.record('third', end=END)
    in_hand(world, 'long', 'second')
    assert world.service.step() > 0
    assert world.row('third').status is QUEUED

    finish(world, 1)
    assert (world.row('long').status, world.row('second').status) == (UPLOADING, DONE)
    world.service.step()
    assert world.row('third').status is UPLOADING
    world.turn()

    assert sorted(accepted(world)) == ['long', 'second', 'third']
    assert accepted(world)[0] == 'second'
    assert not world.service.busy


def test_one_at_a_time_is_what_happens_unasked(tmp_path: Path) -> None:
    world = World(tmp_path)
    for number in range(3):
        world.record(f'e{number}', end=END - 1000 + number)
    while len(world.core.accepted) < 3:
        world.step()
        assert sum(row.status is UPLOADING for row in world.recordings.rows.values()) <= 1
    assert accepted(world) == ['e0', 'e1', 'e2']


def asked(world: World, error: CoreError, seconds: float) -> int:
    """How often a core in trouble is asked for an upload in this time."""
    world.core.always['ingest_node'] = error
    for number in range(6):
        world.record(f'e{number}', end=END - 1000 + number)
    world.run(seconds)
    return world.core.count('ingest_node')


@pytest.mark.parametrize('error', [Unreachable('no route'), LoginFailed('wrong password')])
def test_a_core_in_trouble_is_asked_as_seldom_as_with_one_upload_at_a_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: CoreError
) -> None:
    world, alone = several(tmp_path / 'several', 4), World(tmp_path / 'alone')
    once = asked(alone, error, 3600)
    caplog.clear()
    assert 3 < asked(world, error, 3600) <= once
    assert len([record for record in caplog.records if record.levelname == 'WARNING']) == 1
    assert world.faults.raised.keys() == alone.faults.raised.keys() != set()

    world.core.always.clear()
    world.run(1300)

    assert sorted(accepted(world)) == [f'e{number}' for number in range(6)]
    assert world.faults.raised == {}


def test_once_the_core_is_heard_again_all_places_are_taken(world: World) -> None:
    world.core.fail('ingest_node', Unreachable('no route'))
    for uid in ('a', 'b'):
        world.record(uid)
    world.step()
    world.run(1)
    assert world.core.count('ingest_node') == 1
    world.clock.advance(20)
    for _ in range(4):  # one asks
        world.service.step()
    (asking,) = [worker.in_hand for worker in world.workers if worker.busy]
    while not world.core.count('create'):
        for worker in world.workers:
            worker.step()
    world.service.step()
    assert [worker.busy for worker in world.workers] == [True, True]

    other = next(worker for worker in world.workers if worker.in_hand != asking)
    world.core.fail('ingest_node', Unreachable('no route'))
    while other.busy:
        other.step()
    world.clock.advance(20)
    world.service.step()
    assert [worker.busy for worker in world.workers] == [True, True]  # who was heard is nobody to wait for


def test_failures_of_the_same_moment_are_one_step_of_the_wait(tmp_path: Path) -> None:
    world = several(tmp_path, 3)
    in_hand(world, 'a', 'b', 'c')
    for worker in world.workers:  # each has its media package
        for _ in range(3):
            worker.step()
    assert world.core.count('create') == 3
    world.core.always['add_track'] = Unreachable('no route')
    for worker in world.workers:
        worker.step()
    assert world.core.count('add_track') == 1
    assert world.core.count('ingest_node') == 3
    assert {row.status for row in world.recordings.rows.values()} == {QUEUED, EventStatus.FAILED_UPLOADING}
    world.core.always.clear()
    world.run(30)
    assert sorted(accepted(world)) == ['a', 'b', 'c']
    assert world.core.count('create') == 3


def while_sending(world: World, ends: Callable[[MediaPackage], MediaPackage]) -> None:
    """Two uploads send at once: the second one breaks first, the first one `ends`."""
    in_hand(world, 'a', 'b')
    for worker in world.workers:
        while not worker.busy or world.core.count('create') < 1 + world.workers.index(worker):
            worker.step()

    def send(node: str, package: MediaPackage, flavor: str, path: Path, progress: Progress) -> MediaPackage:
        world.core.fail('add_track', Unreachable('broken'))
        world.workers[1].step()
        return ends(package)

    world.core.send = send
    world.workers[0].step()


def test_what_breaks_at_once_is_one_step_of_the_wait(world: World) -> None:
    def breaks(package: MediaPackage) -> MediaPackage:
        raise Unreachable('broken as well')

    while_sending(world, breaks)
    assert not world.service.busy
    assert 0 < world.service.step() < 8  # the second step is 10 s or more


def test_a_core_that_takes_another_upload_is_not_away(world: World) -> None:
    while_sending(world, lambda package: package)
    world.record('c')
    world.service.step()
    assert [world.row(uid).status for uid in 'abc'] == [UPLOADING, EventStatus.FAILED_UPLOADING, UPLOADING]


def test_an_end_of_the_program_gives_all_of_them_back(world: World) -> None:
    in_hand(world, 'a', 'b')
    for worker in world.workers:
        worker.step()
    world.workers[0].close()
    world.service.step()
    world.service.close()
    world.workers[1].close()
    assert [world.row(uid).status for uid in ('a', 'b')] == [QUEUED, QUEUED]
    world.restart()
    world.turn()
    assert sorted(accepted(world)) == ['a', 'b']


def test_nobody_else_may_upload_until_the_last_one_has_ended(tmp_path: Path) -> None:
    world = several(tmp_path)
    world.sole = SoleUploader(tmp_path)
    world.record('a')
    world.restart()
    world.service.step()
    other = SoleUploader(tmp_path)
    world.service.close()
    assert not other.held()
    for worker in world.workers:
        worker.close()
    assert other.held()
    other.release()


def test_what_is_handed_to_a_lane_that_has_ended_stays_in_the_queue(world: World) -> None:
    for worker in world.workers:
        worker.close()
    world.record('a')
    world.service.step()
    assert world.row('a').status is QUEUED


def test_a_persons_word_stops_one_of_two(world: World) -> None:
    in_hand(world, 'a', 'b')
    for worker in world.workers:
        for _ in range(4):
            worker.step()
    world.set('a', status=HELD)
    world.turn()
    assert (world.row('a').status, world.row('b').status) == (HELD, DONE)
    assert accepted(world) == ['b']


def test_what_a_person_queues_again_is_not_taken_by_another_lane_meanwhile(tmp_path: Path) -> None:
    """Else two would make the final call for it."""
    world = several(tmp_path, 2)
    in_hand(world, 'a')
    world.workers[0].step()
    world.set('a', status=QUEUED)
    world.clock.advance(61)
    for _ in range(3):
        world.service.step()
        finish(world, 1)
    assert accepted(world) == []
    world.turn()
    assert accepted(world) == ['a']


def test_what_is_in_hand_is_not_taken_for_left_behind(tmp_path: Path) -> None:
    world = several(tmp_path, 3)
    in_hand(world, 'a', 'b')
    for _ in range(3):
        world.clock.advance(61)
        world.service.step()
    assert [worker.busy for worker in world.workers] == [True, True, False]
    world.turn()
    assert sorted(accepted(world)) == ['a', 'b']


def test_a_crash_with_two_in_hand_delivers_each_once_wherever_it_hits(tmp_path: Path) -> None:
    hit = 0
    for place in range(1, 200):
        world = several(tmp_path / str(place), kill=Kill(place))
        for uid in ('a', 'b'):
            world.record(uid)
        try:
            world.turn()
        except Crash:
            hit += 1
        else:
            break
        world.kill.at = None
        world.restart()
        world.run_until(DONE, uid='a')
        world.run_until(DONE, uid='b')
        assert sorted(world.core.started) == ['a', 'b']
        assert sorted(accepted(world)) == ['a', 'b'], f'killed at {place}'
    assert hit > 30


class Quiet:
    """A window that a test closes and opens."""

    possible = True
    on = False

    def now(self) -> Pause | None:
        return Pause(CAPTURING) if self.on else None


def test_all_wait_while_the_window_is_closed_but_nobody_loses_what_he_has_in_hand(tmp_path: Path) -> None:
    world = several(tmp_path, 3)
    window = Quiet()
    world.window = window
    world.restart()
    in_hand(world, 'a', 'b')
    for worker in world.workers:
        for _ in range(3):
            worker.step()
    world.record('c')
    window.on = True
    world.clock.advance(61)
    world.service.step()
    assert [world.row(uid).status for uid in 'abc'] == [UPLOADING, UPLOADING, QUEUED]
    world.run(60)
    assert [world.row(uid).cause for uid in 'abc'] == [CAPTURING] * 3
    assert world.core.count('add_track') == 0
    window.on = False
    world.run(30)
    assert sorted(accepted(world)) == ['a', 'b', 'c']


def test_nothing_is_deleted_whose_lane_has_not_told_of_its_end(tmp_path: Path) -> None:
    world = several(tmp_path, 2)
    world.options = settings.Ingest(parallel=2, delete_after_upload=True)
    world.restart()
    in_hand(world, 'a')
    while not world.core.accepted:
        if world.core.count('add_track') == 2:
            world.recordings.trouble = StorageError('database is locked')
        try:
            world.workers[0].step()
        except StorageError:
            break
    for _ in range(50):
        world.recordings.trouble = None
        world.clock.advance(61)
        world.service.step()
    assert (world.root / world.row('a').name).exists()
    world.run(1200)
    assert world.row('a').status is DONE
    assert not (world.root / world.row('a').name).exists()
    assert accepted(world) == ['a']


def test_what_is_uploaded_once_more_is_not_deleted_meanwhile(tmp_path: Path) -> None:
    world = several(tmp_path, 2)
    world.options = settings.Ingest(parallel=2, delete_after_upload=True)
    world.restart()
    world.record('a')
    world.turn()
    world.set('a', status=QUEUED)
    world.service.step()
    assert world.row('a').status is UPLOADING
    for _ in range(50):
        world.clock.advance(61)
        world.service.step()
    assert (world.root / world.row('a').name).exists()
    world.run(1200)
    assert not (world.root / world.row('a').name).exists()


def test_a_fault_of_one_upload_stays_while_others_go_well(tmp_path: Path) -> None:
    world = several(tmp_path, 2)
    world.core.always['add_track bad-0.mp4'] = Refused('500', status=500)
    world.record('bad', end=END - 5000)
    for number in range(4):
        world.record(f'e{number}')
    world.run(3000)
    assert sorted(accepted(world)) == ['e0', 'e1', 'e2', 'e3']
    assert world.row('bad').status is EventStatus.FAILED_UPLOADING
    assert Fault.UPLOAD in world.faults.raised

    while not world.service.busy:
        world.clock.advance(10)
        world.service.step()
    world.service.step()  # nothing else waits now
    assert Fault.UPLOAD in world.faults.raised


@pytest.mark.parametrize(('rate', 'number', 'each'), [(0, 4, 0), (1_000_000, 1, 1_000_000), (1_000_000, 4, 250_000)])
def test_the_rate_is_the_total_of_all_uploads(rate: int, number: int, each: int) -> None:
    assert share(Settings(ingest=settings.Ingest(upload_rate=rate, parallel=number))) == each
