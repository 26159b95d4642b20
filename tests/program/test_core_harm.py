"""The core is away, in every manner, for as long as it likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.program.agent import PROMPT, MakeAgent, longest_gap, wait_for
from tests.program.machine import held_up, spare
from tests.program.moved import MovedClock
from tests.program.test_clock_harm import knows, leap
from tests.program.test_lecture import delivered, the, times

HOUR = 3600


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    return MovedClock(tmp_path / 'clock')


@pytest.fixture
def core(tmp_path: Path, clock: MovedClock) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', clock, strict=True) as standin:
        yield standin


def test_a_day_without_the_core_costs_nothing(core: StandIn, make_agent: MakeAgent, clock: MovedClock) -> None:
    """H1, H2, H4: four lectures of one day, each with the core away in another manner, from boot to night."""
    agent = make_agent(http={'timeout': 10, 'connection_timeout': 5})
    agent.environment.update(clock.environment)
    recorder = agent.folder / 'counter.py'
    recorder.write_text(
        recorder.read_text().replace('time.sleep(0.05)', '__import__("select").select([], [], [], 0.05)')
    )
    starts = [int(clock.now()) + hours * HOUR for hours in (1, 5, 12, 24)]
    uids = [core.add_event(agent='hall-1', start=start, end=start + 5) for start in starts]
    agent.start()
    wait_for(knows(agent, *uids))
    manners: list[Callable[[], object]] = [
        lambda: core.faults.add(Fault('', Kind.BLACK_HOLE, times=None)),
        lambda: core.faults.add(Fault('', Kind.HANG, times=None)),
        core.stop,
        lambda: core.faults.add(Fault('', Kind.LOGIN, times=None)),
    ]
    for number, (start, vanish) in enumerate(zip(starts, manners, strict=True)):
        begun = number != 3  # the last time it vanishes in the middle of a recording
        if begun:
            core.faults.clear()
            vanish()
        if number == 1:
            agent.power_cut()
            agent.start()
            wait_for(lambda: agent.logged().count('Using the database') == 2)
        leap(agent, clock, start - 6 - spare())
        wait_for(lambda number=number: agent.writing(number + 1))  # type: ignore[misc]
        if not begun:
            core.start()
            vanish()
        wait_for(lambda start=start: clock.now() > start + 6)  # type: ignore[misc]
    assert core.deliveries == []

    core.faults.clear()
    wait_for(delivered(core, *uids), limit=180)

    for uid, start in zip(uids, starts, strict=True):
        recorded = times(the(core, uid))
        assert 0 <= recorded[0] - start < PROMPT + held_up()
        assert longest_gap(recorded) < 1
    assert core.violations == []
