"""Everything that the page shows, in one answer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event as sql
from sqlalchemy.engine import Engine

from pyca.event import Event, Outcome
from pyca.settings import Agent, Capture, Settings, Ui
from pyca.states import EventStatus, Fault, ServiceStatus, ServiceType
from pyca.storage.contacts import Contacts
from pyca.storage.faults import Faults
from pyca.storage.recorded import Said
from pyca.storage.services import Services
from pyca.ui.application import create_app
from tests.ui.site import NOW, Site, failed, lecture

FINISHED = Said(EventStatus.FINISHED_RECORDING, 'finished')
HELD = Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', outcome=Outcome.HELD, cause='cancelled in the core')


def status(site: Site, query: str = '') -> dict[str, Any]:
    answer = site.get(f'/api/status{query}')
    assert answer.status_code == 200, answer.text
    assert answer.json is not None
    meta: dict[str, Any] = answer.json['meta']
    return meta


def verdict(site: Site) -> tuple[str, str]:
    said = status(site)['verdict']
    return said['kind'], said['code']


def test_without_any_sign_of_life_nothing_is_well(site: Site) -> None:
    assert verdict(site) == ('problem', 'capture_stopped')
    assert {problem['code'] for problem in status(site)['problems']} == {
        'capture_stopped',
        'schedule_stopped',
        'ingest_stopped',
        'agentstate_stopped',
        'calendar_never',
    }


def test_an_agent_at_rest_is_ready(site: Site) -> None:
    site.all_well()
    seen = status(site)
    assert seen['verdict'] == {
        'kind': 'ok',
        'code': 'ready_idle',
        'values': {},
        'text': 'Ready. Nothing is scheduled.',
    }
    assert seen['problems'] == seen['running'] == seen['uploads'] == []
    assert seen['next'] is None
    assert seen['machine']['contact'] == {'calendar': NOW - 30, 'state': None, 'upload': None}
    assert (seen['agent'], seen['now'], seen['backup']) == ('hall-1', NOW, False)


def test_the_next_event_is_named_with_what_is_in_its_way(site: Site) -> None:
    site.all_well()
    site.plan(lecture('n1', NOW + 300, 60, 'Logic'), lecture('n2', NOW + 900), lecture('n3', NOW + 9000))
    seen = status(site)
    assert (seen['verdict']['code'], seen['verdict']['values']) == ('ready', {'next': NOW + 300})
    assert seen['next'] == {
        'event': {'uid': 'n1', 'start': NOW + 300, 'end': NOW + 3900, 'title': 'Logic'},
        'conflict': {'uid': 'n2', 'start': NOW + 900, 'end': NOW + 3300, 'title': 'Analysis I'},
    }
    assert [event['uid'] for event in seen['recordings']['upcoming']] == ['n1', 'n2', 'n3']


def test_an_event_that_is_due_without_a_recording_is_a_problem(site: Site) -> None:
    site.all_well()
    site.plan(lecture('n', NOW + 10, minutes=2))
    seen = []
    for seconds in (0, 12, 16, 129, 131):
        site.clock.time = NOW + seconds
        seen.append(verdict(site)[1])
    assert seen == ['ready', 'ready', 'not_recorded', 'not_recorded', 'ready_idle']


def test_an_event_that_is_due_is_named_with_its_end(site: Site) -> None:
    site.all_well()
    site.plan(lecture(), lecture('n', NOW + 3600))
    said = status(site)['verdict']
    assert (said['kind'], said['code']) == ('problem', 'not_recorded')
    assert said['values'] == {'title': 'Analysis I', 'end': lecture().end}
    assert said['text'].startswith('An event is due and is not being recorded.')
    Faults(site.database).raise_(ServiceType.SCHEDULE, Fault.CORE_UNREACHABLE, 'no route', NOW - 60)
    assert verdict(site) == ('problem', 'not_recorded')
    Faults(site.database).raise_(ServiceType.CAPTURE, Fault.FOLDER_UNUSABLE, 'not mounted', NOW - 60)
    assert verdict(site) == ('problem', 'not_ready')
    site.runs(lecture())
    assert verdict(site) == ('attention', 'recording_but')


@pytest.mark.parametrize('deleted', [False, True])
def test_an_event_that_was_ended_before_its_time_is_not_due(site: Site, deleted: bool) -> None:
    site.all_well()
    site.plan(lecture(), lecture('n', NOW + 3600))
    site.finishes(site.runs(lecture()), NOW - 60.0)
    if deleted:
        assert site.send('DELETE', '/api/events/u1?hard=true').status_code == 204
    seen = status(site)
    assert (seen['verdict']['code'], seen['next']['event']['uid']) == ('ready', 'n')


def test_a_recording_is_shown_with_its_growth(site: Site) -> None:
    site.all_well()
    site.plan(lecture(), lecture('n', NOW + 1860))
    journal = site.runs(lecture(), {'a.webm': b'x' * 6000, 'b.webm': b'x' * 1200})
    [running] = status(site)['running']
    assert running == {
        'uid': 'u1',
        'start': NOW - 600,
        'end': NOW + 1800,
        'title': 'Analysis I',
        'phase': 'recording',
        'cause': '',
        'started': NOW - 600,
        'segments': [{'start': NOW - 600, 'end': None}],
        'gaps': [],
        'size': 7200,
        'growth': 12.0,
        'latest_end': NOW + 1860,
        'unscheduled': False,
    }
    assert verdict(site) == ('ok', 'recording')
    with (journal.folder / 'a.webm').open('ab') as file:
        file.write(b'x' * 600)
    assert status(site)['running'][0]['size'] == 7800


def test_the_growth_tells_how_long_the_disk_lasts(site: Site) -> None:
    site.all_well()
    site.runs(lecture(), {'a.webm': b'x' * 600_000})
    disk = status(site)['machine']['disk']
    assert disk['hours'] == pytest.approx(disk['free'] / 1000 / 3600, rel=0.01)


def test_without_a_recording_earlier_ones_tell_how_long_the_disk_lasts(site: Site) -> None:
    site.all_well()
    site.recorded(lecture(), FINISHED)
    assert status(site)['machine']['disk']['hours'] is None
    site.recordings.progress('u1', NOW - 600, 5, 2400 * 1_000_000)
    disk = status(site)['machine']['disk']
    assert disk['hours'] == pytest.approx(disk['free'] / 1e6 / 3600, abs=0.1)


def test_gaps_are_shown_where_they_are(site: Site) -> None:
    site.all_well()
    journal = site.runs(lecture(), started=NOW - 560.0)
    first = journal.segments[0]
    first.ended = NOW - 300.0
    journal.segments.append(type(first)(1, NOW - 200, NOW + 1800, ['b.webm'], started=NOW - 200.0))
    journal.save()
    [running] = status(site)['running']
    assert running['gaps'] == [{'start': NOW - 600, 'end': NOW - 560}, {'start': NOW - 300, 'end': NOW - 200}]
    assert running['started'] == NOW - 560


def test_a_gap_that_lasts_has_no_end(site: Site) -> None:
    site.all_well()
    journal = site.runs(lecture())
    journal.segments[0].ended = NOW - 100.0
    journal.save()
    site.recordings.mirror(lecture(), Said(EventStatus.RECORDING, 'failing', cause='exit code 1'))
    seen = status(site)
    assert seen['running'][0]['gaps'] == [{'start': NOW - 100, 'end': None}]
    assert (seen['running'][0]['phase'], seen['running'][0]['cause']) == ('failing', 'exit code 1')
    assert seen['verdict']['code'] == 'recorder_fails'


def test_a_recording_past_its_end_is_finishing_and_then_not_believed(site: Site) -> None:
    site.all_well()
    site.runs(lecture())
    site.clock.time = NOW + 1805.0
    Services(site.database).beat(dict.fromkeys(ServiceType, ServiceStatus.IDLE), site.clock.time)
    assert status(site)['running'][0]['phase'] == 'finishing'
    site.clock.time = NOW + 1800 + 601.0
    assert status(site)['running'] == []


def test_a_recording_without_a_sign_of_life_is_unknown(site: Site) -> None:
    site.all_well()
    site.runs(lecture())
    site.clock.time += 600
    assert verdict(site) == ('unknown', 'capture_stopped_recording')


def test_a_sign_of_life_from_the_future_is_none(site: Site) -> None:
    """The clock ran ahead, was set right, and the agent is gone."""
    site.all_well()
    Services(site.database).beat(dict.fromkeys(ServiceType, ServiceStatus.IDLE), NOW + 86_400)
    seen = status(site)
    assert (seen['verdict']['code'], seen['verdict']['kind']) == ('capture_stopped', 'problem')
    assert 'capture_stopped' in [problem['code'] for problem in seen['problems']]
    assert site.get('/healthz').status_code == 503


def test_a_fault_comes_with_consequence_and_remedy(site: Site) -> None:
    site.all_well()
    site.plan(lecture('n', NOW + 300))
    Faults(site.database).raise_(ServiceType.CAPTURE, Fault.FOLDER_UNUSABLE, '/srv is read-only', NOW - 60)
    seen = status(site)
    [problem] = seen['problems']
    assert problem == {
        'code': 'folder_not_usable',
        'kind': 'problem',
        'since': NOW - 60,
        'text': '/srv is read-only',
        'consequence': 'nothing_recorded',
        'remedy': 'mend_folder',
        'values': {'service': 'capture'},
        'event': {'uid': 'n', 'start': NOW + 300, 'end': NOW + 2700, 'title': 'Analysis I'},
        'title': 'the recordings folder cannot be used',
        'consequence_text': 'Nothing is recorded until this is mended.',
        'remedy_text': 'Mount its disk, or correct its owner, or "directory" in [capture].',
    }
    assert seen['verdict']['text'] == 'Not ready: the recordings folder cannot be used.'


@pytest.mark.parametrize('fault', list(Fault))
def test_every_fault_can_be_said(site: Site, fault: Fault) -> None:
    site.all_well()
    Faults(site.database).raise_(ServiceType.SCHEDULE, fault, 'words', NOW - 60)
    seen = status(site)
    [problem] = seen['problems']
    assert problem['title']
    assert problem['consequence_text']
    assert problem['remedy_text']
    assert problem['title'] in seen['verdict']['text']


def test_a_fault_in_the_way_of_nothing_does_not_hide_a_recording(site: Site) -> None:
    site.all_well()
    site.runs(lecture())
    Faults(site.database).raise_(ServiceType.INGEST, Fault.UPLOAD, 'no route', NOW - 60)
    seen = status(site)['verdict']
    assert (seen['kind'], seen['text']) == ('attention', 'Recording, but uploads fail.')


def test_a_clock_that_is_off_is_a_problem(site: Site) -> None:
    site.all_well()
    Contacts(site.database).offset(-75.0)
    seen = status(site)
    assert [problem['code'] for problem in seen['problems']] == ['clock_offset']
    assert seen['machine']['offset'] == -75.0
    assert seen['problems'][0]['title'] == 'the clocks of this machine and of the core differ by 75.0 s'


def test_uploads_at_once_each_tell_their_rate(site: Site) -> None:
    site.all_well()
    contacts = Contacts(site.database)
    for uid, age in (('u1', 10.0), ('u2', 20.0)):
        site.recorded(lecture(uid, start=NOW - 9000), FINISHED)
        assert site.recordings.claim(NOW) is not None
        contacts.sending(uid, NOW - 9000, NOW - age, 0)
        site.recordings.progress(uid, NOW - 9000, 2000, 4000)
    assert {upload['uid']: upload['rate'] for upload in status(site)['uploads']} == {'u1': 200.0, 'u2': 100.0}


def test_an_upload_tells_its_rate_with_the_time_left(site: Site) -> None:
    site.all_well()
    site.recorded(lecture(start=NOW - 9000), FINISHED)
    row = site.recordings.claim(NOW)
    assert row is not None
    Contacts(site.database).sending('u1', NOW - 9000, NOW - 10.0, 1000)
    site.recordings.progress('u1', NOW - 9000, 3000, 4000)
    [upload] = status(site)['uploads']
    assert upload == {
        'uid': 'u1',
        'start': NOW - 9000,
        'title': 'Analysis I',
        'state': 'uploading',
        'sent': 3000,
        'total': 4000,
        'percent': 75,
        'rate': 200.0,
        'left': 5.0,
        'attempt': 1,
        'next_try': None,
        'cause': '',
        'needs_decision': False,
    }


def test_an_upload_of_which_all_is_sent_waits_for_the_core(site: Site) -> None:
    site.all_well()
    site.recorded(lecture(start=NOW - 9000), FINISHED)
    assert site.recordings.claim(NOW) is not None
    Contacts(site.database).sending('u1', NOW - 9000, NOW - 10.0, 0)
    site.recordings.progress('u1', NOW - 9000, 4000, 4000)
    [upload] = status(site)['uploads']
    assert (upload['percent'], upload['rate'], upload['left']) == (100, None, None)
    assert 'all is sent, the core has yet to answer' in site.get('/status').text


def test_an_upload_that_waits_says_until_when_with_the_cause(site: Site) -> None:
    site.all_well()
    site.recorded(lecture(start=NOW - 9000), FINISHED)
    site.recordings.claim(NOW)
    site.recordings.upload_failed('u1', NOW - 9000, NOW + 60.0, 'no route')
    [upload] = status(site)['uploads']
    shown = (upload['state'], upload['attempt'], upload['next_try'], upload['cause'], upload['rate'])
    assert shown == ('waiting', 2, NOW + 60.0, 'no route', None)


@pytest.mark.parametrize(
    ('ui', 'code', 'says'),
    [
        (Ui(password=''), 'page_open', 'There is no password'),
        (Ui(allow_default_login=True), 'login_known', 'The login is the one that everybody knows'),
    ],
)
def test_a_page_that_is_open_to_everybody_is_a_problem(tmp_path: Path, ui: Ui, code: str, says: str) -> None:
    """It keeps no lecture from being recorded, so that the verdict is about something else."""
    site = Site(tmp_path, ui=ui)
    site.client = site.visit()
    site.all_well()
    seen, figures = status(site), site.get('/metrics').text
    site.close()
    [problem] = seen['problems']
    assert (problem['code'], problem['kind'], problem['event']) == (code, 'attention', None)
    assert problem['title'] == 'this page is open to everybody'
    assert problem['consequence_text'].startswith(says)
    assert 'pyca password' in problem['remedy_text']
    assert (seen['verdict']['kind'], seen['verdict']['code']) == ('ok', 'ready_idle')
    assert f'pyca_problems{{code="{code}",kind="attention"}} 1.0' in figures


def test_what_is_held_needs_a_decision(site: Site) -> None:
    site.all_well()
    site.recorded(lecture(start=NOW - 9000), HELD)
    seen = status(site)
    [upload] = seen['uploads']
    assert (upload['state'], upload['needs_decision'], upload['cause']) == ('held', True, 'cancelled in the core')
    assert [problem['code'] for problem in seen['problems']] == ['held']
    assert seen['verdict']['text'] == 'Ready, but 1 recording waits for a decision.'


def test_a_backup_agent_holds_everything_and_that_is_well(tmp_path: Path) -> None:
    site = Site(tmp_path, agent=Agent(name='backup', backup_mode=True))
    site.all_well()
    site.recorded(lecture(start=NOW - 9000), HELD)
    seen = status(site)
    site.close()
    assert (seen['verdict']['kind'], len(seen['uploads'])) == ('ok', 1)


def test_what_an_old_installation_left_is_no_upload(site: Site) -> None:
    site.all_well()
    for status_ in (EventStatus.FAILED_UPLOADING, EventStatus.UPLOADING, EventStatus.PAUSED_AFTER_RECORDING):
        site.recorded(lecture(f'o{status_}', NOW - 90_000), Said(status_, 'x'))
    with site.database.write() as connection:
        connection.exec_driver_sql('DELETE FROM pyca_recording')
    seen = status(site)
    assert (seen['uploads'], seen['problems'], seen['recordings']['total']) == ([], [], 3)


def test_recordings_are_paged_and_searched(site: Site) -> None:
    site.all_well()
    site.plan(lecture('n', NOW + 900, title='Logic'))
    for number in range(30):
        site.recorded(lecture(f'r{number}', NOW - 100_000 + number, title=f'Talk {number}'), failed())
    first = status(site)['recordings']
    assert (len(first['recorded']), first['total'], first['recorded'][0]['uid']) == (25, 30, 'r29')
    assert first['recorded'][0]['outcome'] == 'missed'
    second = status(site, '?offset=25')['recordings']
    assert [row['uid'] for row in second['recorded']] == ['r4', 'r3', 'r2', 'r1', 'r0']
    found = status(site, '?q=talk 17')['recordings']
    assert ([row['uid'] for row in found['recorded']], found['total'], found['upcoming']) == (['r17'], 1, [])
    assert status(site, '?outcome=delivered')['recordings']['total'] == 0


@pytest.mark.parametrize('text', ['Übung', 'übung', 'ÜBUNG', 'bung zur phil'])
def test_what_is_searched_for_is_found_in_any_case(site: Site, text: str) -> None:
    site.all_well()
    site.plan(lecture('n', NOW + 900, title='Übung zur Philosophie'))
    site.recorded(lecture('r', NOW - 90_000, title='ÜBUNG zur Philosophie'), failed())
    site.recorded(lecture('o', NOW - 99_000, title='Ubung'), failed())
    seen = status(site, f'?q={text}')['recordings']
    assert [row['uid'] for row in (*seen['upcoming'], *seen['recorded'])] == ['n', 'r']
    found = site.get(f'/api/events?q={text}').json
    assert found is not None
    assert [row['id'] for row in found['data']] == ['n', 'r']


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that reach the database."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sql.listen(Engine, 'before_cursor_execute', note)
    try:
        yield statements
    finally:
        sql.remove(Engine, 'before_cursor_execute', note)


def test_an_answer_that_still_holds_costs_next_to_nothing(site: Site) -> None:
    site.all_well()
    tag = site.get('/api/status').headers['ETag']
    with counted() as statements:
        again = site.get('/api/status', **{'If-None-Match': tag})
    assert (again.status_code, again.data, again.headers['ETag']) == (304, b'', tag)
    assert len(statements) <= 1


def changed(site: Site, tag: str) -> bool:
    return site.get('/api/status', **{'If-None-Match': tag}).status_code == 200


def test_an_answer_holds_until_something_is_written(site: Site) -> None:
    site.all_well()
    tag = site.get('/api/status').headers['ETag']
    site.plan(lecture('n', NOW + 90))
    assert changed(site, tag)


def test_an_answer_holds_no_longer_than_what_it_says(site: Site) -> None:
    """Time alone changes things: an event begins, a service falls silent."""
    site.all_well()
    calm = site.get('/api/status').headers['ETag']
    site.plan(lecture('n', NOW + 20))
    soon = site.get('/api/status').headers['ETag']
    site.runs(lecture())
    lively = site.get('/api/status').headers['ETag']
    assert [changed(site, tag) for tag in (lively,)] == [False]
    site.clock.time = NOW + 6.0
    assert changed(site, lively)
    assert calm != soon != lively


def test_an_answer_ends_when_the_next_event_begins(site: Site) -> None:
    site.all_well()
    site.plan(lecture('n', NOW + 20))
    tag = site.get('/api/status').headers['ETag']
    site.clock.time = NOW + 19.0
    assert not changed(site, tag)
    site.clock.time = NOW + 20.0
    assert changed(site, tag)


def test_an_answer_ends_when_the_next_event_should_have_begun(site: Site) -> None:
    site.all_well()
    site.plan(lecture('n', NOW - 2))
    tag = site.get('/api/status').headers['ETag']
    site.clock.time += 2.5
    assert site.get('/api/status', **{'If-None-Match': tag}).status_code == 304
    site.clock.time += 1.0
    assert status(site)['verdict']['code'] == 'not_recorded'
    assert site.get('/api/status', **{'If-None-Match': tag}).status_code == 200


def test_an_answer_ends_when_a_service_falls_silent(site: Site) -> None:
    site.all_well()
    Services(site.database).beat({ServiceType.CAPTURE: ServiceStatus.IDLE}, NOW - 160)
    tag = site.get('/api/status').headers['ETag']
    site.clock.time = NOW + 21.0
    assert changed(site, tag)
    assert verdict(site) == ('problem', 'capture_stopped')


@pytest.mark.parametrize('address', ['/api/status', '/status', '/room'])
def test_pictures_go_on_while_nothing_is_recorded(tmp_path: Path, address: str) -> None:
    """Another program may write them at any time."""
    picture = tmp_path / 'room.jpg'
    site = Site(
        tmp_path, ui=Ui(password='', room=True), capture=Capture(preview=(str(picture),), directory=str(tmp_path))
    )
    site.all_well()
    picture.write_bytes(b'1')
    os.utime(picture, (NOW - 50, NOW - 50))
    site.get(address)  # the first page makes the secret of its forms, which is a change
    tag = site.get(address).headers['ETag']
    site.clock.time = NOW + 6.0
    assert site.get(address, **{'If-None-Match': tag}).status_code == 200
    os.utime(picture, (NOW - 120, NOW - 120))
    tag = site.get(address).headers['ETag']
    site.clock.time = NOW + 30.0
    assert site.get(address, **{'If-None-Match': tag}).status_code == 304
    site.close()


def test_another_configuration_is_another_answer(site: Site) -> None:
    site.all_well()
    tag = site.get('/api/status').headers['ETag']
    other = create_app(Settings(agent=Agent(cal_lookahead=3), ui=Ui(password='')), site.database, site.clock)
    assert other.test_client().get('/api/status', headers={'If-None-Match': tag}).status_code == 200


@pytest.mark.parametrize('tag', ['"x"', '*', '', 'W/"1-2-3"', '"a-1-99999999999999999999"', '"-', '\x00'])
def test_a_strange_tag_is_no_answer(site: Site, tag: str) -> None:
    assert changed(site, tag.replace('\x00', ''))


def test_the_answer_is_nobody_elses(site: Site) -> None:
    headers = site.get('/api/status').headers
    assert (headers['Cache-Control'], headers['Vary']) == ('private, no-cache', 'Authorization')


def test_a_title_of_any_kind_is_only_a_title(site: Site) -> None:
    site.all_well()
    site.plan(Event('n', NOW + 300, NOW + 600, '</script>\u202e\x07"', {}))
    assert status(site)['next']['event']['title'] == '</script>\u202e\x07"'
