"""What `pyca report` and `pyca retry` say, over a real database and real folders."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pyca.cli import report as reporting
from pyca.cli.retry import retry
from pyca.errors import NothingToDecide, StorageError
from pyca.event import Event, Outcome, Track
from pyca.recording.schedule import ScheduleFile
from pyca.recording.store import Store
from pyca.states import EventStatus, Fault, ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.edits import Edit, Edits
from pyca.storage.faults import Faults
from pyca.storage.memory import Memory
from pyca.storage.outcomes import FIRST_START
from pyca.storage.recorded import Recordings, Said
from pyca.storage.services import Services
from pyca.storage.upcoming import Upcoming
from pyca.storage.visiting import Visited
from tests.storage.clocks import HandClock

NOW = 1_795_420_800.0
"""Mon 23 Nov 2026, 08:00 UTC."""
HOUR = 3600
DAY = 24 * HOUR
TRACKS = (Track('presenter/source', Path('/r/a.mkv')),)

OLD_ROW = "INSERT INTO recorded_event VALUES ('old', 1600000000, 1600003600, 'Years ago', x'7b7d', 6, NULL)"


@pytest.fixture
def zone() -> Iterator[None]:
    """The zone of the machine on which a person reads the report."""
    before = os.environ.get('TZ')
    os.environ['TZ'] = 'Europe/Berlin'
    time.tzset()
    yield
    os.environ.pop('TZ')
    if before is not None:
        os.environ['TZ'] = before
    time.tzset()


class Hall:
    """An agent's database on a Monday morning."""

    def __init__(self, root: Path) -> None:
        self.clock = HandClock(NOW)
        self.url = f'sqlite:///{root}/pyca.db'
        self.file = root / 'pyca.db'
        self.store = Store(root / 'recordings')
        self.store.prepare()
        self.database = Database(self.url, self.clock)
        self.recordings = Recordings(self.database)
        self.visited = Visited(self.url, self.clock, timeout=0.1)
        Memory(self.database).put(FIRST_START, NOW - 30 * DAY)
        self.runs(*ServiceType)

    def runs(self, *services: ServiceType) -> None:
        Services(self.database).beat(
            {service: ServiceStatus.IDLE if service in services else ServiceStatus.STOPPED for service in ServiceType}
        )

    def recorded(self, uid: str, ago: int, status: EventStatus, phase: str, **more: object) -> Event:
        """A recording of an hour that ended so many hours ago."""
        end = int(NOW) - ago * HOUR
        event = Event(uid, end - HOUR, end, f'Lecture {uid}')
        self.recordings.mirror(event, Said(status, phase, TRACKS, **more))  # type: ignore[arg-type]
        return event

    def delivered(self, uid: str, ago: int, flaws: str = '') -> Event:
        event = self.recorded(uid, ago, EventStatus.FINISHED_RECORDING, 'finished', flaws=flaws, gaps=bool(flaws))
        self.recordings.uploaded(uid, event.start, NOW)
        return event

    def held(self, uid: str, ago: int, cause: str = 'cancelled in the core') -> Event:
        status = EventStatus.PAUSED_AFTER_RECORDING
        return self.recorded(uid, ago, status, 'held', outcome=Outcome.HELD, cause=cause)

    def missed(self, uid: str, ago: int, cause: str = 'the agent was not running') -> Event:
        return self.recorded(uid, ago, EventStatus.FAILED_RECORDING, 'missed', outcome=Outcome.MISSED, cause=cause)

    def finished(self, uid: str, ago: int) -> Event:
        return self.recorded(uid, ago, EventStatus.FINISHED_RECORDING, 'finished')

    def a_week(self) -> None:
        """One of each, from Friday to now."""
        self.delivered('good', 70)
        self.delivered('late', 68, 'begins 300 s late')
        self.held('cancelled', 66)
        self.recorded('broken', 64, EventStatus.FAILED_RECORDING, 'failed', outcome=Outcome.FAILED, cause='exit code 1')
        self.missed('off', 20)
        sending = self.finished('sending', 3)
        self.recordings.claim(NOW)
        self.recordings.uploading('sending', sending.start, NOW)
        self.recordings.progress('sending', sending.start, 300, 1000)
        self.finished('queued', 2)
        self.recorded('running', -1, EventStatus.RECORDING, 'recording')

    def text(self, days: float | None = 7.0, *, everything: bool = False) -> str:
        found = reporting.gather(self.visited, self.store, days)
        return reporting.as_text(found, 'hall-1', everything=everything)

    def json(self, days: float | None = 7.0) -> dict[str, object]:
        found: dict[str, object] = json.loads(
            reporting.as_json(reporting.gather(self.visited, self.store, days), 'hall-1')
        )
        return found

    def close(self) -> None:
        self.visited.close()
        self.database.close()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    yield hall
    hall.close()


@pytest.mark.usefixtures('zone')
def test_where_fridays_lecture_is(hall: Hall) -> None:
    hall.a_week()
    assert hall.text() == (
        'Events of hall-1, Mon 16 Nov 2026 09:00 to Mon 23 Nov 2026 09:00 (CET)\n'
        '\n'
        'Fri 20 Nov 10:00  Lecture good                                         delivered\n'
        'Fri 20 Nov 12:00  Lecture late                               delivered with gaps\n'
        '                  begins 300 s late\n'
        'Fri 20 Nov 14:00  Lecture cancelled                                         held\n'
        '                  cancelled in the core\n'
        'Fri 20 Nov 16:00  Lecture broken                                          failed\n'
        '                  exit code 1\n'
        'Sun 22 Nov 12:00  Lecture off                                             missed\n'
        '                  the agent was not running\n'
        'Mon 23 Nov 05:00  Lecture sending                                 being uploaded\n'
        '                  30 % sent\n'
        'Mon 23 Nov 06:00  Lecture queued                        recorded, to be uploaded\n'
        'Mon 23 Nov 09:00  Lecture running                                 being recorded\n'
        '\n'
        '    8 events\n'
        '    1 delivered\n'
        '    1 delivered with gaps\n'
        '    1 held\n'
        '    1 failed\n'
        '    1 missed\n'
        '    3 on its way\n'
        '\n'
        'Held. Whoever wants one of them uploaded calls\n'
        '  Fri 20 Nov 2026 14:00  Lecture cancelled\n'
        '    pyca retry cancelled'
    )


def test_the_last_day_is_what_is_asked_about_most(hall: Hall) -> None:
    hall.a_week()
    text = hall.text(1.0)
    assert '    4 events\n    1 missed\n    3 on its way\n' in text
    assert 'Lecture good' not in text


def test_what_is_open_is_listed_however_old_it_is(hall: Hall) -> None:
    hall.held('cancelled', 300)
    waiting = hall.finished('waiting', 200)
    hall.recordings.claim(NOW)
    hall.recordings.upload_failed('waiting', waiting.start, NOW + 600, 'the core cannot be reached')
    text = hall.text(1.0)
    assert 'Nothing in this time' in text
    assert 'pyca retry cancelled' in text
    assert 'On their way since before:' in text
    assert 'the core cannot be reached' in text


def test_the_document_for_programs_says_the_same(hall: Hall) -> None:
    hall.a_week()
    hall.held('older', 300)
    found = hall.json()
    assert (found['version'], found['agent'], found['total']) == (1, 'hall-1', 8)
    assert (found['since'], found['until']) == ('2026-11-16T08:00:00Z', '2026-11-23T08:00:00Z')
    assert found['first_start'] == '2026-10-24T08:00:00Z'
    assert found['sums'] == {
        'delivered': 1,
        'delivered with gaps': 1,
        'held': 1,
        'failed': 1,
        'missed': 1,
        'on its way': 3,
    }
    assert isinstance(found['events'], list)
    assert found['events'][2] == {
        'uid': 'cancelled',
        'recording': f'recording-{int(NOW) - 67 * HOUR}-cancelled',
        'title': 'Lecture cancelled',
        'start': '2026-11-20T13:00:00Z',
        'end': '2026-11-20T14:00:00Z',
        'outcome': 'held',
        'state': 'held',
        'cause': 'cancelled in the core',
        'open': True,
        'next_try': None,
        'bytes_sent': 0,
        'bytes_total': 0,
    }
    assert [entry['uid'] for entry in found['open_before']] == ['older']  # type: ignore[attr-defined]
    assert (found['running'], found['deleted'], found['left_by_older_program']) == (True, 0, [])


def test_events_that_the_agent_has_not_spoken_of_yet_are_listed(hall: Hall) -> None:
    """The agent is off, or its database is behind: what its schedule knows is not passed over."""
    now = int(NOW)
    Upcoming(hall.database).replace(
        [
            Event('over', now - 3 * HOUR, now - 2 * HOUR, 'Over'),
            Event('due', now - 60, now + HOUR, 'Due'),
            Event('coming', now + HOUR, now + 2 * HOUR, 'Coming'),
            Event('ancient', 1000, 2000, 'Before the first start'),
        ],
        'http://core',
        NOW,
    )
    file = ScheduleFile(hall.store, hall.clock)
    file.write_schedule([Event('left', now - 6 * HOUR, now - 5 * HOUR, 'Left')], NOW)
    file.write_schedule([], NOW)
    hall.runs()

    found = hall.json(1.0)

    assert [(entry['uid'], entry['state']) for entry in found['events']] == [  # type: ignore[attr-defined]
        ('left', 'unknown'),
        ('over', 'unknown'),
        ('due', 'due'),
    ]
    assert found['sums']['on its way'] == found['total'] == 3  # type: ignore[index]
    assert 'The agent is not running' in hall.text(1.0)


def test_an_event_that_was_moved_while_it_was_recorded_is_one_event(hall: Hall) -> None:
    event = hall.recorded('a', -1, EventStatus.RECORDING, 'recording')
    Upcoming(hall.database).replace([replace(event, start=event.start - 600)], 'http://core', NOW)
    assert hall.json(1.0)['total'] == 1


def test_what_somebody_set_or_deleted_is_told_as_it_is(hall: Hall) -> None:
    for number, status in enumerate((EventStatus.PAUSED_AFTER_RECORDING, EventStatus.FINISHED_UPLOADING)):
        hall.finished(f'set-{number}', 5)
        Edits(hall.database).change(f'set-{number}', Edit(status=status))
    hall.delivered('gone', 4)
    Edits(hall.database).delete('gone')
    found = hall.json(1.0)
    assert [(entry['outcome'], entry['cause']) for entry in found['events']] == [  # type: ignore[attr-defined]
        ('held', 'somebody has set it to that by hand'),
        ('delivered', ''),
    ]
    assert found['deleted'] == 1
    assert 'Not counted: 1 recording that somebody deleted.' in hall.text(1.0)


def test_what_an_older_program_left_is_apart(hall: Hall) -> None:
    """Peers C21."""
    with closing(sqlite3.connect(hall.file)) as connection, connection:
        connection.execute(OLD_ROW)
    assert hall.json(None)['total'] == 0
    assert '1 recording left by an older program; --all lists' in hall.text()
    assert 'Years ago' not in hall.text()
    everything = hall.text(None, everything=True)
    assert 'Years ago' in everything
    assert 'failed uploading' in everything


@pytest.mark.parametrize('odd', ['1600000000000', '-99999999999999', "'soon'"])
def test_a_time_that_no_calendar_has_is_no_error(hall: Hall, odd: str) -> None:
    """H58: scripts sent milliseconds."""
    with closing(sqlite3.connect(hall.file)) as connection, connection:
        connection.execute(OLD_ROW.replace('1600003600', odd))
        connection.execute(OLD_ROW.replace('1600000000', odd))
    assert hall.text(None, everything=True).count('Years ago') == 2
    left = hall.json(None)['left_by_older_program']
    assert isinstance(left, list)
    assert len(left) == 2


def test_titles_cannot_harm_the_terminal_or_the_table(hall: Hall) -> None:
    for number, title in enumerate(('\x1b[2Jgone\r\n\x07', '微积分' * 30, 'e\u0301' * 200, '')):
        event = hall.held(f"it's {number}", 5 + number)
        hall.recordings.mirror(replace(event, title=title), Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', TRACKS))
    text = hall.text(1.0)
    assert all(letter.isprintable() or letter == '\n' for letter in text)
    assert "pyca retry 'it'\"'\"'s 0'" in text
    assert max(len(line) for line in text.split('\n') if '微' not in line and '\u0301' not in line) <= 80


def test_a_new_agent_has_nothing_to_tell_yet(tmp_path: Path) -> None:
    visited = Visited(f'sqlite:///{tmp_path}/pyca.db', HandClock(NOW))
    found = reporting.gather(visited, Store(tmp_path / 'recordings'), 1.0)
    assert reporting.as_text(found, 'hall-1', everything=False).startswith('Nothing yet')
    assert json.loads(reporting.as_json(found, 'hall-1'))['total'] == 0
    assert list(tmp_path.iterdir()) == []  # what the report made would belong to whoever asked for it


def test_the_report_leaves_a_database_of_another_program_as_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / 'pyca.db')) as connection:
        connection.execute('CREATE TABLE recorded_event (uid TEXT)')
    before = (tmp_path / 'pyca.db').read_bytes()
    found = reporting.gather(Visited(f'sqlite:///{tmp_path}/pyca.db', HandClock(NOW)), Store(tmp_path / 'r'), 1.0)
    assert 'takes it over' in found.nothing
    assert (tmp_path / 'pyca.db').read_bytes() == before


def test_a_damaged_database_is_a_sentence_and_stays_where_it_is(hall: Hall) -> None:
    hall.close()
    hall.file.write_bytes(b'garbage ' * 1000)
    for _ in range(2):
        with pytest.raises(StorageError, match=r'pyca\.db'):
            hall.text()
    assert hall.file.read_bytes() == b'garbage ' * 1000


def test_a_locked_database_can_still_be_asked(hall: Hall) -> None:
    hall.a_week()
    with closing(sqlite3.connect(hall.file, isolation_level=None)) as other:
        other.execute('BEGIN IMMEDIATE')
        assert '    8 events' in hall.text()
        with pytest.raises(StorageError, match='locked'):
            retry(hall.visited, 'cancelled')
    assert 'is uploaded now' in retry(hall.visited, 'cancelled')


def test_what_is_held_is_uploaded_when_a_person_says_so(hall: Hall) -> None:
    hall.held('cancelled', 66)
    before = hall.database.change()

    assert retry(hall.visited, 'cancelled') == 'Lecture cancelled (cancelled) is uploaded now.'

    assert hall.database.change() != before  # by which a running agent learns of it within a second
    row = hall.recordings.claim(NOW)
    assert row is not None
    assert (row.event.uid, row.phase, row.outcome) == ('cancelled', 'queued', None)


def test_what_waits_does_not_wait_any_longer(hall: Hall) -> None:
    event = hall.finished('slow', 5)
    hall.recordings.claim(NOW)
    hall.recordings.upload_failed('slow', event.start, NOW + 600, 'down')
    assert hall.recordings.claim(NOW) is None

    assert retry(hall.visited, 'slow') == 'Lecture slow (slow) does not wait any longer.'

    row = hall.recordings.claim(NOW)
    assert row is not None
    assert row.attempts == 1


def test_a_failed_recording_that_left_files_can_be_uploaded(hall: Hall) -> None:
    hall.recorded('bad', 5, EventStatus.FAILED_RECORDING, 'failed', outcome=Outcome.FAILED, cause='exit code 1')
    retry(hall.visited, 'bad')
    assert hall.recordings.claim(NOW) is not None


def test_a_retry_says_what_is_in_its_way(hall: Hall) -> None:
    hall.held('a', 5)
    hall.held('b', 5)
    Faults(hall.database).raise_(ServiceType.SCHEDULE, Fault.CORE_UNREACHABLE, 'connection refused.', NOW)
    assert 'as soon as the core can be reached (connection refused)' in retry(hall.visited, 'a')
    hall.runs(ServiceType.CAPTURE)
    assert 'as soon as the agent runs' in retry(hall.visited, 'b')


@pytest.mark.parametrize(
    ('word', 'says'),
    [
        ('nobody', 'There is no recording of an event nobody'),
        ('good', 'was delivered already'),
        ('off', 'was missed, so there is nothing to upload: the agent was not running'),
        ('running', 'is still being recorded'),
        ('sending', 'is being uploaded at this moment'),
        ('coming', 'has not been recorded yet'),
        ('empty', 'left no file, so there is nothing to upload: exit code 127'),
        ('interrupted', 'was interrupted'),
    ],
)
def test_a_retry_that_makes_no_sense_is_a_sentence(hall: Hall, word: str, says: str) -> None:
    hall.a_week()
    Upcoming(hall.database).replace([Event('coming', int(NOW) + 60, int(NOW) + 90)], 'http://core', NOW)
    event = hall.recorded('interrupted', -1, EventStatus.PARTIAL_RECORDING, 'interrupted')
    failed = Said(EventStatus.FAILED_RECORDING, 'failed', outcome=Outcome.FAILED, cause='exit code 127')
    hall.recordings.mirror(replace(event, uid='empty'), failed)
    before = hall.database.change()
    with pytest.raises(NothingToDecide, match=says):
        retry(hall.visited, word)
    assert hall.database.change() == before


def test_the_beginning_of_a_uid_is_enough_when_it_is_the_only_one(hall: Hall) -> None:
    for uid in ('5d1f-1', '5d1f-2', '77aa-1'):
        hall.held(uid, 5)
    assert '(77aa-1) is uploaded now' in retry(hall.visited, '77aa')
    with pytest.raises(NothingToDecide, match=r'one of several.*5d1f-1.*5d1f-2'):
        retry(hall.visited, '5d1f')
    with pytest.raises(NothingToDecide, match='no recording'):
        retry(hall.visited, '5')


def test_two_held_recordings_of_one_event_are_told_apart(hall: Hall) -> None:
    hall.held('a', 66)
    hall.held('a', 5)
    hall.delivered('a', 3)
    text = hall.text()
    names = [f'recording-{int(NOW) - (ago + 1) * HOUR}-a' for ago in (66, 5)]
    assert all(f'pyca retry {name}' in text for name in names)
    with pytest.raises(NothingToDecide, match='one of several'):
        retry(hall.visited, 'a')
    assert 'is uploaded now' in retry(hall.visited, names[0])
    row = hall.recordings.claim(NOW)
    assert row is not None
    assert row.name == names[0]


def test_what_an_older_program_left_is_uploaded_when_a_person_says_so(hall: Hall) -> None:
    with closing(sqlite3.connect(hall.file)) as connection, connection:
        connection.execute(OLD_ROW.replace('NULL', '\'[["presenter/source", "/r/a.mkv"]]\''))
    assert hall.recordings.claim(NOW) is None
    assert 'is uploaded now' in retry(hall.visited, 'old')
    assert hall.recordings.claim(NOW) is not None


def test_two_recordings_of_an_older_program_are_told_apart(hall: Hall) -> None:
    first, second = hall.held('a/1', 66), hall.held('a/1', 5)
    with closing(sqlite3.connect(hall.file)) as connection, connection:
        connection.execute('DELETE FROM pyca_recording')
    with pytest.raises(NothingToDecide, match=second.name):
        retry(hall.visited, 'a/1')
    assert 'is uploaded now' in retry(hall.visited, first.name)
    row = hall.recordings.claim(NOW)
    assert row is not None
    assert row.event.start == first.start


def test_a_copy_that_nobody_can_write_is_read(hall: Hall, tmp_path: Path) -> None:
    """As root there is no such folder but on a disk that is mounted so; see the tests of the program."""
    hall.a_week()
    hall.close()
    folder = tmp_path / 'shelf'
    folder.mkdir()
    shutil.copy(hall.file, folder)
    folder.chmod(0o500)
    visited = Visited(f'sqlite:///{folder}/pyca.db', hall.clock)
    assert len(reporting.gather(visited, hall.store, 7.0).lines) == 8
    visited.close()
    folder.chmod(0o700)
