"""The capture service over a real folder, with real recorders."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pyca.capture import LEAD, Capture
from pyca.clock import SystemClock
from pyca.event import Event
from pyca.order import Desk
from pyca.recording.account import CapturePorts
from pyca.recording.journal import Journal, Phase, load
from pyca.recording.schedule import ScheduleFile
from pyca.recording.standby import Standby
from pyca.recording.store import Store
from pyca.settings import Capture as Options
from pyca.states import Fault
from pyca.stop import Bell

OBEDIENT = (
    'import signal,sys,time; signal.pthread_sigmask(0,[15]); f=open(sys.argv[1],"ab"); '
    'f.write(b"%f" % time.time()); f.flush(); signal.sigwait([15])'
)


class Book:
    """Keeps what the service tells."""

    def __init__(self) -> None:
        self.journals: dict[str, Journal] = {}
        self.phases: dict[str, list[Phase]] = {}
        self.misses: dict[str, str] = {}
        self.faults: dict[Fault, str] = {}

    def recording(self, journal: Journal) -> None:
        self.journals[journal.event.uid] = journal
        phases = self.phases.setdefault(journal.event.uid, [])
        if not phases or phases[-1] is not journal.phase:
            phases.append(journal.phase)

    def missed(self, event: Event, cause: str) -> None:
        self.misses[event.uid] = cause

    def fault(self, fault: Fault, text: str) -> None:
        self.faults[fault] = text


class Movable(SystemClock):
    """The clock of this machine, set wrong by some seconds."""

    def __init__(self) -> None:
        self.wrong = 0.0

    def now(self) -> float:
        return super().now() + self.wrong


class Fallible(Store):
    """A folder on a disk that can begin to fail."""

    broken = False

    def delivered(self, name: str) -> Path:
        if self.broken:
            raise OSError(5, 'Input/output error')
        return super().delivered(name)


class Hall:
    """One capture service with its folder."""

    def __init__(self, root: Path, standby: Standby | None = None, **options: Any) -> None:
        command = ' '.join([sys.executable, '-c', shlex.quote(OBEDIENT), '{{dir}}/{{name}}.dat'])
        values = {'command': command, 'files': ('{{dir}}/{{name}}.dat',), 'sigterm_time': 0, 'sigkill_time': 60}
        self.options = Options(directory=str(root), **{**values, **options})
        self.store = Fallible(root, standby=standby)
        self.clock = Movable()
        self.book = Book()
        self.wanted: Sequence[str] = ()  # the inputs that its events select
        self.stood_still = 0.0  # seconds, at most, that a wait took longer than it was to: this machine, not the agent
        self.service = self.capture()

    def capture(self) -> Capture:
        self.desk = Desk()
        ports = CapturePorts(self.book, self.desk, lambda event: self.wanted)
        return Capture(self.options, self.store, ports, self.clock)

    def schedule(self, *events: Event) -> None:
        ScheduleFile(self.store, SystemClock()).write_schedule(events, time.time())

    def until(self, so: Callable[[], bool], limit: float = 120) -> None:
        deadline = time.monotonic() + limit
        while not so():
            assert time.monotonic() < deadline, (self.book.phases, self.book.faults)
            pause = min(0.1, self.service.step())
            begun = time.monotonic()
            Bell().wait(pause)
            self.stood_still = max(self.stood_still, time.monotonic() - begun - pause)

    def end(self, *events: Event) -> None:
        """Have the calendar end all of these by now, and wait for that."""
        self.schedule(*map(by_now, events))
        self.until(self.over(*(each.uid for each in events)))

    def phase(self, uid: str) -> Phase | None:
        journal = self.book.journals.get(uid)
        return journal.phase if journal else None

    def recording(self, uid: str, number: int = 1) -> Callable[[], bool]:
        """Whether its recorder runs and has written; the n-th one."""

        def so() -> bool:
            if self.phase(uid) is not Phase.RECORDING or len(self.book.journals[uid].segments) < number:
                return False
            files = self.book.journals[uid].folder.glob('*.dat*')
            return sum(file.stat().st_size > 0 for file in files) >= number

        return so

    def over(self, *uids: str) -> Callable[[], bool]:
        return lambda: all((phase := self.phase(uid)) is not None and phase.over for uid in uids)


def event(uid: str, begins_in: float, seconds: float) -> Event:
    start = int(time.time() + begins_in)
    return Event(uid, start, start + int(seconds), f'Lecture {uid}')


def by_now(happening: Event) -> Event:
    """The same event with its end at this second, the one after its start at the earliest."""
    return replace(happening, end=max(happening.start + 1, int(time.time())))


def late(hall: Hall, happening: Event) -> float:
    """Seconds from its start until its recorder began, less those for which the machine let nobody run."""
    started = hall.book.journals[happening.uid].segments[0].started
    assert started is not None
    seconds = started - happening.start
    return seconds if seconds < 0 else max(0.0, seconds - hall.stood_still)


def test_adjacent_events_are_each_recorded_from_their_second(hall: Callable[..., Hall]) -> None:
    here = hall()
    first = event('a', 1 + LEAD, 8)
    second = Event('b', first.end, first.end + 60, 'Next')
    here.schedule(second, first)
    here.until(here.recording('b'))
    here.end(first, second)

    assert {here.phase('a'), here.phase('b')} == {Phase.FINISHED}
    for happening in (first, second):
        assert 0 <= late(here, happening) < 1


def test_an_event_that_ended_is_not_started_again(hall: Callable[..., Hall]) -> None:
    """H3: nobody remembered that an event had been handled."""
    waits = 'echo x > $0.dat; until test -e $0.enough; do sleep 0.1; done'
    here = hall(command=f'sh -c {shlex.quote(waits)} {{{{dir}}}}/{{{{name}}}}')
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))
    happening = replace(happening, end=int(time.time()) + 4)
    here.schedule(happening)
    (here.store.folder(happening) / f'{happening.name}.enough').touch()  # a little sooner than that it ends by itself
    here.until(here.over('a'))

    again = Hall(here.store.root)
    again.until(lambda: time.time() > happening.end - 1)

    assert again.book.journals == {}
    assert len(list(here.store.folder(happening).glob('*.dat*'))) == 1


def test_a_cancelled_event_is_ended_and_held(hall: Callable[..., Hall]) -> None:
    here = hall()
    here.schedule(event('a', 0, 60))
    here.until(here.recording('a'))

    here.schedule()
    here.until(here.over('a'))

    assert here.phase('a') is Phase.FINISHED
    assert here.book.journals['a'].held == 'cancelled in the core'


def test_a_shortened_event_ends_at_its_new_end(hall: Callable[..., Hall]) -> None:
    """H7: the end was read once."""
    here = hall()
    happening = event('a', 0, 600)
    here.schedule(happening)
    here.until(here.recording('a'))

    sooner = int(time.time()) + 2
    here.schedule(Event('a', happening.start, sooner, happening.title))
    here.until(here.over('a'))

    assert 0 <= time.time() - sooner < 30, 'not at its old end'
    assert not here.book.journals['a'].held


def test_a_running_event_whose_start_moved_is_the_same_event(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))

    moved = Event('a', happening.start - 7, int(time.time()) + 3, happening.title)
    here.schedule(moved)
    here.until(here.over('a'))
    here.until(lambda: time.time() > moved.end + 1)

    assert len(list(here.store.root.glob('recording-*'))) == 1
    assert here.book.misses == {}


def test_an_event_taken_away_before_it_begins_leaves_nothing(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = event('a', LEAD, 10)
    here.schedule(happening)
    here.until(lambda: here.store.folder(happening).exists())

    here.schedule()
    here.until(lambda: not here.store.folder(happening).exists())

    assert here.book.misses == {}


def test_without_any_schedule_nothing_is_called_cancelled(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))
    here.schedule(replace(happening, end=int(time.time()) + 3))
    here.service.step()
    here.store.schedule_path.unlink()

    here.until(here.over('a'))

    assert here.phase('a') is Phase.FINISHED
    assert here.book.journals['a'].held == ''


@pytest.mark.parametrize(
    ('overlap', 'finished', 'missed'),
    [('first', {'long'}, {'short'}), ('last', {'long', 'short'}, set()), ('parallel', {'long', 'short'}, set())],
)
def test_overlapping_events_follow_the_rule_and_the_loser_is_reported(
    hall: Callable[..., Hall], overlap: str, finished: set[str], missed: set[str]
) -> None:
    """H8: an arbitrary one won, the other one left no trace."""
    here = hall(overlap=overlap)
    long = event('long', 0, 60)
    here.schedule(long)
    here.until(here.recording('long'))
    short = event('short', 1, 8 if missed else 30)
    here.schedule(long, short)
    here.until(lambda: 'short' in here.book.misses or here.recording('short')())
    here.schedule(by_now(long), short if missed else by_now(short))

    here.until(lambda: all(here.over(uid)() or uid in here.book.misses for uid in ('long', 'short')))

    assert {uid for uid in ('long', 'short') if here.phase(uid) is Phase.FINISHED} == finished
    assert set(here.book.misses) == missed
    assert all('long' in cause for cause in here.book.misses.values())


def test_an_event_that_passed_while_the_agent_was_off_is_missed(hall: Callable[..., Hall]) -> None:
    """H9: such events vanished without a word."""
    here = hall()
    here.schedule(event('a', -60, 30))

    here.until(lambda: bool(here.book.misses))

    assert here.book.misses == {'a': 'the agent was not running'}


def test_a_folder_that_cannot_be_used_is_a_fault_until_it_can(hall: Callable[..., Hall]) -> None:
    """H15: nothing but a stack trace told of it."""
    here = hall()
    here.store.prepare()
    here.store.marker.unlink()  # as if the disk was not mounted
    here.schedule(event('a', 0, 60))
    here.until(lambda: bool(here.book.faults.get(Fault.FOLDER_UNUSABLE)))
    assert here.book.journals == {}
    assert 'mount' in here.book.faults[Fault.FOLDER_UNUSABLE]

    here.store.marker.touch()
    here.until(here.recording('a'))

    assert here.book.faults[Fault.FOLDER_UNUSABLE] == ''


def test_a_stop_ends_the_recorder_and_the_next_agent_goes_on(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))
    here.service.close()
    assert here.phase('a') is Phase.INTERRUPTED

    here.service = here.capture()
    here.until(here.recording('a', 2))
    here.end(happening)

    assert here.phase('a') is Phase.FINISHED
    assert len(here.book.journals['a'].segments) == 2


def test_with_survive_stop_the_next_agent_finds_the_recorder_at_work(hall: Callable[..., Hall]) -> None:
    here = hall(survive_stop=True, overlap='parallel')
    first = event('a', 0, 60)
    here.schedule(first)
    here.until(here.recording('a'))
    second = event('b', LEAD, 60)
    here.schedule(first, second)  # the one runs, the other's keeper waits
    here.until(lambda: here.phase('b') is Phase.WAITING)
    here.service.close()
    assert here.phase('a') is Phase.RECORDING

    here.service = here.capture()
    here.until(here.recording('b'))
    here.end(first, second)

    for uid in ('a', 'b'):
        assert here.phase(uid) is Phase.FINISHED
        assert len(here.book.journals[uid].segments) == 1


def test_with_survive_stop_a_recorder_that_fails_is_not_left_to_nobody(hall: Callable[..., Hall]) -> None:
    here = hall(survive_stop=True, command='false')
    here.schedule(event('a', 0, 60))
    here.until(lambda: here.phase('a') is Phase.FAILING)

    here.service.close()

    assert here.phase('a') is Phase.INTERRUPTED


def test_a_lecture_begins_although_the_disk_is_not_mounted_and_is_not_hidden_by_it(tmp_path: Path) -> None:
    root, standby = tmp_path / 'disk', Standby(tmp_path / 'pyca.db')
    Store(root, standby=standby).prepare()
    disk = root.rename(tmp_path / 'elsewhere')
    root.mkdir()  # the empty mount point that the next agent finds
    here = Hall(root, standby)
    happening = event('a', 0, 60)
    here.schedule(happening)

    here.until(here.recording('a'))

    assert here.book.journals['a'].folder.parent == tmp_path / 'pyca.db.standby'
    assert 'until then recordings go to' in here.book.faults[Fault.FOLDER_UNUSABLE]
    assert list(root.iterdir()) == []
    happening = replace(happening, end=int(time.time()) + 3)
    here.schedule(happening)
    here.service.step()
    root.rmdir()
    disk.rename(root)  # it is mounted
    here.until(here.over('a'))
    assert here.phase('a') is Phase.FINISHED
    later = event('b', 0, 60)
    here.schedule(happening, later)
    here.until(here.recording('b'))
    here.end(happening, later)
    assert here.book.journals['b'].folder.parent == root
    assert here.book.faults[Fault.FOLDER_UNUSABLE] == ''
    assert here.store.names() == sorted([happening.name, later.name])


def test_an_old_schedule_on_a_disk_that_comes_back_cancels_nothing(tmp_path: Path) -> None:
    root, standby = tmp_path / 'disk', Standby(tmp_path / 'pyca.db')
    here = Hall(root, standby)
    here.store.prepare()
    here.schedule()  # last week's
    disk = root.rename(tmp_path / 'elsewhere')
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))
    here.schedule(replace(happening, end=int(time.time()) + 3))
    here.service.step()

    disk.rename(root)
    here.until(here.over('a'))

    assert here.phase('a') is Phase.FINISHED
    assert here.book.journals['a'].held == ''


def test_a_recording_is_not_forgotten_before_its_journal_is_written(hall: Callable[..., Hall]) -> None:
    """A full disk takes no journal; when there is room again it must be told how the recording ended."""
    here = hall()
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))
    in_the_way = here.store.folder(happening) / '.recording.json.new'  # where a journal is written first
    in_the_way.mkdir()
    here.end(happening)
    here.clock.wrong = 300
    here.service.step()
    here.service.step()

    in_the_way.rmdir()
    here.service.step()

    stored = load(here.store.folder(happening))
    assert stored is not None
    assert stored.phase is Phase.FINISHED


def test_an_id_from_the_core_cannot_lead_out_of_the_folder(hall: Callable[..., Hall], tmp_path: Path) -> None:
    here = hall()
    uid = '../../outside'
    happening = event(uid, 0, 60)
    here.schedule(happening)

    here.until(here.recording(uid))
    here.end(happening)

    assert here.phase(uid) is Phase.FINISHED
    assert {path.name for path in tmp_path.iterdir()} == {'recordings'}
    assert all(path.parent == here.store.root for path in here.store.root.iterdir())


def test_an_event_that_a_wrong_clock_called_missed_is_recorded_all_the_same(tmp_path: Path) -> None:
    # given a clock that runs an hour ahead for a while
    here = Hall(tmp_path / 'recordings')
    here.schedule(event('a', 3, 60))
    here.clock.wrong = 3600
    here.until(lambda: 'a' in here.book.misses)

    here.clock.wrong = 0
    here.until(here.recording('a'))

    assert here.book.misses == {'a': 'the agent learned of it too late'}
    here.service.close()


def test_an_event_that_passed_while_everything_stood_still_says_so(hall: Callable[..., Hall]) -> None:
    """It was known in time, and was said to have been heard of too late."""
    here = hall()
    known, news = event('known', 60, 10), event('news', 90, 10)
    here.schedule(known)
    here.service.step()

    here.clock.wrong = 3600
    here.schedule(known, news)
    here.until(lambda: len(here.book.misses) == 2)

    assert here.book.misses == {
        'known': 'the agent or its machine stood still, or the clock jumped over it',
        'news': 'the agent learned of it too late',
    }


@pytest.mark.parametrize('overlap', ['first', 'last', 'parallel'])
def test_an_event_whose_start_moves_while_it_runs_is_one_recording(hall: Callable[..., Hall], overlap: str) -> None:
    here = hall(overlap=overlap)
    happening = event('a', -3, 60)
    here.schedule(happening)
    here.until(here.recording('a'))

    moved = Event('a', happening.start + 1, happening.end, happening.title)
    here.schedule(moved)
    here.service.step()
    here.end(moved)
    again = Hall(here.store.root, overlap=overlap)  # an agent that starts after the end
    deadline = time.monotonic() + 2
    again.until(lambda: time.monotonic() > deadline)

    assert here.book.phases['a'] == [Phase.WAITING, Phase.RECORDING, Phase.FINISHED]
    assert len(here.book.journals['a'].segments) == 1
    assert here.book.misses == again.book.misses == {}
    assert len(here.store.names()) == 1


def test_a_folder_that_fails_does_not_keep_a_recorder_from_being_ended(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))
    here.store.broken = True
    other = event('b', -20, 10)
    here.schedule(by_now(happening), other)

    here.until(here.over('a'))

    assert here.phase('a') is Phase.FINISHED


def test_what_a_power_cut_left_is_found_whatever_its_name_says(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = event('a', -30, 20)
    journal = Journal(here.store.root / 'recording-odd-a', happening, ('presenter/source',), Phase.INTERRUPTED)
    journal.folder.mkdir(parents=True)
    journal.save()

    here.until(here.over('a'))


@pytest.mark.parametrize(
    'uid', ['{{time}}', '{{dir}}', 'a b%20%d', "o'clock", 'x' * 300, 'two\nlines', '-rf', 'Hörsaal']
)
def test_an_event_of_any_id_is_recorded(hall: Callable[..., Hall], uid: str) -> None:
    here = hall()
    happening = event(uid, 0, 60)
    here.schedule(happening)

    here.until(here.recording(uid))
    here.end(happening)

    assert here.phase(uid) is Phase.FINISHED


def test_an_event_that_moves_to_a_later_start_while_it_runs_is_recorded_then(hall: Callable[..., Hall]) -> None:
    here = hall()
    happening = event('a', 0, 60)
    here.schedule(happening)
    here.until(here.recording('a'))

    moved = event('a', 3 + LEAD, 60)
    here.schedule(moved)
    here.until(lambda: here.book.journals['a'].event == moved and here.recording('a')())
    here.end(moved)

    assert here.phase('a') is Phase.FINISHED
    assert 0 <= late(here, moved) < 1
    assert here.book.misses == {}
