"""The story of one event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyca.settings import Capture, Logging, Server, Ui
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
    lines = ['u1: recording finished', 'u2: something else', f'Upload of u1: http://x:{SECRET}@core \x1b[31mred']
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
