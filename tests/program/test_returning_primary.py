"""A room with two agents, the first of which comes back after the second one has delivered the lecture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from tests.program.agent import Agent, MakeAgent, ScheduleEvent, wait_for
from tests.program.moved import MovedClock
from tests.program.test_backup import asked_about
from tests.program.test_clock_harm import HOUR, STEADY_COUNTER, leap, outcomes
from tests.program.test_lecture import the

MARGIN = 600


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    return MovedClock(tmp_path / 'clock')


@pytest.fixture
def core(tmp_path: Path, clock: MovedClock) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', clock, strict=True) as standin:
        yield standin


@pytest.fixture
def room(make_agent: MakeAgent, clock: MovedClock) -> tuple[Agent, Agent]:
    """The primary agent and its backup, which sends all in one request."""
    acting = {'backup_mode': True, 'backup_copy': 'upload', 'backup_margin': MARGIN}
    primary, backup = make_agent('primary'), make_agent('backup', agent=acting, ingest={'method': 'single'})
    (backup.folder / 'counter.py').write_text(STEADY_COUNTER)
    backup.environment.update(clock.environment)
    backup.sections['capture']['sigterm_time'] = 0
    return primary, backup


def test_a_primary_that_comes_back_sends_nothing_of_what_its_backup_has_delivered(
    core: StandIn, room: tuple[Agent, Agent], schedule: ScheduleEvent, clock: MovedClock
) -> None:
    """It could tell the core nothing, and was stopped in the middle of the lecture."""
    primary, backup = room
    core.archive_after = core.finish_after = 0
    core.faults.add(Fault('POST /capture-admin/recordings', Kind.DROP, times=None))
    uid = schedule(10, HOUR)
    for agent in room:
        agent.start()
    wait_for(lambda: all(agent.writing() for agent in room))
    primary.stop()

    leap(backup, clock, core.events[uid].end + MARGIN)
    wait_for(lambda: [delivery.uid for delivery in core.deliveries] == [uid], limit=180)

    core.faults.clear()
    primary.environment.update(clock.environment)
    primary.start()
    wait_for(lambda: outcomes(primary)[uid][0], limit=180)
    assert outcomes(primary)[uid] == ('held', 'somebody else has archived the event in the core')
    assert the(core, uid).method == 'single'
    assert len(asked_about(core, uid)) >= 3  # for its decision, before the first bytes, before the last ones
    assert core.violations == []
