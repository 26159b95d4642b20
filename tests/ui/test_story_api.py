"""The story of one event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyca.event import UNSCHEDULED, Event
from pyca.recording.journal import Segment
from pyca.recording.localend import LocalEnd
from pyca.settings import Agent, Capture, Logging, Server, Ui
from pyca.states import EventStatus, RecordingState, ServiceStatus, ServiceType
from pyca.storage.recorded import Said
from pyca.storage.reports import Reports
from pyca.storage.services import Services
from tests.ui.site import NOW, Site, failed, lecture

SECRET = 'correct horse'


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(
        tmp_path,
        capture=Capture(directory=str(tmp_path / 'recordings')),
        logging=Logging(file=str(tmp_path / 'pyca.log')),
        server=Server(password=SECRET),
        ui=Ui(password=''),
    )
    yield made
    made.close()


def story(site: Site, uid: str = 'u1', query: str = '') -> dict[str, Any]:
    answer = site.get(f'/api/events/{uid}/story{query}')
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    meta: dict[str, Any] = answer.json['meta']
    return meta


def upload(site: Site, **said: Any) -> None:
    folder = site.root / lecture().name
    element = {'kind': 'track', 'flavor': 'presenter/source', 'path': str(folder / 'camera.webm'), 'size': 1000}
    content = {'version': 1, 'elements': [{**element, 'done': True}], **said}
    (folder / 'upload.json').write_text(json.dumps(content))


def test_what_happened_is_told_in_the_order_of_time(site: Site) -> None:
    journal = site.runs(lecture(), started=NOW - 597.5)
    journal.segments[0].signals.append((15, NOW - 100.5))
    journal.segments[0].status = 0
    site.finishes(journal, NOW - 100.0)
    asked = {'at': NOW - 40.0, 'owns': 'no', 'technical': 'yes', 'said': 'The core has it.'}
    upload(site, final_sent=NOW - 60.0, final_last=NOW - 60.0, accepted=NOW - 40.0, inquiries=[asked])
    Reports(site.database).add('u1', RecordingState.UPLOAD_FINISHED, NOW - 39.0)
    told = story(site)
    assert [(step['at'] - NOW, step['code']) for step in told['steps']] == [
        (-600, 'begins'),
        (-597.5, 'recorder_started'),
        (-100.5, 'signal_sent'),
        (-100, 'recorder_ended'),
        (-60, 'final_call'),
        (-40, 'asked'),
        (-40, 'accepted'),
        (-39, 'core_not_told'),
        (1800, 'ends'),
    ]
    assert told['steps'][1]['values'] == {'number': 0, 'late': 2.5}
    assert told['steps'][3]['values'] == {'number': 0, 'status': 0, 'verdict': 'good'}
    assert told['steps'][5]['text'] == 'The core has it.'
    assert told['status'] == 'finished recording'


def test_files_come_with_size_and_whether_the_core_has_them(site: Site) -> None:
    site.finishes(site.runs(lecture(), {'camera.webm': b'x' * 1000, 'slides.webm': b'x'}), NOW - 100.0)
    upload(site)
    told = story(site)['files']
    assert [(file['name'], file['flavor'], file['size'], file['sent']) for file in told] == [
        ('camera.webm', 'presenter/source', 1000, True)
    ]
    assert told[0]['modified'] is not None
    assert told[0]['checksum'] == ''


def test_files_come_with_the_checksum_of_what_was_sent(site: Site) -> None:
    journal = site.runs(lecture())
    site.finishes(journal, NOW - 100.0)
    element = {'kind': 'track', 'flavor': 'presenter/source', 'path': str(journal.folder / 'camera.webm')}
    upload(site, accepted=NOW - 40.0, elements=[{**element, 'done': True, 'digest': 'ab' * 32}])
    assert [file['checksum'] for file in story(site)['files']] == ['ab' * 32]


def test_what_was_recorded_beside_the_database_has_a_story_as_well(tmp_path: Path) -> None:
    """While the disk of the recordings was away."""
    site = Site(tmp_path, agent=Agent(name='hall-1', database=f'sqlite:///{tmp_path}/pyca.db'))
    site.all_well()
    journal = site.runs(lecture())
    (journal.folder / 'recorder.log').write_text('no sound\n')
    folder = tmp_path / 'pyca.db.standby' / journal.folder.name
    folder.parent.mkdir()
    journal.folder.rename(folder)
    told = story(site)
    assert (told['folder'], told['files'][0]['size'], told['output']) == (folder.name, 1000, ['no sound'])
    status = site.get('/api/status').json
    assert status is not None
    assert status['meta']['running'][0]['size'] == 1000
    site.recorded(lecture(), failed())
    assert site.send('DELETE', '/api/events/u1?hard=true').status_code == 204
    assert list(folder.parent.glob('recording-*')) == []
    site.close()


@pytest.mark.parametrize('here', [True, False])
def test_the_core_s_id_of_the_event_is_told_once_it_has_it(site: Site, here: bool) -> None:
    event = Event('u1', NOW - 600, NOW - 60, 'Visitors', {UNSCHEDULED: True} if here else {'uid': 'u1'})
    journal = site.runs(event)
    site.finishes(journal, NOW - 100.0, Said(EventStatus.FINISHED_UPLOADING, 'delivered'))
    for accepted, told in ((None, ''), (NOW - 40.0, 'made-up' if here else 'u1')):
        said = {'version': 1, 'package_id': 'made-up', 'accepted': accepted}
        (journal.folder / 'upload.json').write_text(json.dumps(said))
        assert story(site)['core_event'] == told
    assert ('made-up' in site.get('/events/u1').text) is here


def test_a_deleted_folder_leaves_its_story(site: Site) -> None:
    journal = site.runs(lecture())
    site.finishes(journal, NOW - 100.0, Said(EventStatus.FINISHED_UPLOADING, 'delivered'))
    upload(site, accepted=NOW - 40.0)
    folder = journal.folder
    remains = {name: json.loads((folder / f'{name}.json').read_text()) for name in ('recording', 'upload')}
    (site.root / '.delivered').mkdir()
    (site.root / '.delivered' / f'{folder.name}.json').write_text(json.dumps(remains))
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    told = story(site)
    assert 'accepted' in [step['code'] for step in told['steps']]
    assert (told['folder'], told['files'][0]['size'], told['files'][0]['sent']) == ('', None, True)


def test_the_log_lines_are_those_of_the_event_without_secrets(site: Site, tmp_path: Path) -> None:
    lines = [
        'u1: recording finished',
        'u2: something else',
        'u1-rest: held',
        'u12: recording finished',
        f'Upload of u1: http://x:{SECRET}@core \x1b[31mred',
    ]
    (tmp_path / 'pyca.log').write_text('\n'.join(lines))
    site.recorded(lecture(), failed())
    told = story(site)['log']
    assert told == ['u1: recording finished', 'Upload of u1: http://x:***@core  [31mred']


def test_without_a_log_file_there_is_none(site: Site) -> None:
    site.recorded(lecture(), failed())
    assert story(site)['log'] is None


def test_the_recorders_output_is_shown_at_its_end(site: Site) -> None:
    journal = site.runs(lecture())
    said = 'x' * 40_000 + '\nframe=1\rframe=2\rframe=3\nrtsp://cam:secret@10.0.0.1 lost\n'
    (journal.folder / 'recorder.log').write_text(said)
    keeper = {'arguments': ['ffmpeg', '-i', f'rtsp://cam:{SECRET}@10.0.0.1', 'a b.mkv'], 'phase': 'running'}
    (journal.folder / 'keeper-0.json').write_text(json.dumps(keeper))
    told = story(site)
    assert told['output'] == ['frame=3', 'rtsp://cam:***@10.0.0.1 lost']
    assert told['runs'][0]['command'] == "ffmpeg -i 'rtsp://cam:***@10.0.0.1' 'a b.mkv'"
    assert told['runs'][0]['started'] == NOW - 600


def actions(site: Site, uid: str = 'u1') -> list[str]:
    found: list[str] = story(site, uid)['actions']
    return found


def test_what_can_be_done_depends_on_what_there_is(site: Site) -> None:
    site.all_well()
    site.plan(lecture('n', NOW + 3000), lecture('u1'))
    assert actions(site, 'n') == []
    journal = site.runs(lecture())
    assert actions(site) == ['end', 'extend']
    site.plan(lecture('n', NOW + 1800))
    assert actions(site) == ['end']
    Services(site.database).beat({ServiceType.CAPTURE: ServiceStatus.STOPPED})
    assert actions(site) == []
    site.finishes(journal, NOW)
    assert actions(site) == ['retry', 'delete']
    site.recorded(lecture('m', NOW - 9000), failed())
    assert actions(site, 'm') == ['delete']


def test_one_of_several_recordings_is_named_by_its_start(site: Site) -> None:
    site.recorded(lecture('u1', NOW - 90_000), failed('yesterday'))
    site.recorded(lecture('u1', NOW - 9000), failed('today'))
    assert story(site)['cause'] == 'today'
    assert story(site, query=f'?start={NOW - 90_000}')['cause'] == 'yesterday'
    assert site.get('/api/events/u1/story?start=7').status_code == 404
    assert site.get('/api/events/u1/story?start=x').status_code == 400


def test_what_a_person_wanted_is_not_said_to_be_of_the_calendar(site: Site) -> None:
    journal = site.runs(lecture())
    journal.local = LocalEnd(NOW, journal.event.end)
    journal.save()
    site.runs(Event('u2', NOW - 600, NOW - 60, 'Visitors', {UNSCHEDULED: True}))
    codes = {uid: {step['code'] for step in story(site, uid)['steps']} for uid in ('u1', 'u2')}
    assert codes['u1'] == {'begins', 'recorder_started', 'ends_here'}
    assert codes['u2'] == {'begins_here', 'recorder_started', 'ends_here'}
    assert 'by the calendar' not in site.get('/events/u2').text


def test_an_unknown_event_has_no_story(site: Site) -> None:
    assert site.get('/api/events/u1/story').status_code == 404


@pytest.mark.parametrize(
    'content', ['', '[]', '{"elements": 5, "inquiries": [1], "final_sent": "x"}', '{"elements":[{}]}']
)
def test_a_damaged_journal_of_an_upload_hides_nothing_else(site: Site, content: str) -> None:
    journal = site.runs(lecture())
    (journal.folder / 'upload.json').write_text(content)
    assert [step['code'] for step in story(site)['steps']] == ['begins', 'recorder_started', 'ends']


def test_a_story_needs_no_journal(site: Site) -> None:
    site.recorded(lecture(), failed())
    told = story(site)
    assert (told['outcome'], told['cause'], told['runs']) == ('missed', 'the agent was off', [])


def test_runs_side_by_side_are_numbered_and_named(site: Site) -> None:
    journal = site.runs(lecture(), started=NOW - 600.0)
    journal.legs = ('', 'slides')
    own = Segment(0, NOW - 600.0, NOW + 1800, ['slides.webm'], started=NOW - 599.0, leg='slides')
    own.flavors = ['presentation/source']
    journal.segments.append(own)
    journal.save()
    (journal.folder / 'slides.webm').write_bytes(b'x' * 500)
    (journal.folder / 'keeper-slides-0.json').write_text('{"arguments": ["grab", "x"]}')
    (journal.folder / 'recorder.log').write_text('one\n')
    (journal.folder / 'recorder-slides.log').write_text('two\n')

    told = story(site)
    assert [(run['number'], run['input'], run['command']) for run in told['runs']] == [
        (0, '', ''),
        (1, 'slides', 'grab x'),
    ]
    starts = [step for step in told['steps'] if step['code'] == 'recorder_started']
    assert [(step['values']['number'], step['text']) for step in starts] == [(0, ''), (1, 'slides')]
    assert [(file['name'], file['flavor']) for file in told['files']] == [
        ('camera.webm', 'presenter/source'),
        ('slides.webm', 'presentation/source'),
    ]
    assert told['output'] == ['[command]', 'one', '[slides]', 'two']


def test_of_runs_side_by_side_the_page_counts_the_time_once_and_the_bytes_of_all(site: Site) -> None:
    journal = site.runs(lecture(), started=NOW - 600.0)
    journal.legs = ('', 'slides')
    first = Segment(0, NOW - 600.0, NOW + 1800, ['a.webm'], started=NOW - 600.0, ended=NOW - 300.0, leg='slides')
    second = Segment(1, NOW - 290.0, NOW + 1800, ['b.webm'], started=NOW - 290.0, leg='slides')
    journal.segments += [first, second]
    journal.save()
    (journal.folder / 'a.webm').write_bytes(b'x' * 3000)
    (journal.folder / 'b.webm').write_bytes(b'x' * 5800)
    status = site.get('/api/status').json
    assert status is not None
    (running,) = status['meta']['running']
    assert [(span['start'] - NOW, span['end']) for span in running['segments']] == [(-600, None)]
    assert running['gaps'] == []
    assert running['size'] == 1000 + 3000 + 5800
    assert running['growth'] == pytest.approx(1000 / 600 + 5800 / 290)
