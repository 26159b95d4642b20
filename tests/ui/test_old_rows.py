"""What an old installation left, and what people do with it (peers C21)."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyca.event import Event, Outcome, Track
from pyca.recording.journal import FILE
from pyca.settings import Capture
from pyca.states import EventStatus
from pyca.storage.outcomes import Outcomes
from pyca.storage.recorded import Said
from tests.program.installation import OldInstallation, Row
from tests.ui.reading import read
from tests.ui.site import NOW, Site, lecture

DAY = 86_400
LONG_AGO = NOW - 100 * DAY
TRACKS = (Track('presenter/source', Path('/r/a.webm')),)


def left(site: Site, status: EventStatus, start: int = LONG_AGO) -> Event:
    """A row as an old installation leaves it."""
    event = lecture(start=start)
    site.recorded(event, Said(status, 'old', TRACKS))
    with site.database.write() as connection:
        connection.exec_driver_sql('DELETE FROM pyca_recording')
    return event


def correct(site: Site, **attributes: Any) -> int:
    body = {'data': [{'id': 'u1', 'type': 'event', 'attributes': attributes}]}
    return site.send('PATCH', '/api/events/u1', body).status_code


def status_of(site: Site) -> dict[str, Any]:
    answer = site.get('/api/status').json
    assert answer is not None
    meta: dict[str, Any] = answer['meta']
    return meta


CHANGES: list[dict[str, Any]] = [
    {},
    {'end': LONG_AGO + 7200},
    {'start': LONG_AGO - 60},
    {'end': NOW - 60},
    {'status': 'failed uploading'},
    {'status': 'partial recording'},
    {'status': 'paused after recording'},
]


@pytest.mark.parametrize('attributes', CHANGES, ids=str)
@pytest.mark.parametrize('status', [EventStatus.FAILED_UPLOADING, EventStatus.UPLOADING, EventStatus.RECORDING])
def test_a_change_alone_has_nothing_uploaded(site: Site, status: EventStatus, attributes: dict[str, Any]) -> None:
    left(site, status)
    assert correct(site, **attributes) == 200
    assert site.recordings.adopt(NOW - 7 * DAY, NOW) == 0
    assert (site.recordings.claim(NOW), site.recordings.next_due()) == (None, None)
    assert [line.uid for line in Outcomes(site.database).report(None).left] == ['u1']
    assert correct(site, status='finished recording') == 200
    claimed = site.recordings.claim(NOW)
    assert claimed is not None
    assert claimed.event.uid == 'u1'


def test_what_waited_for_its_upload_is_failed_once_somebody_says_so(site: Site) -> None:
    left(site, EventStatus.FINISHED_RECORDING)
    assert correct(site, end=NOW - 60) == 200
    assert correct(site, status='failed uploading') == 200
    assert site.recordings.claim(NOW) is None


@pytest.mark.parametrize('end', [NOW + 365 * DAY, NOW])
def test_what_was_being_recorded_years_ago_does_not_run_for_another_end(site: Site, end: int) -> None:
    left(site, EventStatus.RECORDING)
    site.all_well()
    assert correct(site, end=end) == 200
    told = status_of(site)
    assert (told['running'], told['verdict']['code']) == ([], 'ready_idle')
    assert 'pyca_recordings_running 0.0' in site.get('/metrics').text
    assert correct(site, end=LONG_AGO + 60) == 200
    assert site.send('DELETE', '/api/events/u1').status_code == 204


def test_what_was_being_uploaded_years_ago_can_still_be_decided_about(site: Site) -> None:
    left(site, EventStatus.UPLOADING)
    assert correct(site, end=LONG_AGO + 60) == 200
    assert status_of(site)['uploads'] == []
    assert site.send('POST', '/api/events/u1/retry').status_code == 200
    left(site, EventStatus.UPLOADING)
    assert correct(site, start=LONG_AGO + 60) == 200
    assert correct(site, status='paused after recording') == 200


def test_an_upload_of_it_that_a_crash_ended_is_ours_to_go_on_with(site: Site) -> None:
    left(site, EventStatus.FINISHED_RECORDING)
    assert correct(site, end=NOW - 60) == 200
    assert site.recordings.claim(NOW) is not None
    [claimed] = site.recordings.claimed()
    assert claimed.ours


@pytest.mark.parametrize(
    ('status', 'said'),
    [
        (EventStatus.RECORDING, 'was never finished'),
        (EventStatus.UPLOADING, 'its upload was never finished'),
        (EventStatus.FAILED_UPLOADING, 'its upload was never finished'),
    ],
)
@pytest.mark.parametrize('changed', [{}, {'end': NOW + 3600}], ids=['old', 'changed'])
def test_nothing_of_it_is_said_to_go_on(site: Site, status: EventStatus, said: str, changed: dict[str, Any]) -> None:
    left(site, status)
    site.all_well()
    if changed:
        assert correct(site, **changed) == 200
    listed = read(site.get('/status').text).one('section', id='recordings').text
    told = read(site.get('/events/u1').text).one('div', **{'class': 'head'}).text
    for text in (listed, told):
        assert said in text
        assert not [word for word in ('being recorded', 'being uploaded', 'tried again') if word in text]


@pytest.fixture
def old(tmp_path: Path) -> OldInstallation:
    return OldInstallation(tmp_path / 'machine')


@pytest.fixture
def successor(tmp_path: Path, old: OldInstallation) -> Iterator[Site]:
    """The web interface over what the old installation left, which knows the time of the day."""
    (tmp_path / 'new').mkdir()
    site = Site(tmp_path / 'new', capture=Capture(directory=str(old.recordings)))
    site.clock.time = time.time()
    yield site
    site.close()


def taken_over(site: Site, old: OldInstallation) -> None:
    shutil.copy(old.database, site.root.with_name('pyca.db'))


def story_of(site: Site, uid: str) -> dict[str, Any]:
    answer = site.get(f'/api/events/{uid}/story').json
    assert answer is not None
    meta: dict[str, Any] = answer['meta']
    return meta


def section_of(site: Site, uid: str, name: str) -> str:
    return read(site.get(f'/events/{uid}').text).one('section', id=name).text


@pytest.mark.parametrize('status', [3, 6, 9])
def test_the_files_of_an_old_recording_are_shown_beside_delete(
    successor: Site, old: OldInstallation, status: int
) -> None:
    row = old.with_file('u1', status, age=5 * 3600)
    taken_over(successor, old)
    told = story_of(successor, 'u1')
    assert 'delete' in told['actions']
    assert [(file['name'], file['flavor'], file['size']) for file in told['files']] == [
        (f'{row.name}.dat', 'presenter/source', 2000)
    ]
    assert f'{row.name}.dat' in section_of(successor, 'u1', 'files')
    assert told['output'] is None
    assert 'has printed nothing' not in section_of(successor, 'u1', 'output')


def test_files_that_no_row_names_are_shown_as_well(successor: Site, old: OldInstallation) -> None:
    """The machine lost its power in the middle."""
    row = Row('u1', int(time.time()) - 5 * 3600, 2)
    folder = old.recordings / row.name
    (folder / 'parts').mkdir(parents=True)
    (folder / 'camera.mkv').write_bytes(b'x' * 99)
    (folder / 'parts' / '1.ts').write_bytes(b'x')
    old.recorded([row])
    taken_over(successor, old)
    told = story_of(successor, 'u1')
    assert [(file['name'], file['size']) for file in told['files']] == [('camera.mkv', 99), ('parts/1.ts', 1)]


def test_a_file_named_from_where_the_old_program_was_started_is_found(successor: Site, old: OldInstallation) -> None:
    row = Row('u1', int(time.time()) - 5 * 3600, 9)
    folder = old.recordings / row.name
    folder.mkdir()
    (folder / 'camera.mkv').write_bytes(b'x' * 99)
    row.tracks = [('presenter/source', Path('recordings') / row.name / 'camera.mkv')]
    old.recorded([row])
    taken_over(successor, old)
    told = story_of(successor, 'u1')
    assert [(file['name'], file['flavor'], file['size']) for file in told['files']] == [
        ('camera.mkv', 'presenter/source', 99)
    ]


def test_files_are_shown_where_the_journal_is_cut_off(site: Site) -> None:
    journal = site.runs(lecture(start=NOW - 9000), {'camera.webm': b'x' * 1000})
    site.finishes(journal, NOW - 6600, Said(EventStatus.PAUSED_AFTER_RECORDING, 'held'))
    (journal.folder / FILE).write_text('{"tru')
    (journal.folder / 'recorder.log').write_text('no sound\n')
    told = story_of(site, 'u1')
    assert [(file['name'], file['size']) for file in told['files']] == [('camera.webm', 1000)]
    assert told['output'] == ['no sound']


def test_of_what_was_missed_it_is_known_that_there_is_nothing(site: Site) -> None:
    site.recorded(lecture(), Said(EventStatus.FAILED_RECORDING, 'missed', outcome=Outcome.MISSED))
    assert 'There are no files.' in section_of(site, 'u1', 'files')
    assert 'has printed nothing' in section_of(site, 'u1', 'output')


@pytest.mark.parametrize('uid', ['sp ace', "o'clock", '[1]', 'ü & ö', 'x' * 200])
def test_an_old_recording_is_deleted_whatever_its_id(successor: Site, old: OldInstallation, uid: str) -> None:
    """The old program took any id for the name of a folder."""
    old.with_file(uid, 9, age=5 * 3600)
    taken_over(successor, old)
    told = story_of(successor, uid)
    assert (told['folder'][21:], told['files'][0]['size']) == (uid, 1000 * len(uid.encode()))
    assert successor.send('DELETE', f'/api/events/{uid}?hard=true').status_code == 204
    assert list(old.recordings.iterdir()) == []


def test_an_old_recording_with_another_start_since_is_deleted(successor: Site, old: OldInstallation) -> None:
    row = old.with_file('sp ace', 9, age=5 * 3600)
    taken_over(successor, old)
    body = {'data': [{'id': 'sp ace', 'type': 'event', 'attributes': {'start': row.start - 60}}]}
    assert successor.send('PATCH', '/api/events/sp ace', body).status_code == 200
    assert successor.send('DELETE', '/api/events/sp ace?hard=true').status_code == 204
    assert list(old.recordings.iterdir()) == []


@pytest.mark.parametrize('uid', ['/../precious', 'a/../../precious', '..', 'a\0b', 'ü' * 500])
def test_an_id_that_is_no_name_of_a_folder_leads_nowhere(successor: Site, old: OldInstallation, uid: str) -> None:
    """H17."""
    row = Row(uid, int(time.time()) - 5 * 3600, 9)
    old.recorded([row])
    taken_over(successor, old)
    precious = old.root / 'var/lib/pyca/precious'
    (old.recordings / f'recording-{row.start}-a').mkdir()
    (old.recordings / f'recording-{row.start}-').mkdir()
    precious.mkdir()
    (precious / 'file').touch()
    address = uid.replace('\0', '%00')
    assert successor.get(f'/api/events/{address}/story').status_code in (200, 308, 404)
    assert successor.send('DELETE', f'/api/events/{address}?hard=true').status_code in (204, 308, 404)
    assert (precious / 'file').exists()


def test_a_link_of_such_a_name_is_left_alone(successor: Site, old: OldInstallation) -> None:
    row = Row('sp ace', int(time.time()) - 5 * 3600, 9)
    old.recorded([row])
    taken_over(successor, old)
    precious = old.root / 'precious'
    precious.mkdir()
    (precious / 'file').touch()
    (old.recordings / row.name).symlink_to(precious)
    assert successor.send('DELETE', '/api/events/sp ace?hard=true').status_code == 204
    assert (precious / 'file').exists()
