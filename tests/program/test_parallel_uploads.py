"""The whole program with several uploads at once."""

from __future__ import annotations

from collections.abc import Callable

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.program.agent import Agent, wait_for
from tests.program.machine import spare
from tests.program.test_lecture import delivered, the


def test_a_core_that_is_slow_with_one_recording_does_not_keep_the_next_one_back(
    core: StandIn, make_agent: Callable[..., Agent], schedule: Callable[..., str]
) -> None:
    slow = core.faults.add(Fault('/addTrack', Kind.STOP_READING, bytes=100))
    agent = make_agent(ingest={'parallel': 2}, http={'timeout': 120})
    first, second = schedule(7, 4), schedule(12, 4)
    agent.start()

    wait_for(lambda: slow.hits == 1, 'the first upload hangs')
    wait_for(delivered(core, second))
    assert [delivery.uid for delivery in core.deliveries] == [second]
    core.faults.clear()
    wait_for(delivered(core, first))
    assert agent.stop() == 0

    assert {the(core, uid).matched_event for uid in (first, second)} == {True}
    assert core.violations == []


def test_a_stop_interrupts_all_uploads_and_the_next_start_delivers_each_once(
    core: StandIn, make_agent: Callable[..., Agent], schedule: Callable[..., str]
) -> None:
    slow = core.faults.add(Fault('/addTrack', Kind.STOP_READING, times=2, bytes=100))
    agent = make_agent(ingest={'parallel': 2}, capture={'overlap': 'parallel'}, http={'timeout': 120})
    uids = schedule(7, 5), schedule(8, 5)
    agent.start()
    wait_for(lambda: slow.hits == 2, 'both uploads hang')
    assert agent.stop(limit=15 + spare()) == 0
    assert core.deliveries == []
    core.faults.clear()
    agent.start()
    wait_for(delivered(core, *uids))
    assert agent.stop() == 0
    assert sorted(delivery.uid for delivery in core.deliveries) == sorted(uids)
    assert core.violations == []
