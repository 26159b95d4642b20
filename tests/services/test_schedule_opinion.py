"""Events that a good calendar leaves out: who is asked, and what is believed."""

from __future__ import annotations

import logging

import pytest

from pyca.errors import CoreError, LoginFailed, NotUnderstood, Overloaded, Refused, Unreachable
from tests.services.schedule_fakes import DAY, NOW, Calendar, FakeCore, World, event

LATER = event('later', NOW + 3600)
RUNNING = event('running', NOW - 600, 3600)
OTHER = event('other', NOW + 7200)


def world_with(*events: object, lookahead: int = 14) -> World:
    """A service that has had a calendar with these, and `OTHER`, which stays in it."""
    world = World(FakeCore(*events, OTHER), lookahead=lookahead)  # type: ignore[arg-type]
    world.service.step()
    world.core.asked.clear()  # whether it tells about single events was asked once, in vain
    world.core.knows(OTHER)
    return world


def shorter(world: World, etag: str = 'mod2') -> float:
    return world.poll(Calendar([OTHER], etag=etag))


def test_a_lecture_that_the_core_still_has_is_recorded() -> None:
    """Trap 22: events vanish for other reasons than deletion."""
    world = world_with(LATER, RUNNING)
    world.core.knows(LATER, RUNNING)
    shorter(world)
    assert world.file.uids == world.uids == ['running', 'later', 'other']


@pytest.mark.parametrize('missing', [LATER, RUNNING], ids=['later', 'running'])
def test_a_lecture_that_the_core_no_longer_has_is_dropped(missing: object) -> None:
    world = world_with(missing)
    shorter(world)
    assert world.file.uids == world.uids == ['other']


def test_the_only_lecture_can_be_cancelled() -> None:
    world = World(FakeCore(RUNNING))
    world.core.knows(RUNNING)
    world.service.step()
    world.core.facts.clear()
    world.poll(Calendar([], etag='mod2'))
    assert world.file.uids == world.uids == []


def test_the_route_is_proven_by_an_event_that_must_be_there() -> None:
    world = world_with(RUNNING)
    shorter(world)
    assert world.core.asked == ['other', 'running']
    assert world.memory.values['technical'] == 'http://core'


def test_a_proven_route_needs_no_further_proof_after_a_restart() -> None:
    world = world_with(LATER, RUNNING)
    world.core.knows(RUNNING)
    world.poll(Calendar([RUNNING, OTHER]))
    world.restart()
    world.core.asked.clear()
    shorter(world)
    assert world.core.asked == ['running']


def test_a_lecture_of_another_agent_is_dropped() -> None:
    world = world_with(LATER)
    world.core.knows(LATER, agent='hall-2')
    shorter(world)
    assert world.uids == ['other']
    assert world.file.gone == {'later': 'given to the agent hall-2 in the core'}


def test_a_lecture_that_was_moved_takes_its_new_time() -> None:
    world = world_with(LATER)
    world.core.knows(event('later', NOW + 9000, 600))
    shorter(world)
    moved = world.upcoming.rows[-1]
    assert (moved.uid, moved.start, moved.end) == ('later', NOW + 9000, NOW + 9600)
    assert (moved.data['dtstart'], moved.data['dtend']) == (NOW + 9000, NOW + 9600)


@pytest.mark.parametrize('status', [403, 404, 405, 500])
def test_a_core_that_tells_nothing_about_single_events_is_believed_before_the_start(status: int) -> None:
    world = world_with(LATER, RUNNING)
    world.core.facts.clear()
    world.core.has_no_such_route(status)
    shorter(world)
    assert world.uids == ['running', 'other']


def test_without_the_route_a_running_lecture_is_kept_to_its_known_end_only() -> None:
    """Trap 22."""
    world = world_with(RUNNING)
    world.core.facts.clear()
    world.core.has_no_such_route()
    shorter(world)
    assert world.uids == ['running', 'other']
    world.clock.pass_(3000)
    world.poll()
    assert world.uids == ['other']


@pytest.mark.parametrize(
    'error', [Unreachable('gone'), Overloaded('busy'), LoginFailed('no')], ids=lambda error: type(error).__name__
)
def test_without_an_answer_every_lecture_is_kept_and_the_core_spared(error: CoreError) -> None:
    world = world_with(LATER, RUNNING)
    world.core.facts.clear()
    world.core.other = error
    shorter(world)
    assert world.uids == ['running', 'later', 'other']
    assert len(world.core.asked) == 1


def test_a_question_without_an_answer_is_asked_again_also_after_304() -> None:
    world = world_with(LATER)
    world.core.facts['later'] = Unreachable('gone')
    shorter(world)
    del world.core.facts['later']
    world.core.answer = None
    world.poll()
    assert world.uids == ['other']


def test_a_restart_does_not_forget_a_question() -> None:
    """The ETag is not kept while something is undecided, so that the next run sees what is missing."""
    world = world_with(LATER)
    world.core.facts['later'] = Unreachable('gone')
    shorter(world)
    world.restart()
    world.poll()
    assert world.core.polls[-1][1] is None


@pytest.mark.parametrize('error', [Refused('broken', status=500), NotUnderstood('a page')], ids=['500', 'html'])
def test_a_route_that_has_worked_may_fail_without_harm(error: CoreError) -> None:
    world = world_with(LATER)
    world.core.facts['later'] = error
    shorter(world)
    assert world.uids == ['later', 'other']


def test_a_decided_question_is_not_repeated_while_nothing_changes() -> None:
    world = world_with(LATER)
    world.core.knows(LATER)
    shorter(world)
    world.core.answer = None
    world.poll()
    assert world.core.asked.count('later') == 1


def test_each_new_calendar_is_a_reason_to_ask_again() -> None:
    world = world_with(LATER)
    world.core.knows(LATER)
    shorter(world)
    del world.core.facts['later']
    shorter(world, 'mod3')
    assert world.uids == ['other']


def test_at_most_ten_are_asked_for_in_one_poll_the_earliest_first() -> None:
    many = [event(f'e{number:02}', NOW + 3600 + number) for number in range(25)]
    world = world_with(*many)
    world.core.knows(*many)
    shorter(world)
    assert world.core.asked == ['other', *(f'e{number:02}' for number in range(9))]
    world.core.asked.clear()
    world.core.answer = None
    world.poll()
    world.poll()
    assert world.core.asked == [f'e{number:02}' for number in range(9, 25)]


def test_with_a_new_calendar_at_each_poll_everybody_gets_a_turn() -> None:
    many = [event(f'e{number:02}', NOW + 3600 + number) for number in range(25)]
    world = world_with(*many)
    world.core.knows(*many)
    for number in range(3):
        shorter(world, f'mod{number + 2}')
    assert set(world.core.asked) == {'other', *(item.uid for item in many)}


def test_capture_hears_of_new_lectures_before_the_core_is_asked_for_old_ones() -> None:
    world = world_with(LATER)
    seen: list[list[str]] = []

    class Watching(FakeCore):
        def technical(self, uid: str) -> None:
            seen.append(world.file.uids)

    world.core = Watching(OTHER, event('new', NOW + 100))
    world.restart()
    world.service.step()
    assert seen[0] == ['new', 'later', 'other']


def test_a_lecture_beyond_the_window_is_not_missing() -> None:
    far = event('far', NOW + 20 * DAY)
    world = world_with(far, lookahead=30)
    world.lookahead = 7
    world.restart()
    shorter(world)
    assert world.uids == ['other', 'far']
    assert 'far' not in world.core.asked


def test_what_somebody_archived_is_recorded_and_marked() -> None:
    world = world_with(LATER)
    world.core.knows(LATER)
    world.core.archived.add('later')
    shorter(world)
    assert world.uids == ['later', 'other']
    assert world.memory.values['archived'] == {'later': NOW + 60}

    # the mark stays over a restart ...
    world.restart()
    world.core.answer = None
    world.poll()
    assert list(world.memory.values['archived']) == ['later']

    # ... until the scheduler has the event again
    world.poll(Calendar([LATER, OTHER], etag='mod3'))
    assert world.memory.values['archived'] == {}


def test_what_was_archived_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Most often this agent has delivered it itself: a person ended the recording early."""
    world = world_with(RUNNING)
    world.core.knows(RUNNING)
    world.core.archived.add('running')
    with caplog.at_level(logging.INFO):
        shorter(world)

    (said,) = [record for record in caplog.records if 'was archived' in record.getMessage()]
    assert said.levelname == 'INFO'
    assert 'not uploaded' not in said.getMessage()


def test_a_broken_database_does_not_keep_a_cancelled_lecture() -> None:
    world = world_with(LATER)
    world.upcoming.broken = True
    world.core.answer = Calendar([OTHER])
    world.clock.pass_(60)
    with pytest.raises(Exception, match='locked'):
        world.service.step()
    assert world.file.uids == ['other']
