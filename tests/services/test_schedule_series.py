"""One series alone: what the calendar of a series says, and what it does not."""

from __future__ import annotations

from tests.services.schedule_fakes import NOW, Calendar, FakeCore, World, event

OURS = event('ours', NOW + 3600, series='0012')
THEIRS = event('theirs', NOW + 7200, series='12')
ALONE = event('alone', NOW + 7200)
RUNNING = event('running', NOW - 600, 3600, series='12')


def narrowed(*known: object) -> World:
    """A service that knew all events, and was then given a series."""
    world = World(FakeCore(OURS, *known))  # type: ignore[arg-type]
    world.core.knows(OURS, *known)  # type: ignore[arg-type]
    world.service.step()
    world.series = '0012'
    world.restart()
    world.core.asked.clear()
    world.core.polls.clear()
    return world


def test_the_etag_of_all_events_is_not_sent_for_one_series() -> None:
    """Contract 6.1: the core would answer 304, and the old schedule would stay for ever."""
    world = narrowed(THEIRS)
    world.poll()
    assert world.core.polls[0][1] is None

    world.restart()
    world.poll()
    assert world.core.polls[-1][1] == 'mod1'


def test_events_of_other_series_leave_without_a_question() -> None:
    world = narrowed(THEIRS, ALONE)
    world.poll(Calendar([OURS]))
    assert world.file.uids == world.uids == ['ours']
    assert not {'theirs', 'alone'} & set(world.core.asked)


def test_a_recording_of_another_series_goes_on_to_its_end() -> None:
    """Also where the core would say that it is gone: nobody has cancelled it."""
    world = narrowed(RUNNING)
    world.core.facts.clear()
    world.poll(Calendar([OURS]))
    assert world.file.uids == ['running', 'ours']
    assert world.file.gone == {}
    assert 'running' not in world.core.asked


def test_an_event_of_the_series_can_be_cancelled() -> None:
    world = narrowed(THEIRS)
    second = event('second', NOW + 9000, series='0012')
    world.core.knows(second)
    world.poll(Calendar([OURS, second]))
    del world.core.facts['second']
    world.poll(Calendar([OURS], etag='mod2'))
    assert world.uids == ['ours']


def test_without_a_series_the_others_stay_as_ever() -> None:
    world = narrowed(THEIRS)
    world.series = ''
    world.restart()
    world.poll(Calendar([OURS, THEIRS]))
    assert world.uids == ['ours', 'theirs']
