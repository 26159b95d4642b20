"""Events that the core, or a person, changes before and during their recording, with the real program."""

from __future__ import annotations

import time

from pyca.clock import SystemClock
from pyca.demo.standin import StandIn
from pyca.order import Order, OrderKind
from pyca.recording.journal import Journal, Phase, load
from pyca.storage.database import Database
from pyca.storage.orders import Orders, OrderState, Placed
from pyca.storage.recorded import Recorded, Recordings
from tests.program.agent import Agent, MakeAgent, ScheduleEvent, longest_gap, stamps, wait_for
from tests.program.machine import held_up, spare
from tests.program.test_lecture import delivered, states, the

POLL = 5
"""Seconds between two polls of the agents here."""
OBEYED = POLL + 5.0
"""Seconds after which a change must have had its effect; more by `spare` on a busy machine."""
KNOWN = POLL + 6.0
"""Seconds after which the agent surely knows of a change; more by `spare` on a busy machine."""


def journals(agent: Agent, uid: str) -> list[Journal]:
    """The journals of this event's recordings, by start."""
    found = [load(path.parent) for path in sorted(agent.recordings.glob('recording-*/recording.json'))]
    return [journal for journal in found if journal is not None and journal.uid == uid]


def soon() -> float:
    """Seconds that a change may take to have its effect on this machine now."""
    return OBEYED + spare()


def ended_at(core: StandIn, uid: str, last: float) -> bool:
    """Whether the event's end, by now another one than at its start, was that of its recording."""
    end = core.events[uid].end
    return -2 < last - end < 2 + held_up(end - POLL, last)


def phase(agent: Agent, uid: str) -> tuple[Phase, int] | None:
    """Where the newest recording of this event stands, with the number of its segments that have begun."""
    found = journals(agent, uid)
    if not found:
        return None
    return found[-1].phase, len([segment for segment in found[-1].segments if segment.started is not None])


def row(agent: Agent, uid: str) -> Recorded | None:
    database = Database(f'sqlite:///{agent.folder}/pyca.db', SystemClock())
    try:
        return Recordings(database).get(uid)
    finally:
        database.close()


def outcome(agent: Agent, uid: str) -> tuple[str, str]:
    """How it ended, and why, as the database says."""
    found = row(agent, uid)
    return (found.outcome.value, found.cause) if found is not None and found.outcome is not None else ('', '')


def test_five_changes_in_a_row_are_obeyed_and_the_event_arrives_once_and_whole(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent(ingest={'delay_min': 30, 'delay_max': 30})
    uid = schedule(6, 60)
    agent.start()
    wait_for(lambda: phase(agent, uid) == (Phase.RECORDING, 1) and agent.writing())

    core.change_event(uid, end=core.events[uid].start + 1)
    wait_for(lambda: phase(agent, uid) == (Phase.FINISHED, 1), 'made shorter', soon())
    core.change_event(uid, end=int(time.time()) + 300)
    wait_for(lambda: phase(agent, uid) == (Phase.RECORDING, 2) and agent.writing(2), 'made longer', soon())
    event = core.events[uid]
    core.remove_event(uid)
    wait_for(lambda: phase(agent, uid) == (Phase.FINISHED, 2), 'cancelled', soon())
    wait_for(lambda: outcome(agent, uid) == ('held', 'cancelled in the core'))
    core.model.put(event)
    wait_for(lambda: phase(agent, uid) == (Phase.RECORDING, 3) and agent.writing(3), 'wanted again', soon())
    core.change_event(uid, end=int(time.time() + KNOWN + spare()))
    wait_for(delivered(core, uid), 'delivered', 150)
    agent.stop()

    delivery = the(core, uid)
    assert len(delivery.tracks) == 3
    everything = sorted(at for track in delivery.tracks for at in stamps(track.path.read_bytes()))
    assert ended_at(core, uid, everything[-1])
    assert states(core, uid)[-4:] == ['capturing', 'capture_finished', 'uploading', 'upload_finished']
    assert core.violations == []
    assert outcome(agent, uid)[0] == 'delivered with gaps'


def test_what_the_core_takes_away_is_ended_kept_and_not_uploaded(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent(capture={'overlap': 'parallel'})
    cancelled, given, moved = (schedule(6, 60, uid=uid) for uid in ('cancelled', 'given', 'moved'))
    agent.start()
    wait_for(lambda: all(phase(agent, uid) == (Phase.RECORDING, 1) for uid in (cancelled, given, moved)))
    wait_for(lambda: agent.writing(3))

    core.remove_event(cancelled)
    core.change_event(given, agent='hall-2')
    later = int(time.time() + KNOWN + spare())
    core.change_event(moved, start=later, end=later + 4)
    wait_for(lambda: phase(agent, cancelled) == phase(agent, given) == (Phase.FINISHED, 1), 'ended', soon())
    wait_for(delivered(core, moved), 'the one that was moved arrives')
    agent.stop()

    assert [delivery.uid for delivery in core.deliveries] == [moved]
    recorded = stamps(the(core, moved).tracks[0].path.read_bytes())
    assert recorded[0] >= later
    assert outcome(agent, cancelled) == ('held', 'cancelled in the core')
    assert outcome(agent, given) == ('held', 'given to the agent hall-2 in the core')
    assert [journal.held for journal in journals(agent, moved)] == ['moved to another time in the core', '']
    for uid in (cancelled, given):
        assert journals(agent, uid)[0].tracks(journals(agent, uid)[0].segments[0])[0].path.stat().st_size > 0
    assert core.violations == []


def test_what_is_added_after_the_upload_is_recorded_and_waits_for_a_person(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent(ingest={'delete_after_upload': True})
    uid = schedule(6, 3)
    agent.start()
    wait_for(delivered(core, uid))

    core.change_event(uid, end=int(time.time() + KNOWN + spare()))
    wait_for(lambda: phase(agent, uid) == (Phase.FINISHED, 1), 'the rest is recorded')
    wait_for(lambda: outcome(agent, f'{uid}-rest')[0] == 'held')
    agent.stop()

    assert [delivery.uid for delivery in core.deliveries] == [uid]
    assert 'its upload had begun' in outcome(agent, f'{uid}-rest')[1]
    rest = next(journal for journal in journals(agent, uid) if journal.event.uid == f'{uid}-rest')
    recorded = stamps(rest.tracks(rest.segments[0])[0].path.read_bytes())
    assert ended_at(core, uid, recorded[-1])
    assert core.violations == []


def test_a_person_ends_and_extends_recordings_at_once(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent(agent={'update_frequency': 60}, capture={'overlap': 'parallel'})
    uid, other = schedule(6, 60), schedule(5, 16)
    agent.start()
    wait_for(lambda: phase(agent, uid) == phase(agent, other) == (Phase.RECORDING, 1))
    database = Database(f'sqlite:///{agent.folder}/pyca.db', SystemClock())
    orders = Orders(database)

    def answer(number: int) -> Placed | None:
        """The answer, once it is there; it must come soon."""
        placed = orders.get(number)
        return placed if placed is not None and placed.state is not OrderState.OPEN else None

    asked = time.time()
    longer, refused = (
        orders.place(Order('', other, OrderKind.EXTEND, 5)),
        orders.place(Order('', 'nobody', OrderKind.END)),
    )
    wait_for(lambda: answer(longer) and answer(refused))
    assert time.time() - asked < 4 + spare() + held_up(asked), 'two seconds on a machine that does nothing else'
    agent.kill()
    agent.start()
    wait_for(lambda: phase(agent, other) == (Phase.RECORDING, 2), 'it goes on beyond its end')
    assert time.time() > core.events[other].end - 1
    wait_for(lambda: agent.writing(3))
    ended = orders.place(Order('', other, OrderKind.END))
    wait_for(lambda: phase(agent, other) == (Phase.FINISHED, 2), 'ended', soon())
    wait_for(delivered(core, other))
    agent.stop()

    found = {number: orders.get(number) for number in (longer, refused, ended)}
    assert {number: placed.state for number, placed in found.items() if placed is not None} == {
        longer: OrderState.DONE,
        refused: OrderState.REFUSED,
        ended: OrderState.DONE,
    }
    database.close()
    assert core.violations == []


def test_odd_events_are_recorded_or_accounted_for(
    core: StandIn, make_agent: MakeAgent, schedule: ScheduleEvent
) -> None:
    agent = make_agent()
    room = 8 + int(spare())  # for the agent to begin in
    past = schedule(-5, 14 + room, uid='past')  # begins in the past
    loser = schedule(0, 6, uid='overlapping')
    start = int(time.time()) + 14 + room
    core.add_event('instant', agent='hall-1', start=start + 0.2, end=start + 0.9)  # in the calendar: no time at all
    brief = core.add_event('brief', agent='hall-1', start=start + 0.7, end=start + 1.2)
    after = core.add_event('after', agent='hall-1', start=start + 1, end=start + 4)
    agent.start()

    wait_for(delivered(core, past, after), limit=60)
    wait_for(lambda: all(outcome(agent, uid)[0] for uid in (loser, brief)))
    agent.stop()

    assert outcome(agent, loser) == ('missed', f'the event {past} had the device')
    assert outcome(agent, brief)[0] in ('delivered', 'delivered with gaps', 'failed')
    assert 'event instant: left out' in agent.logged()
    assert outcome(agent, past)[0] == 'delivered with gaps'
    assert outcome(agent, after)[0] == 'delivered'
    assert longest_gap(stamps(the(core, after).tracks[0].path.read_bytes())) < 1
    assert {uid: len([each for each in core.deliveries if each.uid == uid]) for uid in (past, after)} == {
        past: 1,
        after: 1,
    }
