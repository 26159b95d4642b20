"""The page never shows as going on what nobody says is going on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyca.event import Outcome
from pyca.settings import Agent, Capture, Ui
from pyca.states import EventStatus, ServiceStatus, ServiceType
from pyca.storage.contacts import Contacts
from pyca.storage.recorded import Said
from pyca.storage.services import Services
from tests.ui.reading import Element, read
from tests.ui.site import NOW, Site, lecture

QUEUED = Said(EventStatus.FINISHED_RECORDING, 'finished')


def shown(site: Site, path: str = '/status', language: str = 'en') -> Element:
    answer = site.get(path, **{'Accept-Language': language})
    assert answer.status_code == 200
    return read(answer.get_data(as_text=True))


def block(site: Site, name: str, path: str = '/status', language: str = 'en') -> str:
    return shown(site, path, language).one('section', id=name).text


def stopped(site: Site, *services: ServiceType) -> None:
    Services(site.database).beat(dict.fromkeys(services, ServiceStatus.STOPPED), NOW - 600)


@pytest.fixture
def uploading(site: Site) -> Site:
    """A recording of which 60 % are uploaded, at 1 MB/s."""
    site.all_well()
    site.recorded(lecture('up', NOW - 9000, title='Roman Law'), QUEUED)
    site.recordings.claim(NOW)
    Contacts(site.database).sending('up', NOW - 9000, NOW - 60.0, 0)
    site.recordings.progress('up', NOW - 9000, 60_000_000, 100_000_000)
    return site


@pytest.fixture
def with_room(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, ui=Ui(password='', room=True))
    yield made
    made.close()


def test_without_the_capture_service_a_recording_is_only_perhaps_going_on(with_room: Site) -> None:
    with_room.all_well()
    with_room.runs(lecture())
    assert 'Perhaps' not in block(with_room, 'now')
    assert 'is being recorded' in block(with_room, 'recordings')
    stopped(with_room, ServiceType.CAPTURE)
    for path in ('/status', '/room'):
        assert 'Perhaps being recorded: nobody says so at present' in block(with_room, 'now', path)
    assert '? perhaps being recorded' in block(with_room, 'recordings')


def test_without_the_ingest_service_no_upload_has_a_rate(uploading: Site) -> None:
    assert 'Is being uploaded 60 % 60 MB of 100 MB 1.0 MB/s' in block(uploading, 'uploads')
    stopped(uploading, ServiceType.INGEST)
    assert 'Stands still: the ingest service is not running 60 % 60 MB of 100 MB' in block(uploading, 'uploads')
    assert 'MB/s' not in block(uploading, 'uploads')
    assert 'waits for its upload' in block(uploading, 'recordings').partition('Roman Law')[2]


def test_a_recorder_that_fails_records_nothing_in_the_list_either(site: Site) -> None:
    site.all_well()
    site.runs(lecture())
    site.recordings.mirror(lecture(), Said(EventStatus.RECORDING, 'failing', cause='exit code 1'))
    assert 'Analysis I✕ its recorder fails exit code 1' in block(site, 'recordings')
    assert '/s' not in block(site, 'now')


def test_a_recording_that_nobody_ended_is_not_shown_as_going_on(site: Site) -> None:
    site.all_well()
    site.recorded(lecture('old', NOW - 90_000), Said(EventStatus.RECORDING, 'recording'))
    assert '? was never finished' in block(site, 'recordings')
    site.recorded(lecture('old', NOW - 90_000), Said(EventStatus.RECORDING, 'x', outcome=Outcome.FAILED))
    assert '✕ failed' in block(site, 'recordings')


def test_an_agent_that_is_not_there_at_all_is_one_problem(site: Site) -> None:
    problems = shown(site).one('section', id='problems')
    stops = [row for row in problems.all('li') if 'not running' in row.text]
    assert len(stops) == 1
    assert 'None of the other services is running either' in stops[0].text


def test_one_service_that_is_not_there_is_a_problem_of_its_own(site: Site) -> None:
    site.all_well()
    stopped(site, ServiceType.INGEST, ServiceType.CAPTURE)
    assert 'None of the other services' not in block(site, 'problems')
    assert 'the ingest service is not running' in block(site, 'problems')


def test_recording_on_the_spot_is_offered_only_while_the_device_is_free(site: Site) -> None:
    site.all_well()
    record = shown(site).one('section', id='record')
    assert 'disabled' not in record.one('button').attributes
    site.runs(lecture())
    record = shown(site).one('section', id='record')
    assert 'disabled' in record.one('button').attributes
    assert 'Not while Analysis I is being recorded: it has the device.' in record.text


def test_it_is_offered_beside_a_recording_where_several_may_run(tmp_path: Path) -> None:
    site = Site(tmp_path, capture=Capture(directory=str(tmp_path / 'recordings'), overlap='parallel'))
    site.all_well()
    site.runs(lecture())
    assert 'disabled' not in shown(site).one('section', id='record').one('button').attributes
    site.close()


def test_the_clock_is_said_to_be_ahead_or_behind(site: Site) -> None:
    site.all_well()
    Contacts(site.database).offset(-3.0)
    assert '3.0 s ahead of that of the core' in block(site, 'machine')
    Contacts(site.database).offset(3.0)
    assert '3,0 s hinter der des Core' in block(site, 'machine', language='de')


def test_the_verdict_names_the_end_of_a_recording_but_not_of_one_that_fails(site: Site) -> None:
    site.all_well()
    site.runs(lecture())
    assert 'Until' in shown(site).one(id='verdict').text
    site.recordings.mirror(lecture(), Said(EventStatus.RECORDING, 'failing'))
    assert 'The event ends at' in shown(site).one(id='verdict').text


def test_hours_that_nobody_could_fill_are_not_counted(site: Site) -> None:
    site.all_well()
    site.recorded(lecture('p', NOW - 9000), Said(EventStatus.FINISHED_UPLOADING, 'x', outcome=Outcome.DELIVERED))
    site.recordings.progress('p', NOW - 9000, 10, 10)
    assert 'more than 1,000 h of recording' in block(site, 'machine')
    assert 'mehr als 1.000 h Aufnahme' in block(site, 'machine', language='de')


def test_many_uploads_do_not_hide_what_is_below_them(site: Site) -> None:
    site.all_well()
    for number in range(9):
        site.recorded(lecture(f'q{number}', NOW - 9000 * (number + 1)), QUEUED)
    held = Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', outcome=Outcome.HELD)
    site.recorded(lecture('h', NOW - 900_000, title='Needs a decision'), held)
    uploads = shown(site).one('section', id='uploads')
    assert len(uploads.all('li')) == 10
    assert 'Needs a decision' in uploads.all('li')[0].text
    assert len(uploads.one('details').all('li')) == 4
    assert '4 more' in uploads.one('summary').text


def test_an_event_that_is_over_is_not_called_planned(site: Site) -> None:
    """It stays in the calendar for a while, also when what was recorded of it has been deleted."""
    site.plan(lecture('past', NOW - 6000), lecture('soon', NOW + 600))
    assert 'planned' in shown(site, '/events/soon').one('main').text
    over = shown(site, '/events/past').one('main').text
    assert 'planned' not in over
    assert 'over; nothing of it is on this machine' in over


@pytest.mark.parametrize('first', ['long', 'short'])
def test_the_verdict_names_the_end_of_the_last_of_several_recordings(site: Site, first: str) -> None:
    site.all_well()
    long, short = lecture('l', NOW - (600 if first == 'long' else 300), 60, 'Long'), lecture('s', NOW - 400, 15)
    for event in (long, short):
        site.runs(event)
    seen = site.get('/api/status').json
    assert seen is not None
    assert seen['meta']['verdict']['values'] == {'title': long.title, 'end': long.end}


def test_one_recording_that_is_held_is_not_spoken_of_as_several(site: Site) -> None:
    site.all_well()
    site.recorded(lecture('h'), Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', outcome=Outcome.HELD))
    assert 'These recordings' not in block(site, 'problems')
    assert 'stays here until a person decides' in block(site, 'problems')
    assert 'Diese Aufnahmen' not in block(site, 'problems', language='de')


def test_the_story_does_not_say_more_either(site: Site) -> None:
    site.all_well()
    site.runs(lecture())
    assert 'is being recorded' in shown(site, '/events/u1').text
    stopped(site, ServiceType.CAPTURE)
    assert '? perhaps being recorded' in shown(site, '/events/u1').text
    site.recordings.mirror(lecture(), Said(EventStatus.RECORDING, 'failing'))
    assert 'its recorder fails' in shown(site, '/events/u1').text


def test_a_lecture_that_was_ended_early_is_not_what_comes_next(site: Site) -> None:
    site.all_well()
    site.plan(lecture(), lecture('n', NOW + 3600, title='Logic'))
    assert 'due for 10 min Analysis I' in block(site, 'next')
    site.finishes(site.runs(lecture()), NOW - 60.0)
    assert 'in 1 h Logic' in block(site, 'next')
    assert 'Analysis I' not in block(site, 'next')


@pytest.mark.parametrize(('backup', 'fate'), [(False, 'Becomes a new event'), (True, 'Is held on this machine')])
def test_what_becomes_of_a_recording_begun_on_the_page_is_said_beside_the_button(
    tmp_path: Path, backup: bool, fate: str
) -> None:
    site = Site(tmp_path, agent=Agent(name='hall-1', backup_mode=backup))
    site.all_well()
    assert fate in block(site, 'record')
    site.close()


@pytest.mark.parametrize('odd', ['1700000000000', '-1', '-99999999999999', "'soon'"])
@pytest.mark.parametrize('column', ['start', 'end'])
def test_a_time_that_no_calendar_has_is_no_error(site: Site, column: str, odd: str) -> None:
    """H58: a script has sent milliseconds to an old installation."""
    site.all_well()
    site.recorded(lecture('ms', NOW - 90_000, title='Odd times'), QUEUED)
    with site.database.write() as connection:
        connection.exec_driver_sql(f'UPDATE recorded_event SET {column} = {odd}, tracks = \'[["a/b", "/c"]]\'')
        connection.exec_driver_sql('DELETE FROM pyca_recording')
    assert 'Odd times' in block(site, 'recordings')
    for language in ('en', 'de'):
        for path in ('/status', '/events/ms', '/events/ms/delete', '/events/ms/retry'):
            assert 'Odd times' in shown(site, path, language).text
    for path in ('/api/status', '/api/events', '/api/events/ms', '/api/events/ms/story', '/metrics'):
        assert site.get(path).status_code == 200


@pytest.mark.parametrize(
    ('start', 'minutes', 'said'),
    [
        (NOW + 1920, 60, 'It cannot be made longer: the next event begins at'),
        (NOW + 1800, 60, 'It cannot be made longer: another event is scheduled for the time after it.'),
        (NOW + 600, 60, 'It cannot be made longer: another event is scheduled for the time after it.'),
        (NOW + 600, 10, '+5 min'),
    ],
    ids=['soon after', 'right after', 'overlapping', 'within'],
)
def test_why_a_recording_cannot_be_made_longer_is_true_of_the_other_event(
    site: Site, start: int, minutes: int, said: str
) -> None:
    site.all_well()
    site.plan(lecture('n', start, minutes, 'Logic'))
    site.runs(lecture())
    assert said in block(site, 'now')


@pytest.mark.parametrize(
    ('language', 'again', 'over'),
    [
        ('en', 'try 2 tomorrow at ', 'The event ends tomorrow at '),
        ('de', 'Versuch 2 morgen um ', 'Der Termin endet morgen um '),
    ],
)
def test_a_time_of_another_day_is_said_as_people_say_it(site: Site, language: str, again: str, over: str) -> None:
    site.all_well()
    site.recorded(lecture('u2', NOW - 9000), QUEUED)
    site.recordings.claim(NOW)
    site.recordings.upload_failed('u2', NOW - 9000, NOW + 86400 + 600.0, 'no route')
    assert again in block(site, 'uploads', language=language)
    assert again.split(' ', 2)[2] in block(site, 'recordings', language=language)
    site.recorded(lecture('u1', minutes=10 + 24 * 60 + 10), Said(EventStatus.RECORDING, 'failing'))
    assert over in shown(site, language=language).one(id='verdict').text
