"""Uploads of the real program that are harmed: each recording arrives once, and finished tracks stay where they are."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from functools import partial

from pyca.demo.faults import Fault, Kind
from pyca.demo.records import Delivery
from pyca.demo.standin import StandIn
from pyca.event import Event
from pyca.recording.journal import Journal, Phase, Segment
from pyca.recording.verdict import End
from tests.program.agent import Agent, MakeAgent, end_of, wait_for

FLAVORS = ('presenter/source', 'presentation/source')
SIZE = 400_000
CREATE, TRACK, FINAL = '/createMediaPackageWithID/', '/addTrack', 'POST /ingest/ingest'


def recorded(agent: Agent, core: StandIn, uid: str) -> None:
    """A lecture that ended a while ago, as the agent left it: two tracks, not uploaded yet."""
    start = int(time.time()) - 600
    event = Event(core.add_event(uid, agent=agent.name, start=start, end=start + 300), start, start + 300, 'Lecture')
    folder = agent.recordings / event.name
    folder.mkdir(parents=True)
    files = ['camera.mkv', 'slides.mkv']
    for number, name in enumerate(files):
        (folder / name).write_bytes(random.Random(number).randbytes(SIZE))
    segment = Segment(0, start, event.end, files, float(start), float(event.end), 0, [], End.GOOD)
    Journal(folder, event, FLAVORS, Phase.FINISHED, [segment]).save()


def the_delivery(core: StandIn, uid: str) -> Delivery:
    """The one accepted final call, with both tracks whole."""
    (found,) = [delivery for delivery in core.deliveries if delivery.uid == uid]
    assert found.matched_event
    assert [(track.flavor, track.size) for track in found.tracks] == [(flavor, SIZE) for flavor in FLAVORS]
    return found


def finished(core: StandIn, uid: str) -> bool:
    return 'upload_finished' in [state for _, state in core.recordings.get(uid, [])]


def taken(core: StandIn) -> int:
    """How many tracks the core took whole, and said so."""
    return sum(request.path.endswith(TRACK) and request.status == 200 for request in core.requests)


def happened(core: StandIn, harm: Fault) -> bool:
    """Whether it did, with the work done that comes before it."""
    return bool(harm.hits and (core.deliveries or harm.kind is not Kind.LATE_ANSWER))


def broken(core: StandIn, kind: Kind) -> Callable[[], bool]:
    """Whether this has happened to a request."""
    return lambda: any(request.fault == kind.value for request in core.requests)


def test_an_upload_that_breaks_at_every_step_arrives_once(core: StandIn, make_agent: MakeAgent) -> None:
    """H21, H25, H26: before, within, after, and the final call with its answer lost."""
    agent = make_agent()
    recorded(agent, core, 'lecture')
    core.archive_after = 5
    harms = [
        core.faults.add(Fault(CREATE, Kind.DROP)),
        core.faults.add(Fault(TRACK, Kind.RESET, bytes=100_000)),
        core.faults.add(Fault(TRACK, Kind.LOSE_ANSWER, after=1)),
        core.faults.add(Fault(FINAL, Kind.LOSE_ANSWER)),
    ]
    agent.start()

    wait_for(lambda: finished(core, 'lecture'), limit=180)

    the_delivery(core, 'lecture')
    assert [harm.hits for harm in harms] == [1, 1, 1, 1]
    assert taken(core) == 2
    sent = sum(request.bytes_in for request in core.requests if request.path.endswith(TRACK))
    assert sent < 3 * SIZE + 150_000  # each track, what the reset cut off, and the one whose answer was lost
    assert core.violations == []


def test_an_agent_killed_at_every_step_of_an_upload_delivers_it_once(core: StandIn, make_agent: MakeAgent) -> None:
    """H24, H26: the last one dies when the core has accepted the recording and has not said so yet."""
    agent = make_agent()
    recorded(agent, core, 'lecture')
    core.archive_after = 0
    for harm in (
        Fault(CREATE, Kind.HANG),
        Fault(TRACK, Kind.RESET, bytes=100_000),
        Fault(TRACK, Kind.HANG),
        Fault(FINAL, Kind.LATE_ANSWER, seconds=600),
    ):
        core.faults.add(harm)
        agent.start()
        wait_for(partial(happened, core, harm), limit=120)
        agent.kill()
        core.faults.clear()
    agent.start()
    wait_for(lambda: finished(core, 'lecture'), limit=120)

    the_delivery(core, 'lecture')
    assert taken(core) == 2
    assert sum(request.path == '/ingest/ingest' for request in core.requests) == 1
    assert core.violations == []


def test_a_stop_in_an_upload_leaves_it_to_the_next_start(core: StandIn, make_agent: MakeAgent) -> None:
    agent = make_agent()
    recorded(agent, core, 'lecture')
    core.faults.add(Fault(TRACK, Kind.HANG, after=1))
    child = agent.start()
    wait_for(broken(core, Kind.HANG), limit=120)
    child.send_signal(signal.SIGTERM)
    assert end_of(child) == 0
    core.faults.clear()

    agent.start()
    wait_for(lambda: finished(core, 'lecture'), limit=120)

    the_delivery(core, 'lecture')
    assert taken(core) == 2
    assert core.violations == []


def test_two_agents_on_one_folder_do_not_upload_the_same(core: StandIn, make_agent: MakeAgent) -> None:
    """The second one takes over what the first one has in hand, as if that had died."""
    agent = make_agent(http={'timeout': 120})
    recorded(agent, core, 'lecture')
    core.faults.add(Fault(FINAL, Kind.DELAY, seconds=100))
    agent.start()
    wait_for(broken(core, Kind.DELAY), limit=120)
    agent.start('ingest')

    wait_for(lambda: 'Another agent uploads' in agent.logged())
    core.faults.clear()
    wait_for(lambda: finished(core, 'lecture'), limit=120)

    the_delivery(core, 'lecture')
    assert sum(request.path == '/ingest/ingest' for request in core.requests) == 1
    assert core.violations == []
