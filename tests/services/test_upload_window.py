"""The times in which nothing is uploaded."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pyca import settings
from pyca.errors import Refused, StorageError, Unreachable
from pyca.ingest.outside import Progress
from pyca.ingest.window import UploadWindow
from pyca.opencast.mediapackage import MediaPackage
from pyca.states import EventStatus
from tests.services.ingest_world import World

DONE = EventStatus.FINISHED_UPLOADING
RECORDED = EventStatus.FINISHED_RECORDING
BERLIN = ZoneInfo('Europe/Berlin')
HOURS = 'waits for its hours, from 22:00'
CAPTURING = 'waits until the recording under way is over'


class Room(World):
    """A world whose uploads have their hours, with a recording that may be under way."""

    quiet: UploadWindow

    def configure(self, **options: object) -> None:
        self.options = settings.Ingest(**options)  # type: ignore[arg-type]
        self.window = self.quiet = UploadWindow(self.options, BERLIN, self.recordings, self.clock)
        self.restart()

    def at(self, text: str) -> None:
        """Set the clock, in UTC."""
        self.clock.time = datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()

    def capture(self, seconds: float = 3600) -> None:
        """Begin to record another event."""
        self.record('other', end=int(self.clock.now() + seconds), status=EventStatus.RECORDING)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_an_upload_waits_for_its_hours_and_says_so(room: Room) -> None:
    room.at('2025-07-15 12:00')
    room.configure(hours=('22:00-06:00',))
    room.record(end=int(room.clock.now()))
    assert room.turn() == 10
    assert room.core.calls == []
    assert (room.row().status, room.row().cause) == (RECORDED, HOURS)
    assert datetime.fromtimestamp(room.row().next_try or 0, BERLIN).isoformat() == '2025-07-15T22:00:00+02:00'

    room.run(8 * 3600 - 20)
    assert room.core.calls == []
    room.run(40)
    assert room.row().status is DONE
    assert room.row().cause == ''


@pytest.mark.parametrize(('day', 'hours'), [('2025-03-29', 7.0), ('2025-10-25', 9.0)])
def test_the_night_on_which_the_clocks_are_changed_ends_at_six_as_well(room: Room, day: str, hours: float) -> None:
    """Over DST: from 22:00 to 06:00 it is an hour less in spring, one more in autumn."""
    room.at(f'{day} 12:00')
    room.configure(hours=('22:00-06:00',))
    opens = room.window.now()
    assert opens is not None
    assert opens.until is not None
    room.clock.time = opens.until
    assert room.window.now() is None
    room.clock.advance(hours * 3600 - 1)
    assert room.window.now() is None
    room.clock.advance(1)
    assert room.window.now() is not None


def test_after_the_hours_begin_each_room_waits_its_random_while(room: Room) -> None:
    room.at('2025-07-15 12:00')
    room.configure(hours=('22:00-06:00',), delay_min=600, delay_max=1200)
    room.record(end=int(room.clock.now()))
    room.run(8 * 3600 + 880)
    assert room.core.calls == []
    room.run(40)
    assert room.row().status is DONE


def test_a_shortest_delay_alone_is_kept(room: Room) -> None:
    """H29."""
    room.configure(delay_min=100, delay_max=100)
    room.record()
    room.run(80)
    assert room.core.calls == []
    room.run(40)
    assert room.row().status is DONE


def test_what_was_sent_before_the_hours_ended_is_not_sent_again(room: Room) -> None:
    room.at('2025-07-16 03:59')
    room.configure(hours=('22:00-06:00',))
    room.record(end=int(room.clock.now()))
    while not room.core.count('add_track'):
        room.service.step()
    room.clock.advance(120)
    room.turn()
    assert (room.row().status, room.row().cause) == (RECORDED, HOURS)
    room.run(17 * 3600)
    assert room.row().status is DONE
    assert room.core.count('add_track') == 2


def test_hours_that_are_taken_away_keep_nobody_waiting(room: Room) -> None:
    room.at('2025-07-15 12:00')
    room.configure(hours=('22:00-06:00',))
    room.record(end=int(room.clock.now()))
    room.turn()
    room.configure()
    room.run(60)
    assert room.row().status is DONE


def test_nothing_is_uploaded_while_something_is_recorded(room: Room) -> None:
    room.configure(pause_while_capturing=True)
    room.capture()
    room.record()
    room.run(1800)
    assert room.core.calls == []
    assert (room.row().status, room.row().cause) == (RECORDED, CAPTURING)

    room.set('other', status=EventStatus.PARTIAL_RECORDING)
    room.run(20)
    assert room.row().status is DONE


def test_a_recording_that_nobody_ended_holds_nothing_up_for_ever(room: Room) -> None:
    """Whoever would have said that it is over may be gone."""
    room.configure(pause_while_capturing=True)
    room.capture(600)
    room.record()
    room.run(890)
    assert room.core.calls == []
    room.run(40)
    assert room.row().status is DONE


def test_a_recording_that_begins_holds_back_the_upload_under_way(room: Room) -> None:
    """Its transfer is asked to, the page says why, and between two files it is put back."""
    room.configure(pause_while_capturing=True)
    room.record()
    seen: list[tuple[bool, str, EventStatus]] = []

    def send(node: str, package: MediaPackage, flavor: str, path: Path, progress: Progress) -> MediaPackage:
        for _ in range(3):
            room.clock.advance(5)
            progress(100, 1000)
            seen.append((room.quiet.holding(), room.row().cause, room.row().status))
            if len(seen) == 1:
                room.capture()
        room.set('other', status=EventStatus.PARTIAL_RECORDING)
        room.clock.advance(5)
        progress(1000, 1000)
        seen.append((room.quiet.holding(), room.row().cause, room.row().status))
        room.set('other', status=EventStatus.RECORDING)
        return room.core.add_track(node, package, flavor, path, progress)

    room.core.send = send
    while not room.core.count('add_track'):
        room.service.step()
    uploading = EventStatus.UPLOADING
    assert seen == [(False, '', uploading), *[(True, CAPTURING, uploading)] * 2, (False, '', uploading)]
    room.clock.advance(5)
    room.turn()
    assert (room.row().status, room.row().cause) == (RECORDED, CAPTURING)

    room.set('other', status=EventStatus.PARTIAL_RECORDING)
    room.run(30)
    assert room.row().status is DONE
    assert room.core.count('add_track') == 2


def test_what_is_there_as_a_whole_is_handed_over_all_the_same(room: Room) -> None:
    room.configure(pause_while_capturing=True)
    room.record(tracks=1)
    while not room.core.count('add_track'):
        room.service.step()
    room.capture()
    room.clock.advance(5)
    room.turn()
    assert room.row().status is DONE


@pytest.mark.parametrize('crashed', [False, True], ids=['it runs on', 'it crashes'])
def test_a_final_call_whose_answer_got_lost_is_settled_all_the_same(room: Room, crashed: bool) -> None:
    """A core that cannot be asked gets it again for some minutes only; later nobody would know."""
    room.configure(pause_while_capturing=True)
    for question in ('owns', 'technical'):
        room.core.always[question] = Refused('403', status=403)
    room.record(tracks=1)
    room.record('event-2')
    room.core.fail('ingest', Unreachable('lost', sent=True))
    while not room.core.count('ingest'):
        room.service.step()
    room.capture(5400)
    room.clock.advance(5)
    if crashed:  # before the answer
        room.set(status=EventStatus.UPLOADING, phase='uploading', next_try=None)
        room.restart()
    room.run(1800)
    assert (room.row().status, room.core.count('ingest')) == (DONE, 2)
    assert (room.row('event-2').cause, room.core.count('add_track')) == (CAPTURING, 1)


def test_an_error_before_a_closed_window_is_not_held_against_what_comes_after_it(room: Room) -> None:
    room.configure(pause_while_capturing=True)
    room.record()
    room.core.fail('add_track', ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        room.turn()
    room.capture()
    room.clock.advance(5)
    room.turn()
    assert (room.row().status, room.row().cause) == (RECORDED, CAPTURING)
    room.set('other', status=EventStatus.PARTIAL_RECORDING)
    room.run(30)
    assert room.row().status is DONE


def test_what_a_crash_left_claimed_waits_as_well(room: Room) -> None:
    room.configure(pause_while_capturing=True)
    room.capture()
    room.record(status=EventStatus.UPLOADING)
    room.turn()
    assert (room.row().status, room.row().cause) == (RECORDED, CAPTURING)
    room.set('other', status=EventStatus.PARTIAL_RECORDING)
    room.run(30)
    assert len(room.core.accepted) == 1


def test_a_database_that_cannot_be_asked_holds_nothing_back(room: Room) -> None:
    room.configure(pause_while_capturing=True)
    room.recordings.trouble = StorageError('database is locked')
    assert not room.quiet.holding()
