"""The table of moments: what the core hears at each of them, from what is really stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pyca.agentstate import AgentStateService, Ports
from pyca.event import UNSCHEDULED, Event
from pyca.recording.journal import Journal, Phase
from pyca.settings import Agent as Options
from pyca.states import PERMANENT, TOLD, AgentState, Doing, Fault, Moment, agent_state
from pyca.storage.retrying import Retry
from tests.services.agentstate_fakes import FakeCore
from tests.services.test_accounts import START, Agent

END = START + 3600


class Hall(Agent):
    """An installation whose core writes down what it hears."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.core = FakeCore()
        ports = Ports(self.core, lambda limit: self.core, self.recordings, self.reports, self.faults)
        self.service = AgentStateService(Options(name='hall-1'), '', ports, self.clock)
        self.clock.time = START + 60.0

    def hear(self) -> tuple[str | None, str | None]:
        """What the core has heard last of the event `e1` and of the agent."""
        while not self.service.step():
            pass
        last = {told.split()[0]: told.split()[1] for told in self.core.told}
        return last.get('e1'), last.get('agent')

    def pass_on(self) -> None:
        """What was before is heard; it does not count for the event."""
        self.hear()
        self.core.told = [told for told in self.core.told if not told.startswith('e1')]

    def recorded(self, **more: str) -> Journal:
        self.clock.time = END + 60.0
        journal = self.journal(Phase.FINISHED, **more)
        self.tell(journal)
        return journal

    def claim(self, uid: str = 'e1') -> None:
        assert self.recordings.claim(self.clock.now()) is not None
        self.recordings.uploading(uid, START, self.clock.now())


def upcoming(hall: Hall) -> None:
    """Nothing is stored of it but in the schedule."""


def recording(hall: Hall) -> None:
    hall.tell(hall.journal(Phase.RECORDING))


def failing(hall: Hall) -> None:
    hall.tell(hall.journal(Phase.FAILING))


def interrupted(hall: Hall) -> None:
    hall.tell(hall.journal(Phase.INTERRUPTED))


def finished(hall: Hall) -> None:
    hall.recorded()


def failed(hall: Hall) -> None:
    hall.clock.time = END + 60.0
    hall.tell(hall.journal(Phase.FAILED))


def missed(hall: Hall) -> None:
    hall.accounts.step()  # it has been started before
    hall.clock.time = END + 60.0
    hall.accounts.missed(Event('e1', START, END), 'the agent was not running')
    hall.accounts.step()


def held(hall: Hall) -> None:
    hall.recorded(held='it was cancelled')


def released(hall: Hall) -> None:
    held(hall)
    hall.pass_on()
    Retry(hall.database).decide('e1')


def delayed(hall: Hall) -> None:
    finished(hall)
    hall.pass_on()
    hall.recordings.delay('e1', START, hall.clock.now() + 3600)


def uploading(hall: Hall) -> None:
    hall.recorded()
    hall.claim()


def overlapping(hall: Hall) -> None:
    hall.tell(hall.journal(Phase.FINISHED, uid='e2'))
    hall.claim('e2')
    hall.tell(hall.journal(Phase.RECORDING))


def paused(hall: Hall) -> None:
    hall.tell(hall.journal(Phase.FINISHED))
    hall.claim()
    hall.pass_on()
    hall.recordings.delay('e1', START, hall.clock.now())
    hall.tell(hall.journal(Phase.RECORDING, uid='e2'))


def waiting(hall: Hall) -> None:
    uploading(hall)
    hall.recordings.upload_failed('e1', START, hall.clock.now() + 60, 'the core is away')


def stuck(hall: Hall) -> None:
    uploading(hall)
    hall.recordings.hold('e1', START, 'nobody knows')


def resumed(hall: Hall) -> None:
    hall.tell(hall.journal(Phase.FINISHED))
    hall.claim()
    hall.recordings.resumed('e1', START)


def delivered(hall: Hall) -> None:
    uploading(hall)
    hall.recordings.uploaded('e1', START, hall.clock.now())


def unscheduled(hall: Hall) -> None:
    journal = hall.journal(Phase.RECORDING)
    hall.tell(replace(journal, event=replace(journal.event, data={UNSCHEDULED: True})))


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    yield hall
    hall.database.close()


@pytest.mark.parametrize('moment', Moment, ids=lambda moment: moment.name.lower())
def test_at_each_moment_the_core_hears_what_the_table_says(hall: Hall, moment: Moment) -> None:
    bring_about: Callable[[Hall], None] = globals()[moment.name.lower()]

    bring_about(hall)

    assert hall.hear() == (moment.told.value if moment.told else None, TOLD[moment.doing].value)


@pytest.mark.parametrize('doing', Doing)
@pytest.mark.parametrize('fault', sorted(PERMANENT))
def test_a_permanent_fault_takes_the_place_of_all_but_a_recording(doing: Doing, fault: Fault) -> None:
    expected = AgentState.CAPTURING if TOLD[doing] is AgentState.CAPTURING else AgentState.ERROR
    assert agent_state(doing, {fault}) is expected


@pytest.mark.parametrize('doing', Doing)
@pytest.mark.parametrize('fault', sorted(set(Fault) - PERMANENT))
def test_any_other_fault_changes_nothing(doing: Doing, fault: Fault) -> None:
    assert agent_state(doing, {fault}) is TOLD[doing]
