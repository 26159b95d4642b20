"""What an older installation left half uploaded (peers C21, H21, H24)."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pyca.errors import Refused
from pyca.states import EventStatus
from tests.services.ingest_world import END, World

DAY = 86400
DONE = EventStatus.FINISHED_UPLOADING
HELD = EventStatus.PAUSED_AFTER_RECORDING
FAILED = EventStatus.FAILED_UPLOADING
UPLOADING = EventStatus.UPLOADING


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize('status', [FAILED, UPLOADING])
def test_what_the_core_still_waits_for_is_uploaded(world: World, status: EventStatus) -> None:
    """H24: rows left by a crash were never picked up again."""
    world.record(status=status, ours=False)
    world.turn()
    assert world.row().status is DONE
    assert len(world.core.accepted) == 1


@pytest.mark.parametrize('status', [FAILED, UPLOADING])
@pytest.mark.parametrize('end', [END - 8 * DAY, END - 900 * DAY])
def test_what_is_older_than_a_week_is_left_alone(world: World, status: EventStatus, end: int) -> None:
    world.record(end=end, status=status, ours=False)
    world.run(DAY)
    assert world.core.calls == []
    assert world.row().status is status


@pytest.mark.parametrize('status', [EventStatus.RECORDING, EventStatus.PARTIAL_RECORDING, HELD])
def test_what_was_never_on_its_way_is_left_alone(world: World, status: EventStatus) -> None:
    world.record(status=status, ours=False)
    world.run(DAY)
    assert world.core.calls == []
    assert world.row().status is status


def test_what_the_core_has_archived_already_is_never_sent_again(world: World) -> None:
    """H26: the old program's last call had been accepted, its answer was lost."""
    world.record(status=FAILED, ours=False)
    world.core.started['event-1'] = END - 3600
    world.run_until(HELD, DONE)
    assert world.row().status is HELD
    assert 'older program' in world.row().cause
    assert world.core.count('ingest') == world.core.count('create') == 0


def test_a_core_that_cannot_be_asked_leaves_it_to_a_person(world: World) -> None:
    world.record(status=FAILED, ours=False)
    world.core.always['owns'] = Refused('403', status=403)
    world.run_until(HELD, DONE)
    assert world.core.accepted == []


def test_the_doubt_outlives_a_restart_and_an_outage(world: World) -> None:
    world.record(status=FAILED, ours=False)
    world.core.started['event-1'] = END - 3600
    world.run(120)
    world.restart()
    world.run_until(HELD, DONE)
    assert world.core.count('create') == 0


def test_a_person_who_decides_to_upload_is_obeyed(world: World) -> None:
    world.record(status=FAILED, ours=False)
    world.core.always['owns'] = Refused('403', status=403)
    world.run_until(HELD)
    world.set(status=EventStatus.FINISHED_RECORDING, next_try=0.0, phase='queued')
    world.run_until(DONE)
    assert len(world.core.accepted) == 1


def test_a_backup_agent_wakes_nothing(world: World) -> None:
    world.backup_mode = True
    world.restart()
    world.record(status=FAILED, ours=False)
    world.run(DAY)
    assert world.core.calls == []


def test_a_clock_that_is_wrong_wakes_nothing(world: World) -> None:
    world.clock.time = 5.0
    world.restart()
    world.record(end=4 * 365 * DAY, status=FAILED, ours=False)
    world.run(600)
    assert world.core.calls == []


def test_how_much_is_left_alone_is_said_once(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(30):
        world.record(f'old-{number}', end=END - 30 * DAY, status=EventStatus.PARTIAL_RECORDING, ours=False)
    with caplog.at_level(logging.INFO):
        world.run(600)
    said = [record.getMessage() for record in caplog.records if 'older installation' in record.getMessage()]
    assert len(said) == 1
    assert said[0].startswith('30 recordings')
