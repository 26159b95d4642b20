"""The real program with inputs: the core is told of them, events select some, each recorder is looked after."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Sequence

from pyca.demo.records import Delivery
from pyca.demo.standin import StandIn
from pyca.recording.processes import all_processes, has_variable, words
from pyca.recording.spec import VARIABLE
from tests.program.agent import Agent, MakeAgent, ScheduleEvent, longest_gap, stamps, wait_for
from tests.program.test_lecture import delivered, states, the

MORE = """
[inputs]
[[camera]]
flavors = presenter/source
files = '{{{{dir}}}}/{{{{name}}}}-camera.dat'
device = /dev/video0
src = rtsp://me:hunter2@10.0.0.7/1
[[slides]]
flavors = presentation/source
files = '{{{{dir}}}}/{{{{name}}}}-slides.dat'
command = '''{slides}'''
"""


def install(make_agent: MakeAgent, core: StandIn) -> Agent:
    """An agent whose camera is recorded by the common command, the slides by their own."""
    core.canaries.add('hunter2')
    agent = make_agent()
    counter = f'{sys.executable} {shlex.quote(str(agent.folder / "counter.py"))} {{{{time}}}}'
    agent.sections['capture'].pop('files')
    agent.sections['capture']['command'] = f'{counter} {{{{dir}}}}/{{{{name}}}}-camera.dat {{{{inputs}}}}'
    more = MORE.format(slides=f'{counter} {{{{dir}}}}/{{{{name}}}}-slides.dat')
    path = agent.configuration
    path.write_text(path.read_text() + more)
    agent.run_words('-c', str(path), 'run')
    return agent


def flavors(delivery: Delivery) -> Sequence[str]:
    return sorted(track.flavor for track in delivery.tracks)


def recorders(agent: Agent, file: str) -> list[int]:
    """The recorders, not their keepers, that write a file of this name."""
    folders = list(agent.recordings.glob('recording-*/keeper-*.json'))
    return [
        pid
        for pid, _ in all_processes()
        if (line := words(pid))  # once: it may end at the very moment
        and any(word.endswith(file) for word in line[2:])
        and line[1].endswith('counter.py')
        and any(has_variable(pid, VARIABLE, os.path.realpath(path)) for path in folders)
    ]


def test_the_core_knows_the_inputs_and_an_event_selects_one(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = install(make_agent, core)
    wait_for(lambda: 'hall-1' in core.agents and core.agents['hall-1'].configuration)
    told = core.agents['hall-1'].configuration
    assert told['capture.device.names'] == 'camera,slides'
    assert told['capture.device.camera.device'] == '/dev/video0'
    assert told['capture.device.camera.src'] == 'rtsp://me:***@10.0.0.7/1'
    uid = schedule(8, 5)
    core.select_inputs(uid, 'slides', 'organ')

    wait_for(delivered(core, uid))
    agent.stop()

    assert flavors(the(core, uid)) == ['presentation/source']
    assert 'the event selects inputs that are not there: organ' in agent.logged()
    assert core.violations == []
    wait_for(agent.at_rest)


def test_one_recorder_that_is_killed_is_started_again_and_all_arrives_as_one_event(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = install(make_agent, core)
    uid = schedule(8, 16)
    wait_for(lambda: recorders(agent, '-slides.dat') and recorders(agent, '-camera.dat'))
    wait_for(lambda: agent.writing(2))
    (victim,) = recorders(agent, '-slides.dat')
    (other,) = recorders(agent, '-camera.dat')
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: recorders(agent, '-slides.dat') not in ([], [victim]))
    assert recorders(agent, '-camera.dat') == [other]

    wait_for(delivered(core, uid))
    agent.stop()

    delivery = the(core, uid)
    assert len(delivery.tracks) == 3
    (camera,) = [track for track in delivery.tracks if track.flavor == 'presenter/source']
    assert longest_gap(stamps(camera.path.read_bytes())) < 1
    assert states(core, uid) == ['capturing', 'capture_finished', 'uploading', 'upload_finished']
    assert core.violations == []
    wait_for(agent.at_rest)
