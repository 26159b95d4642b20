"""The status page over a real database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pyca.event import Event, Outcome
from pyca.settings import Agent, Settings, Ui
from pyca.states import EventStatus, Fault, ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.faults import Faults
from pyca.storage.recorded import Recordings, Said
from pyca.storage.services import Services
from pyca.storage.upcoming import Upcoming
from pyca.ui.application import create_app
from tests.ui.reading import read

NOW = 1_800_000_000


class FixedClock:
    def now(self) -> float:
        return float(NOW)

    def monotonic(self) -> float:
        return 0.0


OPEN = Settings(agent=Agent(name='hall-1'), ui=Ui(password='', refresh_rate=17))
LECTURE = Event('u1', NOW - 600, NOW + 1800, 'Analysis I', {})


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f'sqlite:///{tmp_path}/pyca.db', FixedClock())
    yield made
    made.close()


def client(database: Database, settings: Settings = OPEN) -> FlaskClient:
    return create_app(settings, database, FixedClock()).test_client()


def all_well(database: Database) -> None:
    for service in ServiceType:
        Services(database).beat({service: ServiceStatus.IDLE}, NOW - 5)
    Upcoming(database).replace([], 'http://core', NOW - 30)


def page(database: Database) -> str:
    answer = client(database).get('/status')
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_root_leads_to_the_page(database: Database) -> None:
    answer = client(database).get('/')
    assert (answer.status_code, answer.headers['Location']) == (302, '/status')


def test_a_fresh_database_is_never_all_well(database: Database) -> None:
    text = page(database)
    assert 'Not ready: the capture service is not running' in text
    assert text.count('no sign of life') == 4
    assert 'never fetched' in text


def test_with_every_service_alive_the_agent_is_ready(database: Database) -> None:
    all_well(database)
    text = page(database)
    assert 'Ready. Nothing is scheduled.' in text
    assert 'confirmed by the core 30 s ago' in read(text).text
    assert read(text).text.count('last sign of life 5 s ago') == 4
    assert 'not running' not in text
    assert '<meta http-equiv="refresh" content="17">' in text


def test_a_service_that_fell_silent_is_shown_as_not_running(database: Database) -> None:
    all_well(database)
    Services(database).beat({ServiceType.INGEST: ServiceStatus.BUSY}, NOW - 3600)
    assert 'Ready, but the ingest service is not running.' in page(database)


def test_a_service_state_left_by_an_old_installation_is_no_sign_of_life(database: Database) -> None:
    all_well(database)
    with database.write() as connection:
        connection.exec_driver_sql('DELETE FROM pyca_service WHERE type = 2')
    assert 'Not ready: the capture service is not running' in page(database)


def test_an_old_calendar_is_said_to_be_old(database: Database) -> None:
    all_well(database)
    Upcoming(database).replace([], 'http://core', NOW - 7200)
    text = page(database)
    assert 'the calendar is out of date' in text
    assert '2 h ago' in text


def test_what_is_being_recorded_is_named_with_its_end(database: Database) -> None:
    all_well(database)
    Recordings(database).mirror(LECTURE, Said(EventStatus.RECORDING, 'recording'))
    text = page(database)
    assert 'Recording.' in text
    assert 'Analysis I' in text
    assert '30 min left' in text


def test_a_recording_without_a_capture_service_is_unknown(database: Database) -> None:
    all_well(database)
    Recordings(database).mirror(LECTURE, Said(EventStatus.RECORDING, 'recording'))
    Services(database).beat({ServiceType.CAPTURE: ServiceStatus.STOPPED}, NOW)
    assert 'Unknown: the capture service is not running' in page(database)


def test_a_recorder_that_fails_is_a_problem_and_no_recording(database: Database) -> None:
    all_well(database)
    Recordings(database).mirror(LECTURE, Said(EventStatus.RECORDING, 'failing'))
    text = page(database)
    assert 'its recorder fails' in text
    assert 'Recording.' not in text


def test_faults_are_shown_with_their_text_and_age(database: Database) -> None:
    all_well(database)
    Faults(database).raise_(ServiceType.CAPTURE, Fault.DISK_FULL, '3 MB left on /srv', NOW - 180)
    text = page(database)
    assert 'Not ready: the disk is full.' in text
    assert '3 MB left on /srv' in text
    assert 'capture, for 3 min' in read(text).text


def test_recorded_events_carry_status_and_cause(database: Database) -> None:
    all_well(database)
    missed = Event('u2', NOW - 9000, NOW - 5400, 'Logic', {})
    said = Said(EventStatus.FAILED_RECORDING, 'missed', outcome=Outcome.MISSED, cause='the agent was off')
    Recordings(database).mirror(missed, said)
    text = page(database)
    assert 'Logic✕ missed the agent was off' in read(text).one('section', id='recordings').text


def test_upcoming_events_are_listed_and_titles_are_text(database: Database) -> None:
    all_well(database)
    hostile = Event('u3', NOW + 600, NOW + 1200, '<script>alert("x")</script>', {})
    Upcoming(database).replace([hostile], 'http://core', NOW - 30)
    text = page(database)
    assert '&lt;script&gt;' in text
    assert [script['src'] for script in read(text).all('script')] == ['/static/htmx.min.js', '/static/pyca.js']
    assert 'Ready.' in text


def test_an_unreadable_database_is_said_with_503(tmp_path: Path) -> None:
    nowhere = Database(f'sqlite:///{tmp_path}/missing/pyca.db', FixedClock())
    answer = client(nowhere).get('/status')
    assert answer.status_code == 503
    assert 'database of the agent cannot be read' in answer.get_data(as_text=True)


@pytest.mark.parametrize('address', ['/', '/status', '/nothing', '/status/'])
@pytest.mark.parametrize(
    'login', [None, ('admin', 'wrong'), ('other', 'sécret'), ('', ''), ('admin', '')], ids=lambda login: str(login)
)
def test_nothing_is_served_without_the_right_login(
    database: Database, address: str, login: tuple[str, str] | None
) -> None:
    guarded = client(database, Settings(ui=Ui(username='admin', password='sécret')))
    answer = guarded.get(address, auth=login)
    assert answer.status_code == 401
    assert answer.get_data(as_text=True) == 'pyCA: Login required\n'
    assert answer.headers['WWW-Authenticate'] == 'Basic realm="pyCA Login"'
    assert answer.mimetype == 'text/html'


@pytest.mark.parametrize('header', ['Bearer abc', 'Basic', 'Basic !!!', 'Basic YWRtaW4=', 'Digest username="admin"'])
def test_a_strange_login_is_refused_like_a_wrong_one(database: Database, header: str) -> None:
    guarded = client(database, Settings(ui=Ui(username='admin', password='secret')))
    assert guarded.get('/status', headers={'Authorization': header}).status_code == 401


def test_the_right_login_opens_pages_with_their_style(database: Database) -> None:
    guarded = client(database, Settings(ui=Ui(username='admin', password='sécret')))
    assert guarded.get('/status', auth=('admin', 'sécret')).status_code == 200
    with guarded.get('/static/pyca.css', auth=('admin', 'sécret')) as style:
        assert style.status_code == 200


def test_nothing_on_the_page_is_loaded_from_elsewhere(database: Database) -> None:
    answer = client(database).get('/status')
    assert "default-src 'none'" in answer.headers['Content-Security-Policy']
    assert answer.headers['Cache-Control'] == 'no-store'
    assert 'http://' not in answer.get_data(as_text=True)
