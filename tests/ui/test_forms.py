"""What the forms of the pages do, sent as a browser sends them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from pyca.accounts.orders import PATIENCE
from pyca.event import Outcome, Track
from pyca.order import Order, OrderKind
from pyca.settings import Capture, Server, Ui
from pyca.states import EventStatus
from pyca.storage.counter import Counter
from pyca.storage.orders import Orders
from pyca.storage.recorded import Said
from pyca.ui.application import create_app
from tests.ui.clerk import Clerk
from tests.ui.reading import Element, read
from tests.ui.site import NOW, Site, lecture

TRACKS = (Track('presenter/source', Path('/r/a.webm')),)
HELD = Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', TRACKS, Outcome.HELD, 'cancelled in the core')


def shown(site: Site, path: str, language: str = 'en') -> Element:
    answer = site.get(path, **{'Accept-Language': language})
    assert answer.status_code == 200
    return read(answer.text)


def question(site: Site, deed: str, start: int, uid: str = 'u1') -> Element:
    answer = site.get(f'/events/{uid}/{deed}?start={start}')
    assert answer.status_code == 200
    return read(answer.text)


def press(site: Site, page: Element, **other: Any) -> TestResponse:
    """Press the button of the one form that does something; `other` fields have another content."""
    form = page.one('form', method='post')
    fields = {field['name']: field['value'] for field in form.all('input')}
    return site.client.post(form['action'], data={**fields, **other})


def adopted_by_nobody(site: Site) -> None:
    """As if an old installation had left all recordings."""
    with site.database.write() as connection:
        connection.exec_driver_sql('DELETE FROM pyca_recording')


def test_what_an_old_installation_left_is_uploaded_when_a_person_wants_it(site: Site) -> None:
    """Peers C21."""
    event = lecture(start=NOW - 90_000)
    site.recorded(event, HELD)
    adopted_by_nobody(site)
    assert press(site, question(site, 'retry', event.start)).location == '/status?said=retried'
    claimed = site.recordings.claim(NOW)
    assert claimed is not None
    assert claimed.event.uid == 'u1'


def test_one_of_two_recordings_is_deleted_without_the_other_one(site: Site) -> None:
    """An event was moved: what was recorded of it first is with the core, the other one only here."""
    delivered, held = lecture(start=NOW - 90_000), lecture(start=NOW - 9000)
    for event in (delivered, held):
        site.finishes(site.runs(event), event.end, HELD if event is held else None)
    site.recordings.uploaded('u1', delivered.start, NOW)
    page = question(site, 'delete', delivered.start)
    assert 'nothing of it will be left' not in page.text
    assert press(site, page).location == '/status?said=deleted'
    assert [row.event.start for row in site.recordings.all()] == [held.start]
    assert [folder.name for folder in site.root.glob('recording-*')] == [held.name]
    last = question(site, 'delete', held.start)
    assert 'nothing of it will be left' in last.text
    press(site, last)
    assert (site.recordings.all(), list(site.root.glob('recording-*'))) == ([], [])


def test_a_recording_that_runs_does_not_keep_an_earlier_one_of_its_event(site: Site) -> None:
    earlier = lecture(start=NOW - 90_000)
    site.finishes(site.runs(earlier), earlier.end)
    site.runs(lecture())
    assert press(site, question(site, 'delete', earlier.start)).location == '/status?said=deleted'
    assert [row.status for row in site.recordings.all()] == [EventStatus.RECORDING]


def test_what_has_changed_since_the_question_is_not_deleted(site: Site) -> None:
    event = lecture(start=NOW - 9000)
    site.finishes(site.runs(event), event.end)
    page = question(site, 'delete', event.start)
    site.recordings.uploaded('u1', event.start, NOW)
    assert press(site, page).location == '/status?said=changed'
    assert (site.root / event.name).is_dir()


@pytest.mark.parametrize('announced', [True, False])
def test_a_recording_that_the_core_has_not_scheduled_is_said_to_be_such(tmp_path: Path, announced: bool) -> None:
    capture = Capture(directory=str(tmp_path / 'recordings'), schedule_first=not announced)
    site = Site(tmp_path, ui=Ui(password=''), capture=capture, server=Server(url='http://127.0.0.1:1'))
    site.all_well()
    site.app = create_app(site.settings, site.database, site.clock, Counter(site.database, pause=Clerk(site)))
    site.client = site.visit()
    answer = press(site, shown(site, '/status').one('section', id='record'), minutes='5')
    told = shown(site, answer.location).one('aside').text
    german = shown(site, answer.location, 'de').one('aside').text
    site.close()
    assert 'The recording has begun.' in told
    assert ('The core did not say that it scheduled it' in told) is not announced
    assert ('nicht bestätigt' in german) is not announced


@pytest.mark.parametrize('kind', list(OrderKind))
def test_an_order_that_nobody_has_heard_of_is_not_promised_for_ever(site: Site, kind: OrderKind) -> None:
    """It lapses: what was wanted long ago might end another lecture."""
    number = Orders(site.database).place(Order('', 'u1', kind))
    assert PATIENCE == 60
    assert 'within a minute' in shown(site, f'/status?order={number}').one('aside').text
    assert 'binnen einer Minute' in shown(site, f'/status?order={number}', 'de').one('aside').text


def test_the_display_at_the_door_tells_no_answers(tmp_path: Path) -> None:
    site = Site(tmp_path, ui=Ui(password='secret', room=True))
    site.all_well()
    number = Orders(site.database).place(Order('', 'u1', OrderKind.END))
    Orders(site.database).answer(number, done=False, text='Confidential has the device.')
    for path in (f'/room?order={number}', '/room?said=deleted'):
        door = read(site.app.test_client().get(path).text)
        assert door.all('aside') == []
        assert 'Confidential' not in door.text
    site.client = site.visit()
    assert 'Confidential has the device.' in shown(site, f'/status?order={number}').one('aside').text
    site.close()
