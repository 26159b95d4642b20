"""One turn of the schedule service: what is asked, what is stored, what is said."""

from __future__ import annotations

import logging

import pytest

from pyca.errors import (
    CoreError,
    LoginFailed,
    NotUnderstood,
    Overloaded,
    RecordingsUnusable,
    Refused,
    StorageError,
    Unreachable,
)
from pyca.states import Fault
from tests.services.schedule_fakes import DAY, NOW, Calendar, FakeCore, ManualClock, World, event


def test_the_first_poll_comes_at_once_and_reaches_file_and_database() -> None:
    world = World(FakeCore(event('b', NOW + 200), event('a', NOW + 100)))
    assert world.service.step() == 60
    assert world.file.uids == world.uids == ['a', 'b']
    assert world.upcoming.at == NOW


def test_between_two_polls_the_core_is_left_alone() -> None:
    world = World(FakeCore())
    world.service.step()
    world.clock.pass_(10)
    assert world.service.step() == 50
    assert len(world.core.polls) == 1
    world.clock.pass_(50)
    world.service.step()
    assert len(world.core.polls) == 2


def test_the_cutoff_is_absolute_milliseconds_at_the_end_of_a_day() -> None:
    world = World(FakeCore(), lookahead=14)
    world.service.step()
    cutoff, etag = world.core.polls[0]
    assert etag is None
    assert cutoff is not None
    assert cutoff % (DAY * 1000) == 0
    assert NOW + 15 * DAY <= cutoff / 1000 < NOW + 16 * DAY


def test_cutoff_and_etag_stay_together_until_the_lookahead_passes_the_cutoff() -> None:
    world = World(FakeCore(), lookahead=14)
    world.service.step()
    first, _ = world.core.polls[0]
    assert first is not None
    world.core.answer = None
    while world.clock.wall + 14 * DAY <= first / 1000:
        assert world.core.polls[-1][0] == first
        world.clock.pass_(3600)
        world.service.step()
    world.clock.pass_(60)
    world.service.step()
    assert world.core.polls[1] == (first, 'mod1')
    later, etag = world.core.polls[-1]
    assert later is not None
    assert later > first
    assert etag is None


def test_without_a_lookahead_there_is_no_cutoff() -> None:
    world = World(FakeCore(), lookahead=0)
    world.service.step()
    world.poll()
    assert world.core.polls == [(None, None), (None, 'mod1')]


def test_after_304_only_the_time_of_the_sync_moves() -> None:
    world = World(FakeCore(event('a')))
    world.service.step()
    world.core.answer = None
    world.poll()
    assert (world.upcoming.replaced, world.file.written) == (1, 1)
    assert world.upcoming.at == NOW + 60
    assert world.uids == ['a']


def test_the_same_calendar_again_writes_no_file() -> None:
    world = World(FakeCore(event('a')))
    world.service.step()
    world.poll()
    assert (world.upcoming.replaced, world.file.written) == (1, 1)


@pytest.mark.parametrize(
    ('error', 'fault'),
    [
        (NotUnderstood('an HTML page came instead of a calendar'), Fault.CALENDAR),
        (Unreachable('no route to host'), Fault.CORE_UNREACHABLE),
        (Overloaded('503'), Fault.CORE_UNREACHABLE),
        (LoginFailed('the core does not take admin by digest'), Fault.LOGIN_REFUSED),
        (Refused('internal error', status=500), Fault.CALENDAR),
    ],
)
def test_without_a_whole_calendar_everything_stays_and_the_reason_is_a_fault(error: CoreError, fault: Fault) -> None:
    """H34, H37, H38: no other answer passes for an empty calendar, or for a fresh one."""
    world = World(FakeCore(event('a')))
    world.service.step()
    world.poll(error)
    assert world.file.uids == world.uids == ['a']
    assert world.upcoming.at == NOW
    assert world.faults.now == {fault: str(error)}

    world.clock.pass_(60)
    world.poll(Calendar([event('a')]))
    assert world.faults.now == {}


def test_a_fault_of_an_earlier_run_goes_with_the_first_success() -> None:
    world = World(FakeCore())
    world.faults.now[Fault.CORE_UNREACHABLE] = 'left behind'
    world.service.step()
    assert world.faults.now == {}


def test_failures_are_retried_after_5_10_20_seconds_and_never_later_than_a_poll() -> None:
    world = World(FakeCore(), frequency=30)
    world.core.answer = Unreachable('gone')
    waits = []
    for _ in range(5):
        waits.append(world.service.step())
        world.clock.pass_(waits[-1])
    assert waits == [5, 10, 20, 30, 30]

    world.core.answer = Calendar([])
    assert world.service.step() == 30
    world.poll(Unreachable('gone again'))
    assert world.service.step() == 5


def test_a_core_that_asks_for_time_gets_it() -> None:
    world = World(FakeCore())
    world.core.answer = Overloaded('busy', retry_after=40)
    assert world.service.step() == 40


def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    world = World(FakeCore())
    world.core.answer = Unreachable('gone')
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            world.clock.pass_(60)
            world.service.step()
        world.poll(Calendar([]))
    said = [record.getMessage() for record in caplog.records if 'unreachable' in record.getMessage()]
    assert said == ['core unreachable: gone', 'core unreachable: over']


def test_a_broken_database_does_not_keep_the_calendar_from_capture() -> None:
    world = World(FakeCore(event('a')))
    world.upcoming.broken = True
    with pytest.raises(StorageError):
        world.service.step()
    assert world.file.uids == ['a']

    world.upcoming.broken = False
    world.core.answer = None
    world.poll()
    assert world.uids == ['a']


def test_a_full_disk_does_not_keep_the_calendar_from_the_database() -> None:
    world = World(FakeCore(event('a')))
    world.file.broken = True
    with pytest.raises(RecordingsUnusable):
        world.service.step()
    assert world.uids == ['a']

    world.file.broken = False
    world.core.answer = None
    world.poll()
    assert world.file.uids == ['a']


def test_a_failed_write_is_tried_again_without_asking_the_core() -> None:
    """It would be called well in between, and the log would say so at each poll."""
    world = World(FakeCore(event('a')))
    world.upcoming.broken = True
    for _ in range(2):
        with pytest.raises(StorageError):
            world.service.step()
    world.upcoming.broken = False
    assert world.service.step() == 5
    assert world.uids == ['a']
    assert len(world.core.polls) == 1


def test_after_a_restart_the_stored_schedule_is_confirmed_with_its_etag() -> None:
    world = World(FakeCore(event('a')))
    world.service.step()
    world.restart()
    world.core.answer = None
    world.poll()
    assert world.core.polls[1] == (world.core.polls[0][0], 'mod1')
    assert world.file.uids == world.uids == ['a']


def test_an_etag_without_its_schedule_is_not_sent() -> None:
    world = World(FakeCore(event('a')))
    world.service.step()
    world.upcoming.rows, world.file.content = [], None
    world.restart()
    world.poll()
    assert world.core.polls[1][1] is None
    assert world.uids == ['a']


def test_an_etag_of_another_core_is_not_sent() -> None:
    world = World(FakeCore(event('a')))
    world.service.step()
    world.memory.values['calendar']['url'] = 'http://other'
    world.restart()
    world.poll()
    assert world.core.polls[1][1] is None


def test_a_database_without_a_file_gives_the_file_before_the_core_answers() -> None:
    """The database of an old installation is enough to record from, with the core away (H1)."""
    world = World(FakeCore())
    world.upcoming.rows, world.upcoming.at = [event('a')], NOW - 100
    world.core.answer = Unreachable('gone')
    world.restart()
    world.service.step()
    assert world.file.uids == ['a']


def test_a_lost_database_is_filled_from_the_file_while_the_core_is_away() -> None:
    world = World(FakeCore())
    world.file.content = ([event('a')], float(NOW))
    world.core.answer = Unreachable('gone')
    world.restart()
    world.service.step()
    assert world.uids == ['a']


@pytest.mark.parametrize(('filed', 'stored', 'kept'), [(20, 10, 'in file'), (10, 20, 'in database')])
def test_of_file_and_database_the_newer_one_counts(filed: int, stored: int, kept: str) -> None:
    world = World(FakeCore())
    world.file.content = ([event('in file')], float(NOW + filed))
    world.upcoming.rows, world.upcoming.at = [event('in database')], NOW + stored
    world.core.answer = Unreachable('gone')
    world.service.step()
    assert world.uids == world.file.uids == [kept]


def test_an_entry_that_became_unreadable_leaves_the_event_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    world = World(FakeCore(event('a'), event('b')))
    world.service.step()
    world.core.asked.clear()  # it was asked whether it tells about single events
    world.core.knows()
    with caplog.at_level(logging.WARNING):
        world.poll(Calendar([event('b')], bad=['event a: left out, it has no DTSTART'], lost=['a']))
        world.poll()
    assert world.uids == ['a', 'b']
    assert world.core.asked == []
    assert 'event a: left out, it has no DTSTART.' in world.faults.now[Fault.CALENDAR]
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1


def test_a_harmless_oddity_is_a_line_in_the_log_and_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    world = World(FakeCore())
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            world.poll(Calendar([event('a')], bad=['event a: an attached file is damaged']))
    assert world.faults.now == {}
    assert caplog.messages == ['the calendar is odd: event a: an attached file is damaged.']


def test_an_unreadable_entry_of_an_event_that_is_just_over_leaves_it_as_it_was() -> None:
    world = World(FakeCore(event('a', NOW - 3600, 1800)))
    world.service.step()
    world.poll(Calendar([], bad=['event a: left out'], lost=['a']))
    assert world.uids == ['a']


def test_an_event_that_is_long_over_leaves_without_a_question() -> None:
    world = World(FakeCore(event('a', NOW - 3600, 1800)))
    world.service.step()
    world.core.asked.clear()  # it was asked whether it tells about single events
    assert world.uids == ['a']
    world.core.answer = None
    world.clock.pass_(1801)
    world.service.step()
    assert world.uids == world.file.uids == []
    assert world.core.asked == []


def test_an_event_that_is_just_over_stays_for_as_long_as_the_calendar_has_it() -> None:
    world = World(FakeCore(event('a', NOW - 3600, 1800)))
    world.service.step()
    world.core.asked.clear()  # it was asked whether it tells about single events
    world.poll(Calendar([]))
    assert world.uids == []
    assert world.core.asked == []


def test_a_moved_event_has_one_entry() -> None:
    world = World(FakeCore(event('a', NOW + 100)))
    world.service.step()
    world.core.asked.clear()  # it was asked whether it tells about single events
    world.poll(Calendar([event('a', NOW + 900)]))
    assert [(item.uid, item.start) for item in world.upcoming.rows] == [('a', NOW + 900)]
    assert world.core.asked == []


def test_an_entry_that_comes_twice_counts_once() -> None:
    """H36: the later one."""
    world = World(FakeCore(event('a', title='first'), event('a', title='second')))
    world.service.step()
    assert [item.title for item in world.upcoming.rows] == ['second']


@pytest.mark.parametrize('wall', [0, 1_700_000_000, NOW - DAY])
def test_a_clock_that_cannot_be_right_gets_the_whole_calendar(wall: float) -> None:
    world = World(FakeCore(event('a')))
    world.service.step()
    world.clock.wall = wall
    world.core.answer = Calendar([event('a')], etag='mod2')
    world.poll()
    world.poll()
    assert world.core.polls[1:] == [(None, None), (None, 'mod2')]
    assert 'clock' in world.faults.now[Fault.CLOCK]
    assert world.uids == ['a']

    world.clock.wall = NOW + 300
    world.poll()
    assert world.faults.now == {}
    assert world.core.polls[-1][1] is None


def test_the_newest_time_survives_a_restart() -> None:
    world = World(FakeCore())
    world.service.step()
    world.clock = ManualClock(NOW - DAY)
    world.restart()
    world.service.step()
    assert world.core.polls[-1][0] is None
    assert Fault.CLOCK in world.faults.now


def test_a_clock_set_back_by_seconds_is_believed() -> None:
    world = World(FakeCore())
    world.service.step()
    world.clock.wall -= 70
    world.poll()
    assert world.faults.now == {}


def test_a_clock_that_once_ran_ahead_is_forgiven_after_a_day() -> None:
    world = World(FakeCore(), clock=ManualClock(NOW + 3650 * DAY))
    world.service.step()
    world.clock.wall = NOW
    world.poll()
    assert Fault.CLOCK in world.faults.now
    world.clock.pass_(DAY)
    world.poll()
    assert world.faults.now == {}
    assert world.memory.values['newest'] < NOW + 2 * DAY


def test_a_clock_that_steps_back_neither_stops_polls_nor_hides_events() -> None:
    """H40: waits are measured by the clock that does not step."""
    world = World(FakeCore())
    world.service.step()
    world.clock.wall -= 30 * DAY
    world.clock.run += 60
    world.core.answer = Calendar([event('a', NOW - 30 * DAY)])
    world.service.step()
    assert world.uids == ['a']


def test_what_is_new_in_the_schedule_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, 'pyca.schedule')
    world = World(FakeCore(event('a', NOW + 100)))
    world.poll()
    assert caplog.text.count('event a () is scheduled: ') == 1

    caplog.clear()
    world.poll()
    assert 'event a' not in caplog.text

    world.core.answer = Calendar([event('a', NOW + 400), event('b', NOW + 100)])
    world.poll()
    assert caplog.text.count('event a () has other times: ') == 1
    assert caplog.text.count('event b () is scheduled: ') == 1

    caplog.clear()
    world.core.answer = Calendar([event(f'n{number}', NOW + 500 + number) for number in range(300)])
    world.poll()
    assert '300 events are new in the schedule or have other times' in caplog.text
    assert 'event n1 ' not in caplog.text


def test_a_restart_calls_nothing_new(caplog: pytest.LogCaptureFixture) -> None:
    world = World(FakeCore(event('a', NOW + 100)))
    world.poll()
    caplog.clear()
    caplog.set_level(logging.INFO, 'pyca.schedule')
    world.restart()
    world.poll()

    assert 'event a' not in caplog.text
