"""The schedule service over the real database and the real file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyca.errors import StorageError, Unreachable
from pyca.opencast.calendar import Calendar as Reader
from pyca.recording.schedule import Schedule as Reading
from pyca.recording.schedule import ScheduleFile
from pyca.recording.store import Store
from pyca.schedule import Schedule, Stores
from pyca.settings import Agent
from pyca.states import Fault
from pyca.storage.database import Database
from pyca.storage.faults import Faults
from pyca.storage.memory import Memory
from pyca.storage.upcoming import Upcoming
from tests.services.schedule_fakes import URL, Calendar, FakeCore, ManualClock

ICAL = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
DTSTAMP:20270101T000000Z
DTSTART:20270120T080000Z
DTEND:20270120T093000Z
SUMMARY:Hörsaal \\, "1" 🎓
UID:68b19d11
ATTACH;FMTTYPE=application/text;VALUE=BINARY;ENCODING=BASE64;X-APPLE-FILENAME=org.opencastproject.capture.agent.properties:YT1iCg==
END:VEVENT
END:VCALENDAR
"""  # fmt: skip


class Context:
    """A folder with a database and a schedule file; each `service` is a new run of the program."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        parsed = Reader().parse(ICAL.replace('\n', '\r\n').encode())
        self.core = FakeCore(*parsed.events)
        self.database = Database(f'sqlite:///{folder}/pyca.db', self.clock)
        self.store = Store(folder / 'recordings')
        self.path = self.store.schedule_path
        self.upcoming = Upcoming(self.database)

    def service(self) -> Schedule:
        file = ScheduleFile(self.store, self.clock)
        stores = Stores(self.upcoming, file, Memory(self.database), Faults(self.database))
        return Schedule(Agent(name='hall-1'), URL, self.core, stores, self.clock)

    @property
    def filed(self) -> list[str]:
        """What capture reads."""
        reading = Reading(self.store)
        reading.refresh()
        return [event.title for event in reading.events.values()]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path)


def test_a_lecture_reaches_capture_and_the_database_as_it_was_written(context: Context) -> None:
    """Row 28."""
    context.service().step()
    [stored] = context.upcoming.all()
    assert stored.title == 'Hörsaal , "1" 🎓'
    assert stored.attachment('org.opencastproject.capture.agent.properties') == 'a=b\n'
    assert context.filed == [stored.title]
    context.database.close()


def written(path: Path) -> tuple[int, int]:
    """Which file it is, when it was written; when it was read does not matter."""
    return path.stat().st_ino, path.stat().st_mtime_ns


def test_a_restart_confirms_what_is_stored_without_writing_the_file_again(context: Context) -> None:
    context.service().step()
    before = written(context.path)
    context.core.answer = None
    context.clock.pass_(60)
    context.service().step()
    assert context.core.polls[1] == (context.core.polls[0][0], 'mod1')
    assert written(context.path) == before
    assert context.upcoming.synced() == context.clock.now()
    context.database.close()


def test_a_damaged_file_comes_back_from_the_database_without_the_core(context: Context) -> None:
    context.service().step()
    context.path.write_text('{"version": 1, "ev')
    context.core.answer = Unreachable('gone')
    context.service().step()
    assert context.filed == ['Hörsaal , "1" 🎓']
    assert [row.fault for row in Faults(context.database).all()] == [Fault.CORE_UNREACHABLE]
    context.database.close()


def test_a_file_that_is_gone_comes_back_with_the_next_poll(context: Context) -> None:
    service = context.service()
    service.step()
    context.path.unlink()
    context.core.answer = None
    context.clock.pass_(60)
    service.step()
    assert context.filed == ['Hörsaal , "1" 🎓']
    context.database.close()


def test_a_lost_database_comes_back_from_the_file_without_the_core(context: Context, tmp_path: Path) -> None:
    context.service().step()
    context.database.close()
    for path in tmp_path.glob('pyca.db*'):
        path.unlink()
    context.core.answer = Unreachable('gone')
    context.service().step()
    assert [event.uid for event in context.upcoming.all()] == ['68b19d11']
    context.database.close()


def test_without_a_database_capture_gets_its_schedule_all_the_same(context: Context, tmp_path: Path) -> None:
    context.database = Database(f'sqlite:///{tmp_path}/missing/pyca.db', context.clock)
    context.upcoming = Upcoming(context.database)
    service = context.service()
    with pytest.raises(StorageError):
        service.step()
    assert context.filed == ['Hörsaal , "1" 🎓']
    context.core.answer = Calendar([], etag='mod2')
    context.core.knows()
    context.clock.pass_(60)
    with pytest.raises(StorageError):
        service.step()
    assert context.filed == []
