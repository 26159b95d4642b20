"""Events that the core says it does not have: some are gone, some it only does not find at the moment."""

from __future__ import annotations

import pytest

from pyca.errors import Overloaded, Refused, Unreachable
from pyca.states import EventStatus, RecordingState
from tests.services.agentstate_fakes import World, unknown

LECTURE = ['a capture_finished', 'a uploading', 'a upload_finished']


@pytest.fixture(params=[True, False], ids=['core that tells of events', 'core that knows the guides only'])
def world(request: pytest.FixtureRequest) -> World:
    world = World()
    world.tells = request.param
    world.begin()
    world.settle()
    return world


def pass_(world: World, seconds: float) -> list[str]:
    """Let time pass, with a turn whenever one is due; all that the core was asked and told, whatever it answered."""
    until, tried = world.clock.run + seconds, []
    while world.clock.run < until:
        world.core.take()
        wait = world.settle()
        tried += world.core.tried
        world.clock.pass_(min(wait, until - world.clock.run))
    return tried


def deliver(world: World) -> None:
    """The rest of the lecture."""
    world.become('a', EventStatus.FINISHED_RECORDING, 'finished', RecordingState.CAPTURE_FINISHED)
    world.become('a', EventStatus.UPLOADING, 'uploading', RecordingState.UPLOADING)
    world.become('a', EventStatus.FINISHED_UPLOADING, 'delivered', RecordingState.UPLOAD_FINISHED)


def of_the_event(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith('a ')]


def test_a_404_to_a_repeat_does_not_silence_an_event(world: World) -> None:
    world.core.refusals['a'] = unknown()
    world.after(60)
    del world.core.refusals['a']
    assert 'a capturing' in pass_(world, 10)
    deliver(world)
    assert of_the_event(pass_(world, 10)) == LECTURE


def test_a_404_to_a_change_does_not_silence_an_event(world: World) -> None:
    world.core.refusals['a'] = unknown()
    deliver(world)
    world.settle()
    del world.core.refusals['a']
    assert of_the_event(pass_(world, 10)) == LECTURE


@pytest.mark.parametrize('minutes', [3, 20])
@pytest.mark.parametrize('after', [0, 61])
def test_a_core_that_answers_404_to_everything_hears_it_all_afterwards(world: World, minutes: int, after: int) -> None:
    """Trap 15, and a core that is starting."""
    world.after(after)
    world.core.down = unknown()
    deliver(world)
    assert len(of_the_event(pass_(world, minutes * 60))) < 10
    world.core.down = None
    assert of_the_event(pass_(world, 600)) == LECTURE


def test_an_outage_makes_no_404_older_than_it_is(world: World) -> None:
    world.core.refusals['a'] = unknown()
    deliver(world)
    world.settle()
    world.core.down = Unreachable('gone')
    pass_(world, 900)
    world.core.down = None
    pass_(world, 200)
    del world.core.refusals['a']
    assert of_the_event(pass_(world, 600)) == LECTURE


def test_an_event_that_the_core_does_not_have_is_not_spoken_of_again(world: World) -> None:
    """Trap 15: it is asked for a few times instead; where it cannot be, it is told those few times."""
    world.core.deleted.add('a')
    tried = pass_(world, 1200)
    assert tried.count('a capturing') == (1 if world.tells else 7)
    assert tried.count('asked a') == (6 if world.tells else 0)

    deliver(world)
    tried = pass_(world, 1200)
    assert [line for line in tried if not line.startswith('agent')] == []
    assert world.reports.queue == []


def test_a_change_of_an_event_that_the_core_does_not_have_is_kept_for_some_minutes(world: World) -> None:
    world.core.deleted.add('a')
    deliver(world)
    tried = pass_(world, 299)
    assert len(world.reports.queue) == 3
    tried += pass_(world, 900)
    assert tried.count('a capture_finished') == (1 if world.tells else 7)
    assert 'a uploading' not in tried
    assert world.reports.queue == []


def test_an_event_that_the_core_took_away_and_put_back_is_spoken_of_again(world: World) -> None:
    world.core.deleted.add('a')
    world.become('a', EventStatus.PAUSED_AFTER_RECORDING, 'held', RecordingState.CAPTURE_FINISHED)
    pass_(world, 1200)

    world.core.deleted.clear()
    world.become('a', EventStatus.RECORDING, 'recording', RecordingState.CAPTURING)
    world.core.take()
    world.settle()
    assert 'a capturing' in world.core.take()
    world.become('a', EventStatus.FINISHED_RECORDING, 'finished', RecordingState.CAPTURE_FINISHED)
    world.settle()
    assert 'a capture_finished' in world.core.take()


@pytest.mark.parametrize('error', [Refused('no', status=403), Refused('broken', status=500)])
def test_a_core_that_no_longer_takes_the_question_is_told(error: Refused) -> None:
    world = World()
    world.core.refusals = {'a': unknown(), 'asked': error}
    deliver(world)
    world.settle()
    del world.core.refusals['a']
    assert of_the_event(pass_(world, 10)) == LECTURE


@pytest.mark.parametrize('error', [Unreachable('gone'), Overloaded('busy')])
def test_a_scheduler_that_is_away_keeps_back_nothing_else(error: Unreachable | Overloaded) -> None:
    world = World()
    world.core.refusals = {'a': unknown(), 'asked': error}
    deliver(world)
    pass_(world, 30)
    world.begin('b')
    tried = pass_(world, 3)
    assert {'b capturing', 'agent capturing'} <= set(tried)
    pass_(world, 1200)
    world.core.refusals.clear()
    assert of_the_event(pass_(world, 600)) == LECTURE


@pytest.mark.parametrize('outage', [10, 40, 100, 200])
def test_that_an_event_is_gone_is_found_out_when_the_five_minutes_are_over(world: World, outage: int) -> None:
    """They begin when the core takes the state of the agent, which an idle one says every ten minutes."""
    world.core.deleted.add('a')
    deliver(world)
    pass_(world, 30)
    world.core.down = Unreachable('gone')
    pass_(world, outage)
    world.core.down = None
    pass_(world, 600 + 300 + 25)
    assert world.reports.queue == []
