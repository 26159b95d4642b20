"""When the core is told of the inputs."""

from __future__ import annotations

import logging

import pytest

from pyca.errors import CoreError, Interrupted, LoginFailed, NotUnderstood, Overloaded, Refused, Unreachable
from pyca.states import Fault
from tests.services.agentstate_fakes import World

HOUR = 3600.0


@pytest.fixture
def world() -> World:
    made = World()
    made.configuration = '{"a":"b"}'
    return made


def faults(world: World) -> list[Fault]:
    return [row.fault for row in world.faults.all()]


def test_the_inputs_are_told_after_the_first_state(world: World) -> None:
    world.settle()
    assert world.core.told == ['agent idle', 'configuration {"a":"b"}']


def test_as_long_as_no_state_was_taken_they_are_not(world: World) -> None:
    world.core.refusals['agent'] = Refused('no', status=500)
    world.settle()
    assert world.core.tried == ['agent idle']


def test_without_inputs_nothing_is_told() -> None:
    world = World()
    world.settle()
    world.after(HOUR)
    assert world.core.configurations == []


def test_a_backup_agent_tells_nothing() -> None:
    world = World(backup=True)
    world.configuration = '{"a":"b"}'
    world.service.step()
    assert world.core.tried == []


def test_they_are_told_again_after_an_hour_and_not_before(world: World) -> None:
    world.settle()
    for _ in range(5):
        world.after(600)
    world.after(599)
    assert len(world.core.configurations) == 1
    world.after(1)
    assert len(world.core.configurations) == 2


def test_the_service_wants_to_be_called_when_the_hour_is_over(world: World) -> None:
    world.settle()
    for _ in range(5):
        world.after(600)
    world.clock.pass_(590)
    assert world.settle() <= 10


def test_a_change_is_told_at_the_next_turn(world: World) -> None:
    world.settle()
    world.configuration = '{"a":"c"}'
    world.after(1)
    assert world.core.configurations == ['{"a":"b"}', '{"a":"c"}']


@pytest.mark.parametrize(
    'error', [Refused('400, bad', status=400), NotUnderstood('a login page'), LoginFailed('403, no right')]
)
def test_a_core_that_refuses_them_hears_everything_else_and_is_left_alone_for_an_hour(
    world: World, error: CoreError, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.core.refusals['configuration'] = error
    world.settle()
    world.core.take()
    tries = 0
    for _ in range(5):
        tries += world.after(600).count('agent idle')
    assert tries == 5
    assert faults(world) == [Fault.CAPABILITIES]
    assert sum('does not take the inputs' in line for line in caplog.messages) == 1
    world.clock.pass_(600)
    world.settle()
    assert any(line.startswith('configuration') for line in world.core.tried)
    assert sum('does not take the inputs' in line for line in caplog.messages) == 1


def test_a_refusal_is_forgotten_once_they_are_taken(world: World) -> None:
    world.core.refusals['configuration'] = Refused('400, bad', status=400)
    world.settle()
    del world.core.refusals['configuration']
    world.after(HOUR)
    assert faults(world) == []


def test_a_change_after_a_refusal_is_told_at_once(world: World) -> None:
    world.core.refusals['configuration'] = Refused('400, bad', status=400)
    world.settle()
    del world.core.refusals['configuration']
    world.configuration = '{"a":"c"}'
    world.after(1)
    assert world.core.configurations == ['{"a":"c"}']


@pytest.mark.parametrize('error', [Unreachable('gone'), Overloaded('503', retry_after=None)])
def test_an_outage_for_the_inputs_alone_holds_nothing_else_back(world: World, error: CoreError) -> None:
    world.core.refusals['configuration'] = error
    world.settle()
    world.core.take()
    world.begin()
    world.service.step()
    assert world.core.told == ['a capturing', 'agent capturing']
    assert faults(world) == []
    del world.core.refusals['configuration']
    world.after(60)
    assert world.core.configurations == ['{"a":"b"}']


def test_a_stop_ends_it(world: World) -> None:
    world.settle()
    world.configuration = '{"a":"c"}'
    world.core.down = Interrupted('the program is to stop')
    world.clock.pass_(1)
    with pytest.raises(Interrupted):
        world.settle()
