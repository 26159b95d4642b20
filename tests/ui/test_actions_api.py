"""What people can have done through the API, with somebody who obeys at the other end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pyca.event import UNSCHEDULED, Event, Track
from pyca.order import OrderKind
from pyca.states import EventStatus, ServiceStatus, ServiceType
from pyca.storage.counter import Counter
from pyca.storage.recorded import Said
from pyca.storage.services import Services
from pyca.ui.application import create_app
from tests.ui.clerk import Clerk
from tests.ui.site import NOW, Site, failed, lecture

TRACKS = (Track('presenter/source', Path('/r/a.webm')),)
HELD = Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', TRACKS, cause='cancelled in the core')


@pytest.fixture
def clerk(site: Site) -> Clerk:
    return Clerk(site)


@pytest.fixture(autouse=True)
def staffed(site: Site, clerk: Clerk) -> None:
    """The application with a clerk behind the counter."""
    site.app = create_app(site.settings, site.database, site.clock, Counter(site.database, pause=clerk))
    site.client = site.visit()
    site.all_well()


def post(site: Site, path: str, body: Any = None) -> tuple[int, Any]:
    answer = site.send('POST', path, body)
    said = answer.json
    assert said is not None
    return answer.status_code, said['errors'][0] if 'errors' in said else said.get('meta', said)


def minutes(number: Any, **more: Any) -> dict[str, Any]:
    return {'data': [{'minutes': number, **more}]}


def test_a_recording_is_ended(site: Site, clerk: Clerk) -> None:
    site.runs(lecture())
    status, said = post(site, '/api/events/u1/end')
    assert (status, said['state'], said['text'], said['uid']) == (200, 'done', 'Done.', 'u1')
    assert clerk.seen == [(OrderKind.END, 0, '')]


def test_a_recording_is_extended(site: Site, clerk: Clerk) -> None:
    site.runs(lecture())
    assert post(site, '/api/events/u1/extend', minutes(15))[0] == 200
    assert clerk.seen == [(OrderKind.EXTEND, 15, '')]


def test_a_refusal_is_said_with_its_reason(site: Site, clerk: Clerk) -> None:
    site.runs(lecture())
    clerk.answer = (False, 'The next event begins then.')
    status, said = post(site, '/api/events/u1/extend', minutes(15))
    assert (status, said) == (409, {'status': 409, 'title': 'The next event begins then.'})


def test_who_is_not_answered_can_ask_later(site: Site, clerk: Clerk) -> None:
    site.runs(lecture())
    clerk.answer = None
    status, said = post(site, '/api/events/u1/end')
    assert (status, said['state']) == (202, 'open')
    clerk.answer = (True, 'Ended.')
    clerk(0)
    later = site.get(f'/api/orders/{said["order"]}').json
    assert later is not None
    assert (later['meta']['state'], later['meta']['text']) == ('done', 'Ended.')


@pytest.mark.parametrize('number', ['0', '999', '99999999999999999999999'])
def test_an_unknown_order_is_said_so(site: Site, number: str) -> None:
    assert site.get(f'/api/orders/{number}').status_code == 404


def test_a_recording_is_begun(site: Site, clerk: Clerk) -> None:
    status, said = post(site, '/api/recordings', minutes(45, title='  Visitors '))
    assert status == 200
    assert len(said['uid']) == 36
    assert clerk.seen == [(OrderKind.RECORD, 45, 'Visitors')]
    post(site, '/api/recordings', minutes(5))
    assert clerk.seen[1] == (OrderKind.RECORD, 5, f'Unscheduled-hall-1-{NOW}000')


@pytest.mark.parametrize('path', ['/api/events/u1/end', '/api/events/u1/extend', '/api/recordings'])
def test_without_a_capture_service_nothing_is_promised(site: Site, clerk: Clerk, path: str) -> None:
    site.runs(lecture())
    Services(site.database).beat({ServiceType.CAPTURE: ServiceStatus.STOPPED})
    status, said = post(site, path, minutes(5))
    assert (status, said['title'], clerk.seen) == (409, 'The capture service is not running', [])


@pytest.mark.parametrize('what', ['end', 'extend'])
def test_only_what_is_being_recorded_can_be_ended(site: Site, clerk: Clerk, what: str) -> None:
    site.plan(lecture('n', NOW + 300))
    site.recorded(lecture('m', NOW - 9000), failed())
    assert post(site, f'/api/events/m/{what}', minutes(5))[0] == 409
    assert post(site, f'/api/events/n/{what}', minutes(5))[1]['title'] == 'Its recording has not begun yet'
    assert post(site, f'/api/events/x/{what}', minutes(5))[0] == 404
    assert clerk.seen == []


@pytest.mark.parametrize('number', [0, -5, 1441, 1.5, '5', True, None])
@pytest.mark.parametrize('path', ['/api/events/u1/extend', '/api/recordings'])
def test_minutes_are_checked(site: Site, clerk: Clerk, path: str, number: Any) -> None:
    """H56."""
    site.runs(lecture())
    status, said = post(site, path, minutes(number))
    assert (status, clerk.seen) == (400, [])
    assert 'minutes' in said['detail']


@pytest.mark.parametrize('title', [5, None, 'a\nb', 'x' * 501, '\x00', ['x']])
def test_a_title_is_a_line_of_text(site: Site, title: Any) -> None:
    status, said = post(site, '/api/recordings', minutes(5, title=title))
    assert status == 400
    assert 'title' in said['detail']


def test_a_held_recording_is_uploaded_now(site: Site) -> None:
    site.recorded(lecture(), HELD)
    status, said = post(site, '/api/events/u1/retry')
    assert (status, said['data'][0]['attributes']['status']) == (200, 'finished recording')
    assert site.recordings.claim(NOW) is not None


def test_one_of_two_recordings_is_chosen_by_its_start(site: Site) -> None:
    for start in (NOW - 90_000, NOW - 9000):
        site.recorded(lecture(start=start), HELD)
    status, said = post(site, '/api/events/u1/retry')
    assert status == 409
    assert 'one of several' in said['title']
    assert post(site, f'/api/events/u1/retry?start={NOW - 90_000}')[0] == 200
    claimed = site.recordings.claim(NOW)
    assert claimed is not None
    assert claimed.event.start == NOW - 90_000


def test_the_only_one_of_several_that_waits_needs_no_start(site: Site) -> None:
    site.recorded(lecture(start=NOW - 90_000), HELD)
    site.recorded(lecture(start=NOW - 9000), Said(EventStatus.FINISHED_UPLOADING, 'delivered', TRACKS))
    status, said = post(site, '/api/events/u1/retry')
    assert (status, said['data'][0]['attributes']['start']) == (200, NOW - 90_000)


def test_what_an_old_installation_left_is_chosen_by_its_start(site: Site) -> None:
    for start in (NOW - 90_000, NOW - 9000):
        site.recorded(lecture(start=start), HELD)
    with site.database.write() as connection:
        connection.exec_driver_sql('DELETE FROM pyca_recording')
    assert post(site, f'/api/events/u1/retry?start={NOW - 90_000}')[0] == 200
    row = site.recordings.get('u1', NOW - 90_000)
    assert row is not None
    assert row.status is EventStatus.FINISHED_RECORDING


def test_what_cannot_be_uploaded_is_said(site: Site) -> None:
    site.runs(lecture())
    site.recorded(lecture('m', NOW - 9000), failed())
    site.plan(lecture('n', NOW + 300))
    assert post(site, '/api/events/u1/retry')[1]['title'] == 'Not now: u1 is being recorded'
    assert 'was missed' in post(site, '/api/events/m/retry')[1]['title']
    assert post(site, '/api/events/n/retry')[0] == 409
    assert post(site, '/api/events/x/retry')[0] == 404


def test_what_nobody_scheduled_is_uploaded_when_a_person_wants_it(site: Site) -> None:
    site.recorded(Event('r', NOW - 9000, NOW - 8000, 'Visitors', {UNSCHEDULED: True}), HELD)
    assert post(site, '/api/events/r/retry')[0] == 200
    claimed = site.recordings.claim(NOW)
    assert claimed is not None
    assert claimed.event.unscheduled


def test_a_recording_under_way_is_shown_as_unscheduled(site: Site, tmp_path: Path) -> None:
    site.runs(Event('r', NOW - 600, NOW + 600, 'Visitors', {UNSCHEDULED: True}))
    seen = site.get('/api/status').json
    assert seen is not None
    assert seen['meta']['running'][0]['unscheduled'] is True
