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


class House:
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
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_lecture_reaches_capture_and_the_database_as_it_was_written(house: House) -> None:
    """Row 28."""
    house.service().step()
    [stored] = house.upcoming.all()
    assert stored.title == 'Hörsaal , "1" 🎓'
    assert stored.attachment('org.opencastproject.capture.agent.properties') == 'a=b\n'
    assert house.filed == [stored.title]
    house.database.close()


def test_a_restart_confirms_what_is_stored_without_writing_the_file_again(house: House) -> None:
    house.service().step()
    before = house.path.stat()
    house.core.answer = None
    house.clock.pass_(60)
    house.service().step()
    assert house.core.polls[1] == (house.core.polls[0][0], 'mod1')
    assert house.path.stat() == before
    assert house.upcoming.synced() == house.clock.now()
    house.database.close()


def test_a_damaged_file_comes_back_from_the_database_without_the_core(house: House) -> None:
    house.service().step()
    house.path.write_text('{"version": 1, "ev')
    house.core.answer = Unreachable('gone')
    house.service().step()
    assert house.filed == ['Hörsaal , "1" 🎓']
    assert [row.fault for row in Faults(house.database).all()] == [Fault.CORE_UNREACHABLE]
    house.database.close()


def test_a_file_that_is_gone_comes_back_with_the_next_poll(house: House) -> None:
    service = house.service()
    service.step()
    house.path.unlink()
    house.core.answer = None
    house.clock.pass_(60)
    service.step()
    assert house.filed == ['Hörsaal , "1" 🎓']
    house.database.close()


def test_a_lost_database_comes_back_from_the_file_without_the_core(house: House, tmp_path: Path) -> None:
    house.service().step()
    house.database.close()
    for path in tmp_path.glob('pyca.db*'):
        path.unlink()
    house.core.answer = Unreachable('gone')
    house.service().step()
    assert [event.uid for event in house.upcoming.all()] == ['68b19d11']
    house.database.close()


def test_without_a_database_capture_gets_its_schedule_all_the_same(house: House, tmp_path: Path) -> None:
    house.database = Database(f'sqlite:///{tmp_path}/missing/pyca.db', house.clock)
    house.upcoming = Upcoming(house.database)
    service = house.service()
    with pytest.raises(StorageError):
        service.step()
    assert house.filed == ['Hörsaal , "1" 🎓']
    house.core.answer = Calendar([], etag='mod2')
    house.core.knows()
    house.clock.pass_(60)
    with pytest.raises(StorageError):
        service.step()
    assert house.filed == []
