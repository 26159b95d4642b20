"""A backup agent that acts: what it makes of the primary agent's last word, with a clock moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pyca.errors import CoreError, NotUnderstood, Refused, Unreachable
from pyca.event import UNSCHEDULED
from pyca.ingest.backup import Backup, Stage
from pyca.opencast.heard import Heard
from pyca.recording.journal import Phase
from pyca.settings import Agent as Options
from pyca.settings import Ingest as Uploading
from pyca.states import EventStatus, Fault, ServiceType
from pyca.storage.copies import Copies
from pyca.storage.recorded import Recorded
from pyca.storage.retrying import Retry
from tests.services.ingest_world import World
from tests.services.test_accounts import START, Agent

END = START + 3600
MARGIN = 600


@dataclass
class Core:
    """What the core says of the event `e1`: `state` since `since`; None is 404. `there`: it answers 404 to all else."""

    room: Room
    state: str | None = None
    since: float = END
    there: bool = True
    owned: bool = True
    down: CoreError | None = None
    mute: CoreError | None = None
    asked: list[str] = field(default_factory=list)

    def recording_state(self, uid: str) -> Heard | None:
        self.asked.append(uid)
        if self.down is not None:
            raise self.down
        return None if self.state is None else Heard(self.state, self.room.clock.time - self.since)

    def technical(self, uid: str) -> object | None:
        if self.mute is not None:
            raise self.mute
        return object() if self.there else None

    def scheduler_owns(self, uid: str) -> bool:
        if self.mute is not None:
            raise self.mute
        return self.owned and self.there

    def archived(self, package: str) -> bool:
        raise AssertionError('a scheduled event is not asked for in the archive')


class Room(Agent):
    """A room with a backup agent that has a copy of the event `e1`, which has just ended."""

    def __init__(self, folder: Path, *, begun_here: bool = False) -> None:
        super().__init__(folder)
        self.begin(backup_mode=True)
        self.core = Core(self)
        self.clock.time = float(END)
        self.backup = self.acting('upload')
        journal = self.journal(Phase.FINISHED)
        if begun_here:
            journal.event = replace(journal.event, data={UNSCHEDULED: True})
        self.tell(journal)

    def acting(self, how: str, *, backup_mode: bool = True) -> Backup:
        options = Options(name='hall-1', backup_mode=backup_mode, backup_copy=how, backup_margin=MARGIN)
        stage = Stage(self.core, Copies(self.database), self.memory, self.faults, self.clock)
        self.backup = Backup(options, stage)
        return self.backup

    def at(self, seconds: float) -> Recorded:
        """So long after the event's end, after a turn each half minute."""
        while self.clock.time < END + seconds:
            self.clock.time = min(self.clock.time + 30, END + seconds)
            self.backup.step()
        return self.row()

    @property
    def released(self) -> bool:
        return self.row().status is EventStatus.FINISHED_RECORDING

    @property
    def trouble(self) -> str:
        return ' '.join(row.text for row in self.faults.all() if row.service is ServiceType.INGEST)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.database.close()


def test_a_copy_is_uploaded_when_the_primary_never_began(room: Room) -> None:
    room.at(MARGIN - 1)
    assert (room.released, room.core.asked) == (False, [])

    room.at(MARGIN + 60)
    assert room.released
    assert room.states() == []


@pytest.mark.parametrize('state', ['capture_error', 'manifest_error', 'compressing_error'])
def test_a_copy_is_uploaded_when_the_recording_of_the_primary_failed(room: Room, state: str) -> None:
    """The margin counts from its last word on."""
    room.core.state, room.core.since = state, END + 500.0
    room.at(500 + MARGIN - 1)
    assert not room.released

    room.at(500 + MARGIN + 60)
    assert room.released


@pytest.mark.parametrize(
    'state', ['capturing', 'capture_finished', 'manifest', 'compressing', 'uploading', 'upload_error', 'unknown']
)
def test_what_the_primary_may_still_send_is_only_offered(room: Room, state: str) -> None:
    """Two uploads of one event could destroy both."""
    room.core.state = state
    row = room.at(7200)

    assert row.status is EventStatus.PAUSED_AFTER_RECORDING
    assert state in row.cause
    assert 'can be uploaded' in row.cause
    assert 'pyca retry' in room.trouble


def test_a_primary_at_work_is_waited_for(room: Room) -> None:
    room.core.state, room.core.since = 'uploading', END + 3000.0
    assert room.at(3000 + MARGIN - 1).cause == 'backup mode'

    room.core.state, room.core.since = 'upload_finished', END + 3000.0 + MARGIN
    assert 'has delivered it' in room.at(3000 + MARGIN + 60).cause
    assert not room.released


@pytest.mark.parametrize(
    ('changes', 'said'),
    [
        ({'state': 'upload_finished'}, 'the primary agent has delivered it'),
        ({'state': 'capture_error', 'owned': False}, 'somebody has delivered it'),
        ({'owned': False}, 'somebody has delivered it'),
    ],
)
def test_nothing_is_done_where_nothing_is_missing(room: Room, changes: dict[str, object], said: str) -> None:
    for name, value in changes.items():
        setattr(room.core, name, value)
    row = room.at(7200)

    assert row.status is EventStatus.PAUSED_AFTER_RECORDING
    assert row.cause == f'backup mode; {said}'
    assert room.trouble == ''
    assert len(room.core.asked) == 1


def test_a_core_that_is_starting_decides_nothing(room: Room) -> None:
    """It answers 404 to everything; the lecture that the primary agent missed is still to be delivered."""
    room.core.there = False
    room.at(MARGIN + 60)
    assert room.row().cause == 'backup mode'

    room.core.there = True
    room.at(MARGIN + 180)
    assert room.released


def test_an_event_that_stays_away_from_a_core_that_knew_events_was_deleted(room: Room) -> None:
    room.core.state, room.core.since = 'uploading', float(END)
    room.at(MARGIN + 60)  # an answer of yes, about this one
    room.tell(room.journal(Phase.FINISHED, uid='e2'))
    room.core.state, room.core.there = None, False
    room.clock.time = END + MARGIN + 60.0
    room.at(MARGIN + 300)
    assert room.row('e2').cause == 'backup mode'

    room.at(MARGIN + 600)
    assert room.row('e2').cause == 'backup mode; the core does not have the event any more'
    assert room.row('e2').status is EventStatus.PAUSED_AFTER_RECORDING


def test_a_core_that_answers_now_and_then_is_asked_until_it_stays_with_it(room: Room) -> None:
    for _ in range(10):
        room.core.there, room.core.down = False, None
        room.at(room.clock.time - END + 240)
        room.core.down = Unreachable('it starts once more')
        room.at(room.clock.time - END + 120)
    assert room.row().cause == 'backup mode'


@pytest.mark.parametrize('state', [None, 'capture_error'])
def test_a_core_that_never_knew_an_event_is_no_reason_to_forget_a_copy(room: Room, state: str | None) -> None:
    """A core that knows the guides only answers 404 for ever."""
    room.core.there, room.core.state = False, state
    row = room.at(7200)
    assert 'nobody knows' in row.cause
    assert 'can be uploaded' in row.cause
    assert 'pyca retry' in room.trouble


def test_a_core_that_says_nothing_about_single_events_gets_no_second_upload(room: Room) -> None:
    room.core.mute = Refused('no', status=403)
    assert 'nobody knows' in room.at(7200).cause
    assert not room.released


@pytest.mark.parametrize('error', [Unreachable('away'), Refused('broken', status=500), NotUnderstood('a page')])
def test_without_an_answer_the_question_is_asked_again_once_a_minute(room: Room, error: CoreError) -> None:
    room.core.down = error
    assert room.at(MARGIN + 600).cause == 'backup mode'
    assert 9 <= len(room.core.asked) <= 11

    room.core.down = None
    room.at(MARGIN + 700)
    assert room.released


def test_a_copy_is_released_once(room: Room) -> None:
    """Also over restarts: what becomes of it afterwards is the upload's matter, or a person's."""
    room.at(MARGIN + 60)
    room.recordings.claim(room.clock.now())
    room.recordings.hold('e1', START, 'the core refused it')
    room.begin(backup_mode=True).step()
    room.acting('upload')
    assert room.at(7200).cause == 'the core refused it'
    assert len(room.core.asked) == 1


def test_offering_leaves_the_upload_to_a_person(room: Room) -> None:
    room.acting('offer')
    row = room.at(7200)
    never = 'the primary agent never began it, or could not tell the core'
    assert row.cause == f'backup mode: {never}; this copy can be uploaded'
    assert 'an event' in room.trouble
    assert [fault.fault for fault in room.faults.all()] == [Fault.RECORDER]

    Retry(room.database).decide('e1')
    room.at(7300)
    assert room.released
    assert room.trouble == ''


@pytest.mark.parametrize(('how', 'backup_mode'), [('keep', True), ('upload', False)])
def test_nobody_is_asked_unless_it_is_wanted(room: Room, how: str, backup_mode: bool) -> None:
    room.acting(how, backup_mode=backup_mode)
    assert room.at(7200).cause == 'backup mode'
    assert room.core.asked == []


@pytest.mark.parametrize(('how', 'backup_mode'), [('keep', True), ('upload', False)])
def test_an_agent_that_is_no_backup_any_more_has_no_trouble_with_copies(
    room: Room, how: str, backup_mode: bool
) -> None:
    room.acting('offer')
    room.at(7200)
    assert 'has not delivered' in room.trouble

    room.acting(how, backup_mode=backup_mode)
    room.at(7230)
    assert room.trouble == ''


def test_what_was_begun_on_a_backup_agent_is_offered_without_a_question(tmp_path: Path) -> None:
    room = Room(tmp_path, begun_here=True)
    row = room.at(60)
    room.at(7200)

    assert row.cause == room.row().cause == 'backup mode: it was begun here; this copy can be uploaded'
    assert room.trouble == 'This backup agent has a recording begun here; "pyca retry" uploads it.'
    assert room.core.asked == []
    room.database.close()


def test_what_is_held_for_another_reason_stays_held(room: Room) -> None:
    journal = room.journal(Phase.FINISHED, uid='e2', held='it was cancelled')
    room.tell(journal)
    room.at(7200)
    assert room.row('e2').cause == 'it was cancelled'
    assert room.core.asked == ['e1']


def test_the_primary_is_asked_for_again_right_before_the_final_call(room: Room) -> None:
    row = room.at(MARGIN + 60)
    assert room.backup.hindrance(row) == ''

    room.core.state, room.core.since = 'upload_finished', room.clock.time
    assert room.acting('upload').hindrance(row) == 'backup mode; meanwhile the primary agent has delivered it'
    room.core.down = Unreachable('away')
    with pytest.raises(Unreachable):
        room.backup.hindrance(row)


@pytest.mark.parametrize('state', ['capture_error', 'manifest_error', 'compressing_error'])
def test_a_primary_that_comes_back_to_say_that_it_has_nothing_is_no_hindrance(room: Room, state: str) -> None:
    """It was switched off, and states what it missed as soon as it runs again."""
    row = room.at(MARGIN + 60)
    room.core.state, room.core.since = state, room.clock.time
    assert room.backup.hindrance(row) == ''


@pytest.mark.parametrize('state', ['capturing', 'uploading', 'upload_error'])
def test_a_primary_that_is_at_work_again_is_waited_for_before_the_final_call(room: Room, state: str) -> None:
    row = room.at(MARGIN + 60)
    room.core.state, room.core.since = state, room.clock.time
    for _ in range(3):
        with pytest.raises(NotUnderstood, match='at work'):
            room.backup.hindrance(row)
        room.clock.time += MARGIN / 4

    room.core.state, room.core.since = 'capture_error', room.clock.time
    assert room.backup.hindrance(row) == ''


@pytest.mark.parametrize('state', ['uploading', 'upload_error'])
def test_a_copy_is_offered_when_the_primary_came_back_and_fell_silent(room: Room, state: str) -> None:
    """It is as with one that had been at work before: a person decides, and hears that there is something to decide."""
    row = room.at(MARGIN + 60)
    room.core.state, room.core.since = state, room.clock.time
    room.clock.time += MARGIN
    cause = room.backup.hindrance(row)
    assert cause.endswith(f'(its last word is {state}); this copy can be uploaded')

    room.recordings.claim(room.clock.now())
    room.recordings.hold('e1', START, cause)
    room.at(7200)
    assert 'pyca retry' in room.trouble


def test_an_agent_that_has_become_the_primary_does_not_oppose_itself(room: Room) -> None:
    """What it tells the core of its upload is no word of somebody else."""
    row = room.at(MARGIN + 60)
    asked = list(room.core.asked)
    room.core.state, room.core.since = 'uploading', room.clock.time

    assert room.acting('upload', backup_mode=False).hindrance(row) == ''
    assert room.core.asked == asked


def test_a_copy_that_was_released_asks_for_the_primary_although_copies_are_to_be_kept_now(room: Room) -> None:
    row = room.at(MARGIN + 60)
    room.core.state, room.core.since = 'upload_finished', room.clock.time
    assert 'has delivered it' in room.acting('keep').hindrance(row)


def test_a_core_that_is_starting_is_asked_once_more_before_the_final_call(room: Room) -> None:
    row = room.at(MARGIN + 60)
    room.core.there = False
    for _ in range(5):
        with pytest.raises(NotUnderstood, match='asked again'):
            room.backup.hindrance(row)
        room.clock.time += 60

    assert 'does not have the event any more' in room.backup.hindrance(row)
    room.core.there = True
    assert room.backup.hindrance(row) == ''


def test_a_copy_that_a_person_released_is_handed_over_without_a_question(room: Room) -> None:
    Retry(room.database).decide('e1')
    assert room.backup.hindrance(room.row()) == ''
    assert room.core.asked == []


def test_what_speaks_against_an_upload_holds_it_before_the_final_call(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.hindrance = lambda recorded: 'backup mode; meanwhile the primary agent has delivered it'
    world.restart()
    world.record()

    world.turn()
    assert world.row().status is EventStatus.PAUSED_AFTER_RECORDING
    assert 'meanwhile' in world.row().cause
    assert world.core.count('ingest') == 0

    world.set(status=EventStatus.FINISHED_RECORDING, phase='queued')
    world.turn()
    assert len(world.core.accepted) == 1


@pytest.mark.parametrize('method', ['multi', 'single'])
def test_a_copy_that_waits_for_the_primary_is_uploaded_once_that_one_has_failed(
    room: Room, tmp_path: Path, method: str
) -> None:
    row, now = room.at(MARGIN + 60), room.clock.time
    room.core.state, room.core.since = 'uploading', now
    world = World(tmp_path / 'uploads')

    def hindrance(recorded: object) -> str:
        room.clock.time = now + world.clock.steady
        return room.backup.hindrance(row)

    world.hindrance, world.options = hindrance, Uploading(method=method)
    world.restart()
    world.record()
    world.run(MARGIN / 2)
    assert world.row().status is EventStatus.FAILED_UPLOADING
    assert 'the primary agent is at work' in world.row().cause
    assert world.core.accepted == []

    room.core.state, room.core.since = 'capture_error', now + world.clock.steady
    world.run_until(EventStatus.FINISHED_UPLOADING, within=1200)
    assert len(world.core.accepted) == 1


def test_what_somebody_has_decided_meanwhile_counts(room: Room) -> None:
    copies = Copies(room.database)
    (copy,) = copies.undecided()
    Retry(room.database).decide('e1')
    room.recordings.claim(room.clock.now())
    room.recordings.hold('e1', START, 'the core refused it')

    copies.close(copy, 'backup mode; the primary agent has delivered it')
    assert not copies.release(copy)
    assert (room.row().cause, room.released) == ('the core refused it', False)
