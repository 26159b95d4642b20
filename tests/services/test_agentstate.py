"""What the core is told of the agent, and when."""

from __future__ import annotations

import logging

import pytest

from pyca.agentstate.telling import AT_ONCE
from pyca.errors import CoreError, Interrupted, LoginFailed, NotUnderstood, Overloaded, PycaError, Refused, Unreachable
from pyca.event import Event
from pyca.states import EventStatus, Fault, RecordingState, ServiceType
from tests.services.agentstate_fakes import NOW, Row, World, unknown


def test_the_first_turn_says_idle_with_the_address() -> None:
    world = World()
    world.settle()
    assert world.core.told == ['agent idle']
    assert world.core.addresses == {'http://hall-1'}


@pytest.mark.parametrize(('frequency', 'interval'), [(60, 60), (5, 5), (600, 600), (86_400, 600)])
def test_the_same_state_is_said_again_after_the_interval_only(frequency: int, interval: int) -> None:
    """Trap 14: the core calls an agent offline that says nothing for two hours."""
    world = World(frequency=frequency)
    world.settle()
    world.core.take()
    assert world.after(interval - 1) == []
    assert world.after(1) == ['agent idle']


def test_at_a_start_the_recording_is_told_first_and_the_agent_in_the_same_turn() -> None:
    world = World()
    world.settle()
    world.core.take()
    world.begin()
    world.service.step()
    assert world.core.told == ['a capturing', 'agent capturing']


def test_of_what_nobody_scheduled_only_the_agent_s_state_is_told() -> None:
    """Trap 15: the core would say 404 to it, again and again."""
    world = World(frequency=60)
    world.settle()
    world.core.take()
    world.begin_here()
    world.service.step()
    assert world.core.take() == ['agent capturing']
    assert world.after(60) == ['agent capturing']


def test_a_refused_recording_state_does_not_keep_back_the_state_of_the_agent() -> None:
    world = World()
    world.begin()
    world.core.refusals['a'] = Refused('broken', status=500)
    world.settle()
    assert world.core.told == ['agent capturing']


def test_a_lost_recording_state_does_not_keep_back_the_state_of_the_agent() -> None:
    world = World()
    world.begin()
    world.core.refusals['a'] = Unreachable('the connection was closed')
    world.settle()
    assert world.core.tried == ['a capturing', 'agent capturing']
    assert world.core.told == ['agent capturing']


def test_a_lecture_from_start_to_upload_as_the_core_hears_it() -> None:
    world = World()
    world.begin()
    world.settle()
    world.become('a', EventStatus.FINISHED_RECORDING, 'recorded', RecordingState.CAPTURE_FINISHED)
    world.settle()
    world.become('a', EventStatus.UPLOADING, 'uploading', RecordingState.UPLOADING)
    world.settle()
    world.become('a', EventStatus.FAILED_UPLOADING, 'waiting', RecordingState.UPLOAD_ERROR)
    world.settle()
    world.become('a', EventStatus.UPLOADING, 'uploading', RecordingState.UPLOADING)
    world.settle()
    world.become('a', EventStatus.FINISHED_UPLOADING, 'delivered', RecordingState.UPLOAD_FINISHED)
    world.settle()
    assert world.core.told == [
        'a capturing',
        'agent capturing',
        'a capture_finished',
        'agent idle',
        'a uploading',
        'agent uploading',
        'a upload_error',
        'agent idle',
        'a uploading',
        'agent uploading',
        'a upload_finished',
        'agent idle',
    ]


def test_recording_and_uploading_at_once_is_capturing() -> None:
    world = World()
    world.recordings.rows.append(Row(Event('b', NOW - 9000, NOW - 5400), EventStatus.UPLOADING, 'uploading'))
    world.begin()
    world.settle()
    assert world.core.told[-1] == 'agent capturing'


def test_while_a_recording_is_busy_both_states_are_repeated_every_minute() -> None:
    world = World()
    world.begin()
    world.settle()
    world.core.take()
    assert world.after(59) == []
    assert world.after(1) == ['a capturing', 'agent capturing']
    world.become('a', EventStatus.FINISHED_RECORDING, 'recorded')
    assert world.after(1) == ['agent idle']
    assert world.after(60) == ['agent idle']
    world.become('a', EventStatus.FINISHED_UPLOADING, 'delivered')
    assert world.after(60) == []


def test_a_repeated_capturing_is_live_or_not_at_all() -> None:
    world = World()
    world.begin()
    world.settle()
    world.core.down = Unreachable('gone')
    for _ in range(20):
        world.after(60)
    assert world.reports.queue == []
    world.core.down = None
    world.become('a', EventStatus.FINISHED_RECORDING, 'recorded', RecordingState.CAPTURE_FINISHED)
    world.core.take()
    assert world.after(60) == ['agent idle', 'a capture_finished']


def test_a_repeat_never_overtakes_what_is_queued() -> None:
    world = World()
    world.begin()
    world.core.refusals['a'] = Refused('broken', status=500)
    world.settle()
    assert world.core.tried.count('a capturing') == 1
    world.core.take()
    del world.core.refusals['a']
    assert world.after(1) == []
    assert world.after(4) == ['a capturing']


def test_after_an_outage_everything_is_told_in_order() -> None:
    """H44."""
    world = World()
    world.core.down = Unreachable('gone')
    world.begin('a', length=60)
    world.settle()
    world.become(
        'a', EventStatus.FINISHED_UPLOADING, 'delivered', RecordingState.CAPTURE_FINISHED, RecordingState.UPLOADING
    )
    world.begin('b')
    world.after(3600)
    assert len(world.reports.queue) == 4
    world.core.down = None
    told = world.after(60)
    assert [line for line in told if line.startswith('a')] == [
        'agent capturing',
        'a capturing',
        'a capture_finished',
        'a uploading',
    ]
    assert 'b capturing' in told
    assert world.reports.queue == []


def test_a_long_history_is_told_in_turns_between_which_the_agent_can_be_stopped() -> None:
    world = World()
    world.settle()
    world.core.take()
    for number in range(3 * AT_ONCE):
        world.reports.add(f'old-{number}', RecordingState.UPLOAD_FINISHED)
    world.begin('now')

    assert world.service.step() == 0.0
    first = world.core.take()
    assert first[0] == 'now capturing'
    assert len([one for one in first if not one.startswith('agent')]) == AT_ONCE

    world.settle()
    assert len(world.core.take()) == 2 * AT_ONCE + 1
    assert world.reports.queue == []


def test_a_long_history_of_events_that_the_core_does_not_take_ends_as_well() -> None:
    world = World()
    for number in range(2 * AT_ONCE):
        world.reports.add(f'old-{number}', RecordingState.UPLOAD_FINISHED)
        world.core.refusals[f'old-{number}'] = unknown() if number % 2 else Refused('no', status=403)
    assert world.service.step() == 0.0
    assert world.settle() > 0
    assert len(world.core.tried) == 2 * AT_ONCE + 1


@pytest.mark.parametrize('error', [Unreachable('gone'), Overloaded('busy'), Overloaded('busy', retry_after=3)])
def test_without_a_core_everything_waits_longer_each_time(error: CoreError) -> None:
    world = World()
    world.core.down = error
    waits = []
    for _ in range(6):
        waits.append(world.service.step())
        world.clock.pass_(waits[-1])
    assert waits == [5, 10, 20, 40, 60, 60]
    world.core.down = None
    world.settle()
    world.core.down = error
    world.clock.pass_(600)
    assert world.service.step() == 5


def test_while_everything_waits_nothing_is_tried() -> None:
    world = World()
    world.core.down = Unreachable('gone')
    world.settle()
    world.begin()
    world.core.take()
    world.clock.pass_(4)
    assert world.service.step() == 1
    assert world.core.tried == []


def test_a_core_that_asks_for_time_gets_it() -> None:
    world = World()
    world.core.down = Overloaded('busy', retry_after=100)
    assert world.settle() == 100


def test_a_state_that_the_core_does_not_take_is_left_out() -> None:
    world = World()
    world.reports.add('a', RecordingState.CAPTURE_ERROR, RecordingState.UPLOADING)
    world.core.refusals['a'] = Refused('bad state', status=400)
    world.service.step()
    assert [report.state for report in world.reports.queue] == [RecordingState.UPLOADING]


@pytest.mark.parametrize('error', [Refused('broken', status=500), Refused('no', status=403), NotUnderstood('a page')])
def test_an_event_in_trouble_rests_longer_each_time_and_holds_up_no_other(error: CoreError) -> None:
    world = World()
    world.reports.add('a', RecordingState.CAPTURING)
    world.reports.add('b', RecordingState.CAPTURING, RecordingState.CAPTURE_FINISHED)
    world.core.refusals['a'] = error
    world.settle()
    assert world.core.told == ['b capturing', 'agent idle', 'b capture_finished']
    tries = []
    for second in range(1, 60):
        world.core.take()
        world.clock.pass_(1)
        world.settle()
        if 'a capturing' in world.core.tried:
            tries.append(second)
    assert tries == [5, 15, 35]
    del world.core.refusals['a']
    assert world.after(60) == ['a capturing']

    world.core.refusals['a'] = error
    world.reports.add('a', RecordingState.CAPTURE_FINISHED)
    assert world.settle() == 5


def test_an_event_that_the_core_denies_does_not_keep_the_service_busy() -> None:
    world = World()
    world.begin()
    world.settle()
    world.core.refusals['a'] = unknown()
    world.after(61)
    world.clock.pass_(61)
    assert any(world.service.step() > 0 for _ in range(3))


def test_a_running_event_whose_next_state_rests_does_not_keep_the_service_busy() -> None:
    world = World()
    world.begin()
    world.settle()
    world.core.refusals['a'] = Refused('broken', status=500)
    world.reports.add('a', RecordingState.CAPTURE_ERROR, RecordingState.CAPTURING)
    for _ in range(20):
        world.clock.pass_(31)
        assert any(world.service.step() > 0 for _ in range(3))


def test_a_wait_ends_when_a_resting_event_is_due() -> None:
    world = World()
    world.reports.add('a', RecordingState.CAPTURING)
    world.core.refusals['a'] = Refused('broken', status=500)
    assert world.settle() == 5


@pytest.mark.parametrize('fault', [Fault.PROGRAM_MISSING, Fault.FOLDER_UNUSABLE, Fault.DISK_FULL, Fault.LOGIN_REFUSED])
def test_a_permanent_fault_is_an_error_until_it_is_cured(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    """H45, and with it the lecture that fails: `error`, not `idle`."""
    world = World()
    world.faults.raise_(ServiceType.CAPTURE, fault, 'what it is', NOW)
    with caplog.at_level(logging.INFO):
        world.settle()
    assert world.core.take() == ['agent error']
    assert 'agent state: error (what it is)' in caplog.messages
    world.faults.clear(ServiceType.CAPTURE, fault)
    assert world.after(1) == ['agent idle']


@pytest.mark.parametrize('fault', [Fault.CALENDAR, Fault.CLOCK, Fault.RECORDER, Fault.UPLOAD, Fault.CORE_UNREACHABLE])
def test_a_fault_that_blocks_no_recording_is_idle(fault: Fault) -> None:
    world = World()
    world.faults.raise_(ServiceType.CAPTURE, fault, 'what it is', NOW)
    world.settle()
    assert world.core.told == ['agent idle']


def test_a_recorder_that_fails_is_not_capturing() -> None:
    world = World()
    world.recordings.rows.append(Row(Event('a', NOW, NOW + 3600), EventStatus.RECORDING, 'failing'))
    world.settle()
    assert world.core.told == ['agent idle']


@pytest.mark.parametrize(
    'row',
    [
        Row(Event('a', NOW - 600, NOW + 600), EventStatus.RECORDING, '', ours=False),
        Row(Event('a', NOW - 600, NOW + 600), EventStatus.UPLOADING, '', ours=False),
        Row(Event('a', NOW - 90_000, NOW - 86_400), EventStatus.RECORDING, 'recording'),
        Row(Event('a', NOW - 9000, NOW - 5400), EventStatus.UPLOADING, 'recorded'),
    ],
    ids=['old recording', 'old upload', 'recording of yesterday', 'upload that waits for its delay'],
)
def test_what_does_not_happen_now_does_not_count(row: Row) -> None:
    world = World()
    world.recordings.rows.append(row)
    world.settle()
    assert world.core.told == ['agent idle']


def test_a_refused_login_is_a_fault_of_its_own_until_the_core_takes_it() -> None:
    world = World()
    world.core.down = LoginFailed('the core does not take admin by digest')
    assert world.settle() == 60
    [row] = world.faults.rows
    assert (row.service, row.fault) == (ServiceType.AGENTSTATE, Fault.LOGIN_REFUSED)
    assert row.text == 'the core does not take admin by digest'

    world.core.down = None
    assert world.after(60) == ['agent idle']
    assert world.faults.rows == []


def test_a_refused_login_of_an_earlier_run_is_forgotten_with_the_first_post() -> None:
    world = World()
    world.faults.raise_(ServiceType.AGENTSTATE, Fault.LOGIN_REFUSED, 'left behind', NOW)
    world.settle()
    assert world.core.told == ['agent idle']
    assert world.faults.rows == []


def test_a_refused_state_of_the_agent_holds_up_no_recording() -> None:
    world = World()
    world.begin()
    world.core.refusals['agent'] = Refused('no', status=400)
    world.settle()
    assert world.core.take() == ['a capturing']
    world.clock.pass_(4)
    assert world.settle() == 1
    assert world.core.tried == []

    del world.core.refusals['agent']
    assert world.after(1) == ['agent capturing']
    world.core.refusals['agent'] = Refused('no', status=400)
    world.recordings.rows.clear()
    assert world.settle() == 5


def test_each_change_of_the_state_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    world = World(frequency=5)
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            world.after(5)
        world.begin()
        world.after(5)
        world.after(60)
    assert [line for line in caplog.messages if line.startswith('agent state')] == [
        'agent state: idle',
        'agent state: capturing',
    ]


def test_an_outage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.core.down = Unreachable('gone')
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            world.after(60)
        world.core.down = None
        world.after(60)
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    assert 'the core takes states again' in caplog.messages


def test_a_backup_agent_says_nothing_not_even_later() -> None:
    world = World(backup=True)
    world.begin()
    world.after(60)
    world.service.goodbye()
    assert world.core.tried == world.last_word.tried == []
    assert world.reports.queue == []


def test_the_last_word_is_one_offline_within_three_seconds() -> None:
    """H43."""
    world = World()
    world.settle()
    world.service.goodbye()
    assert world.limits == [3.0]
    assert world.last_word.told == ['agent offline']
    assert world.last_word.addresses == {'http://hall-1'}


@pytest.mark.parametrize('phase', ['recording', 'failing'])
def test_there_is_no_last_word_while_something_is_left_recording(phase: str) -> None:
    world = World()
    world.recordings.rows.append(Row(Event('a', NOW - 60, NOW + 3600), EventStatus.RECORDING, phase))
    world.service.goodbye()
    assert world.last_word.tried == []


@pytest.mark.parametrize('error', [Unreachable('gone'), Refused('no', status=403), Interrupted('stopped')])
def test_a_last_word_that_fails_stops_nobody(error: PycaError) -> None:
    world = World()
    world.last_word.down = error
    world.service.goodbye()
    assert world.last_word.tried == ['agent offline']
