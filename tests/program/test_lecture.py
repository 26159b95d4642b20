"""A scheduled lecture is recorded and arrives in the core, whatever happens in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.records import Delivery
from pyca.demo.standin import StandIn
from tests.program.agent import PROMPT, MakeAgent, ScheduleEvent, Stamp, end_of, longest_gap, stamps, wait_for
from tests.program.machine import held_up, punctual, spare


def delivered(core: StandIn, *uids: str) -> Callable[[], bool]:
    """Whether each of these events has arrived, with its last state."""
    return lambda: all(
        any(delivery.uid == uid for delivery in core.deliveries) and 'upload_finished' in states(core, uid)
        for uid in uids
    )


def states(core: StandIn, uid: str) -> list[str]:
    """The states of a recording, repetitions left out."""
    posted = [state for _, state in core.recordings.get(uid, [])]
    return [state for number, state in enumerate(posted) if not number or posted[number - 1] != state]


def the(core: StandIn, uid: str) -> Delivery:
    """The one delivery of this event."""
    found = [delivery for delivery in core.deliveries if delivery.uid == uid]
    assert len(found) == 1
    assert found[0].matched_event
    return found[0]


def times(delivery: Delivery, flavor: str = 'presenter/source') -> list[Stamp]:
    return [at for track in delivery.tracks if track.flavor == flavor for at in stamps(track.path.read_bytes())]


def test_a_scheduled_lecture_arrives_once_and_whole(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent()
    uid = schedule(7, 5, workflow='fast', properties={'org.opencastproject.workflow.config.publish': 'true'})
    agent.start()

    wait_for(delivered(core, uid))
    agent.stop()

    delivery = the(core, uid)
    recorded = times(delivery)
    assert [track.flavor for track in delivery.tracks] == ['presenter/source']
    assert punctual(recorded[0], core.events[uid].start, PROMPT)
    assert abs(recorded[-1] - core.events[uid].end) < 1.5
    assert longest_gap(recorded) < 1
    assert delivery.workflow == 'fast'
    assert delivery.fields['workflowInstanceId'] == uid
    assert delivery.properties['publish'] == 'true'
    assert states(core, uid) == ['capturing', 'capture_finished', 'uploading', 'upload_finished']
    assert [state for _, state in core.agents['hall-1'].history][-1] == 'offline'
    assert 'capturing' in [state for _, state in core.agents['hall-1'].history]
    assert core.violations == []
    wait_for(agent.at_rest)


def test_both_capturing_posts_come_within_two_seconds(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent()
    uid = schedule(7, 6)
    agent.start()

    wait_for(lambda: 'capturing' in states(core, uid))
    wait_for(lambda: core.agents['hall-1'].state == 'capturing')

    start = core.events[uid].start
    assert punctual(core.recordings[uid][0][0], start, 2 + spare())
    told = next(at for at, state in core.agents['hall-1'].history if state == 'capturing')
    assert punctual(told, start, 2 + spare())


def test_several_tracks_arrive_with_their_flavors(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent()
    command = agent.sections['capture']['command']
    agent.sections['capture'] |= {
        'command': f'sh -c "{command} & {command.replace(".dat", "-2.dat")}; wait"',
        'files': ['{{dir}}/{{name}}.dat', '{{dir}}/{{name}}-2.dat'],
        'flavors': ['presenter/source', 'presentation/source'],
    }
    uid = schedule(6, 4)
    agent.start()

    wait_for(delivered(core, uid))

    tracks = the(core, uid).tracks
    assert [track.flavor for track in tracks] == ['presenter/source', 'presentation/source']
    assert all(track.size > 100 for track in tracks)
    assert core.violations == []


@pytest.mark.parametrize('harm', ['refuses', 'hangs', 'answers 500', 'shows its login page'])
def test_a_known_event_starts_in_its_second_whatever_the_core_does(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent, harm: str
) -> None:
    """H1, H2: posts to the core stood before the start of the recorder."""
    agent = make_agent()
    agent.start()
    known = agent.recordings / 'schedule.json'
    wait_for(known.exists)
    uid = schedule(17, 4)
    wait_for(lambda: uid in known.read_text())
    agent.stop()
    kinds = {'hangs': Kind.HANG, 'answers 500': Kind.STATUS, 'shows its login page': Kind.LOGIN}
    if harm == 'refuses':
        core.stop()
    else:
        core.faults.add(Fault('', kinds[harm], times=None))

    agent.start()
    wait_for(lambda: time.time() > core.events[uid].end + 1)
    core.faults.clear()
    core.start()
    wait_for(delivered(core, uid), limit=180)

    assert punctual(times(the(core, uid))[0], core.events[uid].start, PROMPT)


def test_a_killed_agent_costs_nothing(core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent) -> None:
    agent = make_agent()
    uid = schedule(6, 12 + spare())
    agent.start()
    wait_for(agent.writing)
    (keeper,) = agent.recordings.glob('recording-*/keeper-*.json')
    wait_for(lambda: '"running"' in keeper.read_text())  # nobody of it is on the way out any more
    recorders = set(agent.processes())

    agent.kill()
    assert len(set(agent.processes()) & recorders) == 2  # keeper, recorder
    agent.start()
    wait_for(delivered(core, uid))

    recorded = times(the(core, uid))
    assert longest_gap(recorded) < 1
    assert abs(recorded[-1] - core.events[uid].end) < 1.5
    assert core.violations == []


def test_an_agent_that_comes_back_after_the_end_delivers_what_was_recorded(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent()
    uid = schedule(6, 4)
    agent.start()
    wait_for(agent.writing)
    agent.kill()
    wait_for(agent.at_rest)

    agent.start()
    wait_for(delivered(core, uid))

    assert longest_gap(times(the(core, uid))) < 1
    assert states(core, uid)[-1] == 'upload_finished'


def test_after_a_power_cut_the_rest_is_recorded_and_both_parts_arrive_as_one_event(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """H10: a partial recording was never uploaded."""
    agent = make_agent()
    uid = schedule(6, 18 + spare())
    agent.start()
    wait_for(agent.writing)
    wait_for(lambda: time.time() > core.events[uid].start + 3)

    cut = time.time()
    agent.power_cut()
    agent.start()
    wait_for(delivered(core, uid), limit=120)

    delivery = the(core, uid)
    assert {track.flavor for track in delivery.tracks} == {'presenter/source', 'presenter/source-part1'}
    everything = sorted(at for track in delivery.tracks for at in stamps(track.path.read_bytes()))
    assert longest_gap(everything) < 6 + spare() + held_up(cut)
    assert abs(everything[-1] - core.events[uid].end) < 1.5


def test_a_stop_in_the_middle_ends_everything_and_the_next_start_goes_on(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """H6: the recorder went on without its agent, the event stayed "recording"."""
    agent = make_agent()
    uid = schedule(6, 25 + spare())
    agent.start()
    wait_for(agent.writing)
    wait_for(lambda: 'capturing' in states(core, uid))

    before = time.time()
    assert agent.stop() == 0
    assert time.time() - before < 10 + spare() + held_up(before)
    wait_for(agent.at_rest)
    assert core.agents['hall-1'].state == 'offline'

    agent.start()
    wait_for(delivered(core, uid), limit=120)

    delivery = the(core, uid)
    assert delivery.at >= core.events[uid].end - 5
    assert len(delivery.tracks) == 2
    assert core.violations == []


def test_an_upload_goes_on_after_an_outage_without_sending_anything_twice(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent()
    uid = schedule(6, 3)
    core.faults.add(Fault('POST /ingest/ingest', Kind.STATUS, status=429, times=2))
    agent.start()

    wait_for(delivered(core, uid), limit=120)

    calls = [request.path for request in core.requests if request.path.startswith('/ingest/')]
    assert calls.count('/ingest/addTrack') == 1
    assert len(the(core, uid).tracks) == 1
    assert 'upload_error' in states(core, uid)
    assert core.violations == []


def test_the_four_services_work_as_processes_of_their_own(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent()
    uid = schedule(6, 4)
    services = [agent.start(name) for name in ('schedule', 'capture', 'ingest', 'agentstate')]

    wait_for(delivered(core, uid), limit=120)

    assert [agent.stop(service) for service in services] == [0, 0, 0, 0]
    assert states(core, uid) == ['capturing', 'capture_finished', 'uploading', 'upload_finished']
    assert core.violations == []


def test_a_second_agent_on_the_same_folder_is_refused(make_agent: MakeAgent) -> None:
    agent = make_agent()
    first, lock = agent.start(), agent.recordings / '.lock'
    wait_for(lambda: lock.exists() and lock.read_text().strip() == str(first.pid))

    second = make_agent('second', capture={'directory': agent.recordings})
    assert end_of(second.start()) == 11
    assert 'another agent' in second.logged()


def test_a_backup_agent_is_silent(core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent) -> None:
    agent = make_agent(agent={'backup_mode': True})
    uid = schedule(6, 6)
    agent.start()

    wait_for(agent.writing)
    wait_for(lambda: time.time() > core.events[uid].end + 3)
    agent.stop()

    assert len(agent.media()) == 1
    assert {(request.method, request.path) for request in core.requests} <= {
        ('GET', '/services/available.json'),
        ('GET', '/recordings/calendars'),
        ('GET', f'/recordings/{uid}/technical.json'),
    }


def test_a_locked_database_does_not_hold_up_a_recording(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """H16: the recorder was started only after the database had been written to."""
    agent = make_agent()
    uid = schedule(12, 4)
    agent.start()
    wait_for(lambda: (agent.recordings / 'schedule.json').exists())
    lock = subprocess.Popen(
        [sys.executable, '-c', 'import sqlite3,sys; c=sqlite3.connect(sys.argv[1],60,isolation_level=None); '
         'c.execute("BEGIN EXCLUSIVE"); print("held", flush=True); '
         'sys.stdin.read()', str(agent.folder / 'pyca.db')],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert lock.stdout is not None
        assert lock.stdout.readline() == b'held\n'
        wait_for(lambda: time.time() > core.events[uid].end + 1)
        assert punctual(stamps(agent.media()[0].read_bytes())[0], core.events[uid].start, PROMPT)
    finally:
        lock.communicate()
    wait_for(delivered(core, uid), limit=120)


def test_a_recorder_that_crashes_is_never_called_finished(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    """H5, H11: a death by signal counted as a success; a failing command was run and reported each second."""
    agent = make_agent(capture={'command': 'sh -c "echo x > {{dir}}/{{name}}.dat; kill -SEGV $$"'})
    uid = schedule(6, 6)
    agent.start()

    wait_for(lambda: 'capture_error' in states(core, uid))
    wait_for(lambda: time.time() > core.events[uid].end + 2)
    agent.stop()

    assert core.deliveries == []
    assert 'capture_finished' not in states(core, uid)
    assert [state for _, state in core.recordings[uid]].count('capture_error') == 1


def test_a_second_interrupt_ends_even_a_stubborn_recorder(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    stubborn = 'sh -c "trap : TERM INT; echo x > {{dir}}/{{name}}.dat; while :; do sleep 1; done"'
    agent = make_agent(capture={'command': stubborn})
    schedule(6, 60)
    child = agent.start()
    wait_for(agent.writing)

    child.send_signal(signal.SIGINT)
    wait_for(lambda: 'ending the recording' in agent.logged())
    child.send_signal(signal.SIGINT)

    assert end_of(child, 15 + spare()) == 0
    wait_for(agent.at_rest)
    assert os.getpid()
