"""The API as existing callers know it (peers 1.7)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pyca.event import Event
from pyca.settings import Capture, Settings, Ui
from pyca.states import EventStatus, ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.edits import Edits
from pyca.storage.recorded import Said
from pyca.storage.services import Services
from pyca.ui.application import create_app
from tests.ui.site import JSON, NOW, Site, failed, lecture

FINISHED = Said(EventStatus.FINISHED_RECORDING, 'finished')
HELD = Said(EventStatus.PAUSED_AFTER_RECORDING, 'held')
ROUTES = ('/api/name', '/api/previews', '/api/services', '/api/events', '/api/events/u1', '/api/metrics', '/api/logs')


def changes(uid: str = 'u1', **attributes: Any) -> dict[str, Any]:
    return {'data': [{'id': uid, 'type': 'event', 'attributes': attributes}]}


def test_it_says_the_name_of_the_agent(site: Site) -> None:
    assert site.get('/api/name').json == {'meta': {'name': 'hall-1'}}


@pytest.mark.parametrize('path', ROUTES)
def test_every_answer_is_of_the_one_type(site: Site, path: str) -> None:
    answer = site.get(path)
    assert answer.content_type == JSON
    assert answer.status_code in (200, 404)


@pytest.mark.parametrize('path', ['/api/events/', '/api/name/', '/api/nothing'])
def test_a_slash_too_many_is_another_address(site: Site, path: str) -> None:
    assert site.get(path).status_code == 404


@pytest.mark.parametrize('method', ['HEAD', 'PATCH', 'DELETE'])
@pytest.mark.parametrize('kind', [None, 'application/json', 'text/plain', 'application/vnd.api'])
def test_whatever_is_no_get_has_to_name_the_media_type(site: Site, method: str, kind: str | None) -> None:
    answer = site.client.open('/api/events/u1', method=method, headers={'Content-Type': kind} if kind else {})
    assert answer.status_code == 415
    assert answer.content_type != JSON
    if method != 'HEAD':
        assert answer.text == 'Unsupported Media Type (expected: application/vnd.api+json)'


def test_the_media_type_may_have_parameters(site: Site) -> None:
    """C27: upstream refuses them."""
    answer = site.client.delete('/api/events/u1', headers={'Content-Type': f'{JSON}; charset=utf-8'})
    assert answer.status_code == 404


@pytest.mark.parametrize('method', ['PUT', 'POST'])
def test_a_method_that_is_not_there_is_said_by_the_server(site: Site, method: str) -> None:
    answer = site.send(method, '/api/events')
    assert (answer.status_code, answer.mimetype) == (405, 'text/html')


def test_services_have_one_word_each(site: Site) -> None:
    Services(site.database).beat({ServiceType.INGEST: ServiceStatus.BUSY, ServiceType.CAPTURE: ServiceStatus.IDLE}, NOW)
    assert site.get('/api/services').json == {
        'meta': {'services': {'agentstate': 'stopped', 'capture': 'idle', 'ingest': 'busy', 'schedule': 'stopped'}}
    }


def test_services_without_a_sign_of_life_are_stopped(site: Site) -> None:
    """What pyCA 4 left behind; `/api/metrics` lists the services that have a row, as ever."""
    with site.database.write() as connection:
        connection.exec_driver_sql('INSERT INTO service_states VALUES (1, 1), (2, 3), (4, 2)')
    shown, metrics = site.get('/api/services').json, site.get('/api/metrics').json
    assert shown is not None
    assert shown['meta']['services'] == dict.fromkeys(('agentstate', 'capture', 'ingest', 'schedule'), 'stopped')
    assert metrics is not None
    listed = [{'name': name, 'status': 'stopped'} for name in ('agentstate', 'capture', 'schedule')]
    assert metrics['meta']['services'] == listed
    Services(site.database).beat({ServiceType.CAPTURE: ServiceStatus.BUSY}, NOW)
    shown = site.get('/api/services').json
    assert shown is not None
    assert shown['meta']['services']['capture'] == 'busy'


def test_events_come_as_they_always_did(site: Site) -> None:
    site.plan(lecture('n2', NOW + 900), lecture('n1', NOW + 300, title=''))
    for uid, start in (('old', NOW - 9000), ('new', NOW - 3000)):
        site.recorded(lecture(uid, start), FINISHED)
    shown = site.get('/api/events').json
    assert shown is not None
    assert list(shown) == ['data']
    assert [event['id'] for event in shown['data']] == ['n1', 'n2', 'new', 'old']
    assert shown['data'][0] == {
        'type': 'event',
        'id': 'n1',
        'attributes': {
            'start': NOW + 300,
            'end': NOW + 2700,
            'uid': 'n1',
            'title': None,
            'data': {'summary': '', 'dtstart': NOW + 300},
            'status': 'upcoming',
        },
    }
    assert shown['data'][2]['attributes']['status'] == 'finished recording'
    assert shown['data'][2]['attributes'].keys() == shown['data'][0]['attributes'].keys()


def test_one_event_is_what_was_recorded_of_it(site: Site) -> None:
    site.plan(lecture())
    planned = site.get('/api/events/u1').json
    site.recorded(lecture(), FINISHED)
    recorded = site.get('/api/events/u1').json
    assert planned is not None
    assert recorded is not None
    assert [event['attributes']['status'] for event in planned['data'] + recorded['data']] == [
        'upcoming',
        'finished recording',
    ]


@pytest.mark.parametrize('method', ['GET', 'DELETE', 'PATCH'])
def test_an_unknown_event_is_said_so(site: Site, method: str) -> None:
    answer = site.send(method, '/api/events/nobody', changes('nobody', end=5))
    assert answer.status_code == 404
    assert answer.json == {'errors': [{'status': 404, 'title': 'No event with specified uid'}]}
    assert answer.content_type == JSON


@pytest.mark.parametrize('method', ['DELETE', 'PATCH'])
def test_what_is_to_come_can_be_neither_changed_nor_deleted(site: Site, method: str) -> None:
    site.plan(lecture())
    assert site.send(method, '/api/events/u1', changes(end=NOW)).status_code == 404


@pytest.mark.parametrize('hard', ['', '?hard=True', '?hard=1', '?hard=yes'])
def test_deleting_keeps_the_files_unless_the_word_is_exact(site: Site, hard: str) -> None:
    site.finishes(site.runs(lecture()), NOW - 10)
    answer = site.send('DELETE', f'/api/events/u1{hard}')
    assert (answer.status_code, answer.data, answer.content_type) == (204, b'', JSON)
    assert site.get('/api/events/u1').status_code == 404
    assert (site.root / lecture().name / 'camera.webm').exists()


def test_deleting_hard_takes_the_folders_of_all_recordings_of_the_event(site: Site) -> None:
    """H57: only that of the first row was found."""
    for start in (NOW - 90_000, NOW - 6000):
        site.finishes(site.runs(lecture(start=start)), NOW - 10)
    (site.root / lecture(start=NOW - 6000).name / 'sub').mkdir()
    assert site.send('DELETE', '/api/events/u1?hard=true').status_code == 204
    assert [path.name for path in site.root.iterdir()] == ['.deleted']


def test_deleting_hard_without_a_folder_is_no_error(site: Site) -> None:
    """H57: it was 500, and the row stayed."""
    site.recorded(lecture(), failed())
    assert site.send('DELETE', '/api/events/u1?hard=true').status_code == 204
    assert site.get('/api/events').json == {'data': []}


@pytest.mark.parametrize('uid', ['../../precious', '/../../precious', '..', 'a/../../../precious'])
def test_deleting_hard_never_leaves_the_recordings_folder(site: Site, tmp_path: Path, uid: str) -> None:
    """H17."""
    precious = tmp_path / 'precious'
    precious.mkdir()
    (precious / 'file').touch()
    site.recorded(Event(uid, 5, 6), failed())
    with site.database.write() as connection:
        connection.exec_driver_sql('UPDATE pyca_recording SET name = ?', (f'recording-5-{uid}',))
    (site.root / 'recording-5-a').mkdir()
    site.send('DELETE', f'/api/events/{uid}?hard=true')
    assert (precious / 'file').exists()


def test_deleting_hard_follows_no_link(site: Site, tmp_path: Path) -> None:
    (tmp_path / 'precious').mkdir()
    (tmp_path / 'precious' / 'file').touch()
    site.recorded(lecture(), failed())
    (site.root / lecture().name).symlink_to(tmp_path / 'precious')
    site.send('DELETE', '/api/events/u1?hard=true')
    assert (tmp_path / 'precious' / 'file').exists()


def test_deleting_hard_takes_no_file_while_the_database_is_locked(site: Site, tmp_path: Path) -> None:
    """The files were gone, and the answer said that nothing could be done."""
    site.finishes(site.runs(lecture()), NOW - 10, HELD)
    hasty = Database(f'sqlite:///{tmp_path}/pyca.db', site.clock, timeout=0.1)
    site.app = create_app(site.settings, hasty, site.clock)
    site.client = site.visit()
    with closing(sqlite3.connect(tmp_path / 'pyca.db', isolation_level=None)) as other:
        other.execute('BEGIN IMMEDIATE')
        answer = site.send('DELETE', '/api/events/u1?hard=true')
    hasty.close()
    assert (answer.status_code, 'deleted' in answer.text, 'asked again' in answer.text) == (503, False, False)
    assert (site.root / lecture().name / 'camera.webm').exists()


def test_files_that_are_deleted_are_said_so_though_the_row_is_not(site: Site) -> None:
    site.finishes(site.runs(lecture()), NOW - 10, HELD)
    with site.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE DELETE ON recorded_event BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    answer = site.send('DELETE', '/api/events/u1?hard=true')
    assert answer.status_code == 503
    assert answer.json is not None
    [error] = answer.json['errors']
    assert error['title'] == 'Its files are deleted, but it is still in the list; delete it once more'
    assert 'no room' in error['detail']
    with site.database.write() as connection:
        connection.exec_driver_sql('DROP TRIGGER full')
    assert site.send('DELETE', '/api/events/u1?hard=true').status_code == 204


@pytest.mark.parametrize('method', ['DELETE', 'PATCH'])
def test_a_running_recording_is_left_alone(site: Site, method: str) -> None:
    """H19."""
    site.runs(lecture())
    answer = site.send(method, '/api/events/u1?hard=true', changes(status='finished recording'))
    assert answer.status_code == 409
    assert answer.json == {'errors': [{'status': 409, 'title': 'Not now: u1 is being recorded'}]}
    assert (site.root / lecture().name / 'camera.webm').exists()


def test_a_row_that_an_old_installation_left_as_recording_can_be_deleted(site: Site) -> None:
    site.runs(lecture())
    with site.database.write() as connection:
        connection.exec_driver_sql('DELETE FROM pyca_recording')
    assert site.send('DELETE', '/api/events/u1').status_code == 204


@pytest.mark.parametrize('word', ['finished recording', 'FINISHED_RECORDING', 'Finished Recording'])
def test_a_held_recording_is_released_by_its_status(site: Site, word: str) -> None:
    """C22, C30: this is how the orchestrator does it."""
    site.recorded(lecture(), HELD)
    answer = site.send('PATCH', '/api/events/u1', changes(status=word))
    assert answer.status_code == 200
    assert answer.json == site.get('/api/events/u1').json
    claimed = site.recordings.claim(NOW)
    assert claimed is not None


def test_times_can_be_changed(site: Site) -> None:
    site.recorded(lecture(), HELD)
    answer = site.send('PATCH', '/api/events/u1', changes(start=1000, end=2000))
    assert answer.status_code == 200
    event = site.get('/api/events/u1').json
    assert event is not None
    assert (event['data'][0]['attributes']['start'], event['data'][0]['attributes']['end']) == (1000, 2000)


def test_a_start_is_not_changed_to_that_of_a_deleted_recording(site: Site) -> None:
    """What is kept of that one keeps its journal from bringing it back."""
    for start in (NOW - 90_000, NOW - 9000):
        site.recorded(lecture(start=start), HELD)
    Edits(site.database).delete('u1', NOW - 90_000)
    answer = site.send('PATCH', '/api/events/u1', changes(start=NOW - 90_000))
    assert answer.status_code == 409
    assert 'a recording of u1 that began then was deleted' in answer.text
    assert [row.event.start for row in site.recordings.all()] == [NOW - 9000]


INVALID = [
    (b'', 'JSON'),
    (b'{', 'JSON'),
    (b'[' * 100_000, 'JSON'),
    ('text', 'one object'),
    ({'data': []}, 'one object'),
    ({'data': [1]}, 'one object'),
    ({'data': [{}, {}]}, 'one object'),
    ({'data': [{'id': 'u2', 'type': 'event'}]}, 'id must be'),
    ({'data': [{'id': 'u1', 'type': 'room'}]}, 'type must be'),
    ({'data': [{'id': 'u1', 'type': 'event', 'attributes': []}]}, 'attributes'),
    (changes(title='x'), 'attributes'),
    (changes(status='unknown'), 'status'),
    (changes(status=4), 'status'),
    (changes(status=None), 'status'),
    (changes(end='soon'), 'end'),
    (changes(end=1.5), 'end'),
    (changes(end=True), 'end'),
    (changes(end=None), 'end'),
    (changes(end=2**40), 'end'),
    (changes(start=-1), 'start'),
    (changes(start='5'), 'start'),
    (changes(start=NOW + 90_000), 'before start'),
    (changes(end=0), 'before start'),
]


@pytest.mark.parametrize(('body', 'field'), INVALID, ids=[str(field) + str(n) for n, (_, field) in enumerate(INVALID)])
def test_what_is_invalid_names_the_field_and_changes_nothing(site: Site, body: Any, field: str) -> None:
    """H58: text went into the column of a time."""
    site.recorded(lecture(), HELD)
    before = site.get('/api/events').json
    answer = site.send('PATCH', '/api/events/u1', body)
    assert answer.status_code == 400
    assert answer.json is not None
    [error] = answer.json['errors']
    assert (error['status'], error['title']) == (400, 'Invalid data')
    assert field in error['detail']
    assert site.get('/api/events').json == before


@pytest.mark.parametrize('word', ['recording', 'uploading'])
def test_nobody_can_make_a_recording_run_by_saying_so(site: Site, word: str) -> None:
    site.recorded(lecture(), HELD)
    assert site.send('PATCH', '/api/events/u1', changes(status=word)).status_code == 409


def test_metrics_have_the_known_names(site: Site) -> None:
    site.plan()
    Services(site.database).beat({ServiceType.CAPTURE: ServiceStatus.BUSY}, NOW)
    shown = site.get('/api/metrics').json
    assert shown is not None
    meta = shown['meta']
    assert meta['services'] == [{'name': 'capture', 'status': 'busy'}]
    assert meta['disk_usage_in_bytes'].keys() == {'total', 'used', 'free'}
    assert meta['memory_usage_in_bytes'].keys() == {'total', 'available', 'used', 'free', 'cached', 'buffers'}
    assert meta['load'].keys() == {'1m', '5m', '15m'}
    assert meta['upstream'] == {'last_synchronized': '2027-01-15T07:59:30'}
    assert all(isinstance(figure, int) for figure in meta['disk_usage_in_bytes'].values())


def test_metrics_of_an_agent_that_never_synchronized(site: Site) -> None:
    shown = site.get('/api/metrics').json
    assert shown is not None
    assert shown['meta']['upstream'] == {'last_synchronized': None}
    assert shown['meta']['services'] == []


@pytest.fixture
def pictures(tmp_path: Path) -> Iterator[Site]:
    preview = ('{{previewdir}}/a.jpg', '{{previewdir}}/b.jpg', '{{previewdir}}/c.png')
    made = Site(tmp_path, capture=Capture(directory=str(tmp_path), preview=preview, preview_dir=str(tmp_path)))
    yield made
    made.close()


def test_previews_are_those_that_are_there(pictures: Site, tmp_path: Path) -> None:
    (tmp_path / 'a.jpg').write_bytes(b'A')
    (tmp_path / 'c.png').write_bytes(b'C')
    assert pictures.get('/api/previews').json == {
        'data': [
            {'attributes': {'id': 0}, 'id': '0', 'type': 'preview'},
            {'attributes': {'id': 2}, 'id': '2', 'type': 'preview'},
        ]
    }
    with pictures.get('/img/2') as picture:
        assert (picture.status_code, picture.data, picture.mimetype) == (200, b'C', 'image/png')
        assert picture.headers['Cache-Control'] == 'no-cache'


@pytest.mark.parametrize('index', ['1', '3', '99'])
def test_a_preview_that_is_not_there_is_an_empty_404(pictures: Site, index: str) -> None:
    answer = pictures.get(f'/img/{index}')
    assert (answer.status_code, answer.data) == (404, b'')


def test_everything_survives_rows_of_any_shape(site: Site) -> None:
    """H58: what upstream's API let in is still there."""
    site.recorded(lecture(), HELD)
    with site.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO recorded_event (uid, start, end, title, data, status) VALUES ('odd', 5, 'soon', NULL, '[', 77)"
        )
    shown = site.get('/api/events').json
    assert shown is not None
    assert [event['attributes']['status'] for event in shown['data']] == ['paused after recording'] * 2
    assert site.send('DELETE', '/api/events/odd').status_code == 204


def test_a_database_that_cannot_be_read_is_said_with_503(tmp_path: Path) -> None:
    (tmp_path / 'pyca.db').mkdir()
    nowhere = Site(tmp_path)
    for path in ('/api/services', '/api/events', '/api/events/u1', '/api/metrics'):
        answer = nowhere.get(path)
        assert (answer.status_code, answer.content_type) == (503, JSON)
        assert json.loads(answer.data)['errors'][0]['status'] == 503
    nowhere.close()


def test_the_sign_of_life_needs_a_capture_service(site: Site) -> None:
    silent = site.get('/healthz')
    Services(site.database).beat({ServiceType.CAPTURE: ServiceStatus.IDLE}, NOW)
    alive = site.get('/healthz')
    site.clock.time += 3600
    gone = site.get('/healthz')
    assert [(one.status_code, one.text) for one in (silent, alive, gone)] == [
        (503, 'not ok\n'),
        (200, 'ok\n'),
        (503, 'not ok\n'),
    ]


def test_a_part_of_the_events_comes_with_what_became_of_them(site: Site) -> None:
    site.plan(lecture('n1', NOW + 300, title='Logic'))
    site.recorded(lecture('m', NOW - 9000, title='Ägypten 100%'), failed())
    site.recorded(lecture('h', NOW - 5000), HELD)

    def asked(query: str) -> tuple[list[str], int]:
        shown = site.get(f'/api/events?{query}').json
        assert shown is not None
        return [event['id'] for event in shown['data']], shown['meta']['total']

    assert asked('limit=2') == (['n1', 'h'], 3)
    assert asked('limit=2&offset=2') == (['m'], 3)
    assert asked('limit=5&offset=1') == (['h', 'm'], 3)
    assert asked('limit=0') == ([], 3)
    assert asked('outcome=missed') == (['m'], 1)
    assert asked('outcome=missed,paused_after_recording') == (['h', 'm'], 2)
    assert asked('outcome=upcoming') == (['n1'], 1)
    assert asked('outcome=delivered') == ([], 0)
    assert asked('q=logic') == (['n1'], 1)
    assert asked('q=100%25') == (['m'], 1)
    assert asked('q=%25') == (['m'], 1)
    shown = site.get('/api/events?outcome=missed').json
    assert shown is not None
    attributes = shown['data'][0]['attributes']
    assert (attributes['outcome'], attributes['cause']) == ('missed', 'the agent was off')


@pytest.mark.parametrize(
    'query', ['limit=-1', 'limit=x', 'limit=', 'limit=100000', 'offset=1.5', 'outcome=lost', 'q=%00']
)
def test_a_question_that_makes_no_sense_names_the_parameter(site: Site, query: str) -> None:
    answer = site.get(f'/api/events?{query}')
    assert answer.status_code == 400
    assert answer.json is not None
    assert query.partition('=')[0] in answer.json['errors'][0]['detail']


def logs(site: Site, command: str) -> Any:
    settings = Settings(ui=Ui(password='', log_command=command))
    return create_app(settings, site.database, site.clock).test_client()


def test_logs_are_off_unless_configured(site: Site) -> None:
    assert site.get('/api/logs').json == {'errors': [{'status': 404, 'title': 'Logs are disabled.'}]}


def test_logs_are_what_the_command_says(site: Site) -> None:
    shown = logs(site, "printf 'a\\nb ü\\n'").get('/api/logs').json
    assert shown == {
        'data': [{'id': str(NOW), 'type': 'logs', 'attributes': {'lines': ['a', 'b ü']}}],
    }


def test_many_viewers_share_one_run_of_the_log_command(site: Site, tmp_path: Path) -> None:
    """H63."""
    client = logs(site, f'echo run >> {tmp_path}/runs; cat {tmp_path}/runs')
    assert [client.get('/api/logs').json['data'][0]['attributes']['lines'] for _ in range(3)] == [['run']] * 3
    site.clock.time += 60
    assert client.get('/api/logs').json['data'][0]['attributes']['lines'] == ['run', 'run']


def test_a_log_command_that_fails_is_no_crash(site: Site) -> None:
    answer = logs(site, 'echo no journal; exit 3').get('/api/logs')
    assert (answer.status_code, answer.content_type) == (503, JSON)
    assert answer.json['errors'][0]['detail'] == 'it ended with exit code 3 no journal'


def test_secrets_are_not_in_the_logs_that_are_shown(site: Site) -> None:
    """H55."""
    client = logs(site, "echo 'Authorization: Basic c2VjcmV0'")
    assert client.get('/api/logs').json['data'][0]['attributes']['lines'] == ['Authorization: ***']
