"""A recording that a person deletes while its event lasts, with real recorders."""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pyca.accounts.said import Words
from pyca.clock import SystemClock
from pyca.event import Event
from pyca.order import Order, OrderKind
from pyca.recording.journal import Phase
from pyca.states import EventStatus
from pyca.storage.database import Database
from pyca.storage.edits import Edits
from pyca.storage.memory import Memory
from pyca.storage.recorded import Recorded, Recordings
from pyca.ui.deletion import Folders
from tests.services.test_capture import Hall, event


class Office:
    """What the accounts and the page do about the recordings of a hall."""

    def __init__(self, here: Hall, database: Database) -> None:
        self.here = here
        self.recordings = Recordings(database)
        self._edits = Edits(database)
        self._words = Words(here.store, self.recordings, Memory(database), SystemClock(), False)

    def row(self, uid: str = 'a') -> Recorded | None:
        """What the page shows of the recording."""
        journal = self.here.book.journals[uid]
        word = self._words.of(journal)
        if word is not None:
            self.recordings.mirror(journal.event, word.said)
        return self.recordings.get(uid)

    def end(self, uid: str = 'a') -> None:
        self.here.desk.hand_in(Order(f'end of {uid}', uid, OrderKind.END))
        self.here.until(self.here.over(uid))

    def deliver(self) -> None:
        """The core has it now."""
        (self.here.book.journals['a'].folder / 'upload.json').write_text('{"final_sent": 1.0, "accepted": 2.0}')

    def delete(self, uid: str = 'a', *, files: bool = True) -> None:
        assert self.row(uid) is not None
        if files:
            Folders(self.here.store).delete(self._edits.deletable(uid))
        self._edits.delete(uid)
        assert self.row(uid) is None

    def restart(self) -> None:
        """The next agent, after its first looks at the schedule."""
        here = self.here
        here.service.close()
        here.service = here.capture()
        for _ in range(5):
            here.service.step()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f'sqlite:///{tmp_path}/pyca.db', SystemClock())
    yield database
    database.close()


@pytest.fixture
def lecture() -> Event:
    return event('a', 0, 600)


@pytest.fixture
def office(hall: Callable[..., Hall], database: Database, lecture: Event) -> Office:
    """In its hall a lecture is being recorded."""
    here = hall()
    here.schedule(lecture)
    here.until(here.recording('a'))
    return Office(here, database)


def test_it_is_not_begun_again_by_the_next_agent(office: Office) -> None:
    here = office.here
    office.end()
    office.delete()
    office.restart()
    assert (here.service.busy, here.store.names(), here.book.misses) == (False, [], {})


@pytest.mark.parametrize('files', [True, False], ids=['with its files', 'its row alone'])
def test_what_the_core_wants_beyond_it_is_recorded_and_seen(office: Office, lecture: Event, files: bool) -> None:
    here = office.here
    office.end()
    office.delete(files=files)
    here.service.close()
    here.service = here.capture()
    here.schedule(replace(lecture, end=lecture.end + 60))
    here.until(here.recording('a'))

    row = office.row()
    assert row is not None
    assert (row.status, row.event.end) == (EventStatus.RECORDING, lecture.end + 60)
    office.here.desk.hand_in(Order('again', 'a', OrderKind.END))
    here.until(here.over('a'))
    assert (here.phase('a'), here.book.journals['a'].held) == (Phase.FINISHED, '')
    office.delete()
    assert here.store.names() == []


def test_what_the_core_wants_beyond_one_that_it_has_is_kept_apart(office: Office, lecture: Event) -> None:
    here = office.here
    office.end()
    office.deliver()
    office.delete()
    here.schedule(replace(lecture, end=lecture.end + 60))
    here.until(here.recording('a-rest'))
    assert 'this is the rest of it' in here.book.journals['a-rest'].held


def test_a_rest_does_not_begin_again_before_the_core_wants_more_of_it(office: Office, lecture: Event) -> None:
    """The delivered first part, which ended before the event does, is still there."""
    here = office.here
    office.end()
    office.deliver()
    here.until(lambda: time.time() >= lecture.start + 1)
    here.schedule(replace(lecture, end=lecture.end + 60))
    here.until(here.recording('a-rest'))
    office.end('a-rest')
    office.delete('a-rest')
    office.restart()
    assert (here.service.busy, here.store.names()) == (False, [lecture.name])

    here.schedule(replace(lecture, end=lecture.end + 120))
    here.until(here.recording('a-rest'))
    assert 'this is the rest of it' in here.book.journals['a-rest'].held
    assert here.book.journals['a-rest'].event.title == 'Lecture a (rest)'
    assert here.phase('a') is Phase.FINISHED


@contextmanager
def hardly_any_file_can_be_opened() -> Iterator[None]:
    """Enough to read and write one at a time, and too few for folders within folders; files can be deleted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = set(map(int, os.listdir('/proc/self/fd')))
    free = sorted(set(range(len(used) + 21)) - used)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free[20], hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_deletion_that_fails_halfway_does_not_forget_what_the_core_has(office: Office, lecture: Event) -> None:
    here = office.here
    office.end()
    folder, names = here.book.journals['a'].folder, iter(range(1000))
    while True:  # until the notes of the upload come before the obstacle
        obstacle = folder / f'obstacle-{next(names)}'
        obstacle.joinpath(*'d' * 50).mkdir(parents=True)
        (folder / 'upload.json').unlink(missing_ok=True)
        office.deliver()
        if os.listdir(folder).index('upload.json') < os.listdir(folder).index(obstacle.name):
            break
        shutil.rmtree(obstacle)
    with hardly_any_file_can_be_opened(), pytest.raises(OSError, match='Too many open files'):
        office.delete()
    assert office.row() is not None

    office.delete()
    assert here.store.names() == []
    here.schedule(replace(lecture, end=lecture.end + 60))
    here.until(here.recording('a-rest'))
    assert 'this is the rest of it' in here.book.journals['a-rest'].held


def test_one_that_the_core_took_away_is_recorded_when_the_core_wants_it_again(office: Office, lecture: Event) -> None:
    here = office.here
    here.schedule()
    here.until(here.over('a'))
    office.delete()
    here.schedule(lecture)
    here.until(here.recording('a'))
    assert office.row() is not None


def test_one_of_which_only_the_files_say_what_it_was_stays_deleted_without_its_title(office: Office) -> None:
    office.end()
    office.delete()
    (kept,) = (office.here.store.root / '.deleted').iterdir()
    assert 'Lecture' not in kept.read_text()
