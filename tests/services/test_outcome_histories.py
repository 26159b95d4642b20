"""Whatever happens to events, in whatever order: each has one outcome, and the sums add up."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pyca.cli import report as reporting
from pyca.event import Event
from pyca.recording.atomic import read_json, write_json
from pyca.recording.journal import FILE, Phase
from pyca.recording.schedule import ScheduleFile
from tests.services.test_accounts_outcomes import Office

HOUR = 3600
FATES = (
    *('delivered', 'delivered and deleted', 'delivered with gaps', 'uploading', 'finished', 'recording'),
    *('cancelled', 'undecided', 'archived', 'failed', 'device taken', 'agent off', 'dropped', 'ended before'),
)
OUTCOMES = {
    'delivered and deleted': 'delivered',
    'uploading': reporting.ON_THE_WAY,
    'finished': reporting.ON_THE_WAY,
    'recording': reporting.ON_THE_WAY,
    **dict.fromkeys(('cancelled', 'undecided', 'archived'), 'held'),
    **dict.fromkeys(('device taken', 'agent off'), 'missed'),
}
"""Where the fate is not the outcome itself. What was dropped or had ended before the agent's time has none."""
NONE = {'dropped', 'ended before'}


class History:
    """An agent's days, one event after the other, with accidents in between."""

    def __init__(self, root: Path, seed: int) -> None:
        self.office = Office(root)
        self.chance = random.Random(seed)
        self.fates: dict[str, str] = {}
        self.schedule: list[Event] = []
        self.backup: Path | None = None
        self.file = Path(self.office.url.removeprefix('sqlite:///'))
        self.office.accounts.step()

    def live(self, number: int) -> None:
        """One event has its fate."""
        fate = self.chance.choice(FATES)
        event = self._event(f'{fate}-{number}')
        self.fates[event.uid] = fate
        if fate == 'ended before':
            self.office.accounts.missed(replace(event, start=1, end=HOUR), 'the agent was not running')
            return
        self._poll(event)
        self.office.clock.time = event.start - 60.0
        if fate != 'dropped':
            self.office.clock.time = event.end + 60.0
            self._happen(fate, event)
        self._poll(without=event)
        self.office.accounts.step()

    def _event(self, uid: str) -> Event:
        start = int(self.office.clock.time) + HOUR
        return Event(uid, start, start + HOUR, f'Lecture {uid}')

    def _poll(self, *events: Event, without: Event | None = None) -> None:
        self.schedule = [event for event in (*self.schedule, *events) if event != without]
        ScheduleFile(self.office.store, self.office.clock).write_schedule(self.schedule, 1.0)

    def _happen(self, fate: str, event: Event) -> None:
        if fate == 'agent off':
            self.office.begin_again()
        elif fate == 'device taken':
            self._accident()
            self.office.accounts.missed(event, 'the event x had the device')
        else:
            self._record(fate, event)

    def _record(self, fate: str, event: Event) -> None:
        office = self.office
        self._tell(event, Phase.RECORDING)
        if fate == 'archived':
            file = ScheduleFile(office.store, office.clock)
            file.write_archived({**file.read_archived(), event.uid: office.clock.time})
        if fate == 'recording':
            return
        if fate == 'failed':
            self._tell(event, Phase.FAILED, cause='exit code 1')
            return
        self._tell(event, Phase.FINISHED, late=fate == 'delivered with gaps', held=fate * (fate == 'cancelled'))
        if fate == 'undecided':
            self._upload(event, {'held': True, 'error': 'who knows'})
            office.recordings.hold(event.uid, event.start, 'who knows')
        elif fate == 'uploading':
            office.recordings.uploading(event.uid, event.start, office.clock.time)
        elif fate.startswith('delivered'):
            self._upload(event, {'accepted': office.clock.time})
            self._accident()
            office.recordings.uploaded(event.uid, event.start, office.clock.time)
        if fate == 'delivered and deleted':
            self._delete(event)

    def _tell(self, event: Event, phase: Phase, *, late: bool = False, held: str = '', cause: str = '') -> None:
        """What capture does at a change: the journal, then a word to the accounts, if they are still there."""
        journal = self.office.journal(phase, event, held=held, cause=cause)
        if late:
            journal.segments[0].started = event.start + 300.0
            journal.save()
        if not self._accident():
            self.office.accounts.recording(journal)
        self.office.accounts.step()

    def _upload(self, event: Event, steps: dict[str, object]) -> None:
        write_json(self.office.store.folder(event) / 'upload.json', {'version': 1, **steps})

    def _delete(self, event: Event) -> None:
        folder, remains = self.office.store.folder(event), self.office.store.delivered(event.name)
        remains.parent.mkdir(exist_ok=True)
        write_json(remains, {'recording': read_json(folder / FILE), 'upload': read_json(folder / 'upload.json')})
        shutil.rmtree(folder)

    def _accident(self) -> bool:
        """Perhaps the agent or its database is lost; tells whether the agent was."""
        office, kind = self.office, self.chance.choice(['none', 'none', 'none', 'killed', 'lost', 'backup', 'restored'])
        if kind == 'killed':
            office.begin_again()
        elif kind == 'lost':
            office.lose_the_database()
        elif kind == 'backup':
            office.database.close()
            self.backup = Path(shutil.copy(self.file, self.file.with_suffix('.backup')))
        elif kind == 'restored' and self.backup is not None:
            office.lose_the_database()
            shutil.copy(self.backup, self.file)
        return kind in ('killed', 'lost', 'restored')


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[[int, int], History]]:
    made: list[History] = []

    def through(seed: int, events: int) -> History:
        made.append(History(tmp_path / str(seed), seed))
        for number in range(events):
            made[-1].live(number)
        return made[-1]

    yield through
    for history in made:
        history.office.database.close()


@pytest.mark.parametrize('seed', range(8))
def test_every_event_has_one_outcome_with_a_cause(live: Callable[[int, int], History], seed: int) -> None:
    history = live(seed, 20)
    office = history.office
    office.begin_again()
    office.accounts.step()

    report = reporting.gather(office.database, office.store, None)

    expected = {uid: OUTCOMES.get(fate, fate) for uid, fate in history.fates.items() if fate not in NONE}
    found = {line.uid: line.outcome.value if line.outcome else reporting.ON_THE_WAY for line in report.lines}
    assert found == expected
    assert len(report.lines) == len(expected)
    assert sum(reporting.sums(report.lines).values()) == len(expected)
    assert reporting.sums(report.lines).items() >= Counter(expected.values()).items()
    assert [line.uid for line in report.lines if not line.cause and line.outcome and line.state != 'delivered'] == []
    claimed = [row.event.uid for row in iter(lambda: office.recordings.claim(office.clock.time + 1e6), None)]
    assert sorted(claimed) == sorted(uid for uid, fate in history.fates.items() if fate in ('finished', 'uploading'))
