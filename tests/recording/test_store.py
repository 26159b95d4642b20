from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pyca.errors import AlreadyRunning, RecordingsUnusable
from pyca.event import Event
from pyca.recording.atomic import read_json, write_json
from pyca.recording.disk import Space
from pyca.recording.plan import Plan, read_plan, stamp, write_plan
from pyca.recording.standby import Standby
from pyca.recording.store import Store

EVENT = Event('a', 100, 200, 'Title ä', {'summary': 'Title ä', 'attach': [{'data': 'x\ny'}], 'dtstart': 100})


class FakeDisk:
    """A disk with as much room as the test says."""

    def __init__(self, free: int = 1 << 30, writable: bool = True) -> None:
        self.free = free
        self.can_write = writable

    def space(self, path: Path) -> Space:
        return Space(1 << 40, 5, self.free)

    def writable(self, path: Path) -> bool:
        return self.can_write


def test_the_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    store = Store(tmp_path / 'a' / 'b' / 'c')
    assert 'missing' in store.usable()

    with store.lock():
        assert store.root.is_dir()
        assert store.usable() == ''


def test_a_second_agent_is_told_who_the_first_is(tmp_path: Path) -> None:
    with (
        Store(tmp_path).lock(),
        pytest.raises(AlreadyRunning, match=rf'process {os.getpid()}\).*{tmp_path}'),
        Store(tmp_path).lock(),
    ):
        pass

    with Store(tmp_path).lock():
        assert (tmp_path / '.lock').read_text().strip() == str(os.getpid())


def test_the_lock_of_a_killed_agent_is_free(tmp_path: Path) -> None:
    program = (
        'import os, sys; from pathlib import Path; from pyca.recording.store import Store\n'
        'with Store(Path(sys.argv[1])).lock(): os.kill(os.getpid(), 9)'
    )
    words = [sys.executable, '-c', program, str(tmp_path)]
    assert subprocess.run(words, cwd=Path(__file__).parents[2], check=False, timeout=60).returncode == -9

    with Store(tmp_path).lock():
        assert Store(tmp_path).usable() == ''


def used_before(folder: Path) -> Path:
    """A recordings folder as an agent finds it that starts while its disk is not mounted."""
    root = folder / 'recordings'
    Store(root, standby=Standby(folder / 'pyca.db')).prepare()
    shutil.rmtree(root)
    root.mkdir()
    return root


def test_a_disk_that_is_not_mounted_is_not_filled(tmp_path: Path) -> None:
    """H15: the root file system was filled instead."""
    # given a folder that an earlier run has used, now an empty mount point
    root = used_before(tmp_path)
    store = Store(root, standby=Standby(tmp_path / 'pyca.db'))

    assert 'mounted' in store.usable()
    with pytest.raises(RecordingsUnusable, match='mounted'), store.lock():
        pass
    assert list(root.iterdir()) == []

    # when it is mounted, or said to be new
    (root / '.pyca').touch()
    assert store.usable() == ''
    with store.lock():
        pass


def test_a_disk_that_goes_away_is_noticed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.lock():
        store.marker.unlink()

        assert 'mounted' in store.usable()


def test_a_missing_folder_that_was_there_once_is_not_made(tmp_path: Path) -> None:
    used_before(tmp_path).rmdir()
    store = Store(tmp_path / 'recordings', standby=Standby(tmp_path / 'pyca.db'))

    with pytest.raises(RecordingsUnusable), store.lock():
        pass
    assert not (tmp_path / 'recordings').exists()


def test_what_cannot_begin_in_its_folder_begins_beside_the_database_and_is_found_there(tmp_path: Path) -> None:
    root, beside = used_before(tmp_path), tmp_path / 'pyca.db'
    store = Store(root, standby=Standby(beside))

    folder = store.make(EVENT)

    assert folder.parent == tmp_path / 'pyca.db.standby'
    assert 'until then recordings go to' in store.trouble()
    assert list(root.iterdir()) == []
    store.marker.touch()  # it is mounted again
    assert store.trouble() == ''
    assert store.make(Event('b', 300, 400)).parent == root
    assert store.names() == ['recording-100-a', 'recording-300-b']
    assert store.find('recording-100-a') == folder
    assert Store(root, standby=Standby(beside)).find('recording-100-a') == folder


def test_another_folder_in_the_configuration_is_a_new_one(tmp_path: Path) -> None:
    used_before(tmp_path)
    store = Store(tmp_path / 'other', standby=Standby(tmp_path / 'pyca.db'))

    store.prepare()

    assert store.trouble() == ''


def test_a_folder_that_is_mounted_read_only_is_trouble_until_it_is_not(tmp_path: Path) -> None:
    disk = FakeDisk()
    store = Store(tmp_path / 'recordings', standby=Standby(tmp_path / 'pyca.db'), disk=disk)
    store.prepare()
    disk.can_write = False

    assert 'mount options' in store.trouble()
    assert store.make(EVENT).parent == tmp_path / 'pyca.db.standby'

    disk.can_write = True
    assert store.trouble() == ''


def test_without_a_place_beside_it_nothing_is_recorded_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(RecordingsUnusable):
        Store(tmp_path, disk=FakeDisk(writable=False)).make(EVENT)


def test_a_recording_that_began_late_elsewhere_may_lack_a_part(tmp_path: Path) -> None:
    store = Store(used_before(tmp_path), standby=Standby(tmp_path / 'pyca.db'))
    store.make(EVENT)

    assert store.hidden(EVENT, EVENT.start + 1) == ''
    assert 'first part' in store.hidden(EVENT, EVENT.start + 60)
    assert store.hidden(Event('b', 100, 400), 200) == ''


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()

    assert 'not a folder' in Store(tmp_path / 'file').usable()
    for root in (tmp_path / 'file', tmp_path / 'file' / 'below'):
        with pytest.raises(RecordingsUnusable), Store(root).lock():
            pass


def test_a_full_disk_is_said_but_does_not_keep_the_agent_from_starting(tmp_path: Path) -> None:
    disk = FakeDisk(free=(1 << 20) - 1)
    store = Store(tmp_path, disk=disk)

    with store.lock():
        assert 'full' in store.usable()
        disk.free += 1
        assert store.usable() == ''
        assert store.space() == Space(1 << 40, 5, 1 << 20)


def test_room_for_the_notes_of_uploads_is_taken_while_there_is_enough(tmp_path: Path) -> None:
    disk = FakeDisk(free=1 << 20)
    store = Store(tmp_path, disk=disk)
    store.prepare()
    assert not (tmp_path / '.reserve').exists()

    disk.free = 1 << 30
    store.prepare()

    assert (tmp_path / '.reserve').stat().st_size == 256 << 10


def test_a_folder_of_somebody_else_is_said(tmp_path: Path) -> None:
    assert 'cannot be written' in Store(tmp_path, disk=FakeDisk(writable=False)).usable()


def test_there_is_no_space_without_a_folder(tmp_path: Path) -> None:
    space = Store(tmp_path).space()

    assert space is not None
    assert 0 <= space.free <= space.total
    assert Store(tmp_path / 'none').space() is None


def test_recordings_have_their_folders(tmp_path: Path) -> None:
    store = Store(tmp_path)
    later = store.make(Event('b', 300, 400))
    first = store.make(EVENT)
    (tmp_path / 'recording-file').touch()
    (tmp_path / '.delivered').mkdir()

    assert first == store.make(EVENT) == store.folder(EVENT) == tmp_path / 'recording-100-a'
    assert store.names() == [first.name, later.name]
    assert store.delivered('n') == tmp_path / '.delivered' / 'n.json'
    assert Store(tmp_path / 'none').names() == []
    (tmp_path / 'recording-500-c').touch()
    with pytest.raises(RecordingsUnusable, match='recording-500-c'):
        store.make(Event('c', 500, 600))


def test_a_uid_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    """H17: an id of the core went into paths as it was."""
    store = Store(tmp_path)

    assert store.folder(Event('../../etc/x', 1, 2)).resolve().parent == tmp_path.resolve()


def test_the_schedule_survives(tmp_path: Path) -> None:
    path = Store(tmp_path).schedule_path
    before = stamp(path)
    plan = Plan((EVENT, Event('b', 300, 400)), 1.5, 2.5)

    write_plan(path, plan)

    assert read_plan(path) == plan
    assert dict(read_plan(path).events[0].data) == EVENT.data  # type: ignore[union-attr]
    assert before is None
    assert stamp(path) == stamp(path) is not None
    assert [entry.name for entry in tmp_path.iterdir()] == ['schedule.json']


def test_every_writing_changes_the_stamp(tmp_path: Path) -> None:
    path = tmp_path / 'schedule.json'
    write_plan(path, Plan((), None, 1.0))
    before = stamp(path)

    write_plan(path, Plan((), None, 2.0))

    assert stamp(path) != before


def test_events_come_by_start(tmp_path: Path) -> None:
    path = tmp_path / 'schedule.json'
    write_plan(path, Plan((Event('b', 300, 400), EVENT), None, 0.0))

    plan = read_plan(path)

    assert plan is not None
    assert [event.uid for event in plan.events] == ['a', 'b']
    assert plan.synced is None


@pytest.mark.parametrize(
    'text',
    [
        '',
        '{"version": 1, "writ',
        '[]',
        'null',
        '{"version": 2, "written": 1, "synced": 1, "events": []}',
        '{"version": 1, "written": 1, "synced": 1, "events": [{"uid": "a"}]}',
        '{"version": 1, "written": 1, "synced": 1, "events": [7]}',
        '{"version": 1, "written": 1, "synced": 1, "events": [{"uid":1,"start":1,"end":2,"title":"","data":{}}]}',
        '{"version": 1, "written": 1, "synced": "x", "events": []}',
        '\x00' * 20,
    ],
)
def test_a_damaged_schedule_is_set_aside(tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / 'schedule.json'
    path.write_text(text)

    with caplog.at_level(logging.ERROR):
        assert read_plan(path) is None

    assert not path.exists()
    assert (tmp_path / 'schedule.json.damaged').read_text() == text
    assert len(caplog.records) == 1


def test_no_schedule_is_no_damage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert read_plan(tmp_path / 'schedule.json') is None
    assert caplog.records == []


def test_a_failed_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / 'x.json'
    write_json(path, {'a': ['ä', 1, None]})

    with pytest.raises(TypeError):
        write_json(path, {'a': object()})

    assert read_json(path) == {'a': ['ä', 1, None]}
    assert read_json(tmp_path / 'none') is None
    with pytest.raises(OSError, match='No such file'):
        write_json(tmp_path / 'none' / 'x', {})
