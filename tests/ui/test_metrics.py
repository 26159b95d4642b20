"""What Prometheus reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from pyca import __version__
from pyca.event import Outcome, Track
from pyca.settings import Agent
from pyca.states import EventStatus, Fault, ServiceStatus, ServiceType
from pyca.storage.contacts import Contacts
from pyca.storage.faults import Faults
from pyca.storage.recorded import Said
from pyca.storage.services import Services
from pyca.ui.metrics import route
from pyca.ui.overview.hardware import Hardware
from pyca.ui.overview.sources import Sources
from tests.rules.source import ROOT
from tests.ui.conftest import Serve
from tests.ui.site import NOW, Site, failed, lecture

FINISHED = Said(EventStatus.FINISHED_RECORDING, 'finished')
HELD = Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', outcome=Outcome.HELD, cause='cancelled in the core')


def families(site: Site) -> dict[str, Metric]:
    answer = site.get('/metrics')
    assert (answer.status_code, answer.content_type) == (200, 'text/plain; version=0.0.4; charset=utf-8')
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def values(site: Site, name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric by those of its labels; a series that is there twice is none."""
    samples = families(site)[name].samples
    found = {tuple(sample.labels.values()): sample.value for sample in samples}
    assert len(found) == len(samples)
    return found


def value(site: Site, name: str) -> float | None:
    return values(site, name).get(())


def test_each_service_is_in_one_state(site: Site) -> None:
    """C31."""
    Services(site.database).beat({ServiceType.CAPTURE: ServiceStatus.BUSY, ServiceType.INGEST: ServiceStatus.IDLE}, NOW)
    states = values(site, 'pyca_service_state_info')
    assert len(states) == 12
    assert {series for series, is_it in states.items() if is_it} == {
        ('agentstate', 'stopped'),
        ('capture', 'busy'),
        ('ingest', 'idle'),
        ('schedule', 'stopped'),
    }
    site.clock.time += 600
    assert values(site, 'pyca_service_state_info')['capture', 'stopped'] == 1


def test_the_names_of_existing_installations_keep_their_labels(site: Site) -> None:
    """C31."""
    text = site.get('/metrics').text
    assert 'pyca_service_state_info{service="capture",state="stopped"} 1.0\n' in text
    assert 'pyca_events_count{type="paused after recording"} 0.0\n' in text


def test_events_are_counted_by_status_with_each_status_once(site: Site) -> None:
    """C31."""
    site.plan(lecture('n1', NOW + 300), lecture('n2', NOW + 9000))
    site.recorded(lecture('u1', NOW - 9000), FINISHED)
    site.recorded(lecture('u2', NOW - 90000), failed())
    site.recorded(lecture('u3', NOW - 99000), FINISHED, EventStatus.UPCOMING)
    counts = values(site, 'pyca_events_count')
    assert set(counts) == {(status.label,) for status in EventStatus}
    assert {series: count for series, count in counts.items() if count} == {
        ('upcoming',): 2,
        ('finished recording',): 1,
        ('failed recording',): 1,
    }


def test_a_service_says_when_it_last_gave_a_sign_of_life(site: Site) -> None:
    assert values(site, 'pyca_service_heartbeat_timestamp_seconds') == {}
    Services(site.database).beat({ServiceType.CAPTURE: ServiceStatus.BUSY}, NOW - 50)
    assert values(site, 'pyca_service_heartbeat_timestamp_seconds') == {('capture',): NOW - 50}


def test_video_devices_are_listed(site: Site, tmp_path: Path) -> None:
    """C31."""
    (tmp_path / 'dev').mkdir()
    for name in ('video0', 'video1', 'audio'):
        (tmp_path / 'dev' / name).touch()
    app = Flask(__name__)
    app.register_blueprint(
        route.blueprint(Sources.of(site.settings, site.database, site.clock, hardware=Hardware(tmp_path)))
    )
    site.client = app.test_client()
    assert values(site, 'video_devices') == {('/dev/video0',): 1, ('/dev/video1',): 1}


def test_figures_of_the_process_are_left_out(site: Site) -> None:
    """They would jump between workers."""
    assert {name for name in families(site) if not name.startswith('pyca_')} == {'video_devices'}
    assert values(site, 'pyca_build_info') == {(__version__,): 1}


def test_what_never_happened_has_no_time(site: Site) -> None:
    names = ('calendar_sync', 'state_post', 'upload')
    assert [value(site, f'pyca_last_{name}_timestamp_seconds') for name in names] == [None, None, None]
    assert value(site, 'pyca_clock_offset_seconds') is None
    contacts = Contacts(site.database)
    contacts.posted(NOW - 20)
    Services(site.database, contacts).beat({ServiceType.AGENTSTATE: ServiceStatus.IDLE}, NOW)
    contacts.accepted(NOW - 10)
    contacts.offset(-1.5)
    site.plan()
    assert [value(site, f'pyca_last_{name}_timestamp_seconds') for name in names] == [NOW - 30, NOW - 20, NOW - 10]
    assert value(site, 'pyca_clock_offset_seconds') == -1.5


def test_events_are_counted_by_outcome(site: Site) -> None:
    site.recorded(lecture('u1', NOW - 9000), failed())
    site.recorded(lecture('u2', NOW - 9000), failed())
    site.recorded(lecture('u3', NOW - 9000), HELD)
    assert values(site, 'pyca_event_outcomes') == {
        ('delivered',): 0,
        ('delivered with gaps',): 0,
        ('held',): 1,
        ('failed',): 0,
        ('missed',): 2,
    }


def queue(site: Site) -> tuple[float | None, ...]:
    return tuple(value(site, f'pyca_upload_queue_{name}') for name in ('length', 'bytes', 'oldest_age_seconds'))


def test_the_queue_of_uploads_has_length_size_age(site: Site, tmp_path: Path) -> None:
    assert queue(site) == (0, 0, 0)
    (tmp_path / 'a.webm').write_bytes(b'x' * 300)
    tracks = (Track('presenter/source', tmp_path / 'a.webm'), Track('presentation/source', tmp_path / 'lost.webm'))
    site.recorded(lecture('old', NOW - 9000, 50), FINISHED)
    site.recorded(lecture('new', NOW - 5000, 50), Said(EventStatus.FINISHED_RECORDING, 'finished', tracks=tracks))
    site.recorded(lecture('held', NOW - 90000), HELD)
    assert queue(site) == (2, 300, 6000)
    assert site.recordings.claim(NOW) is not None
    site.recordings.progress('old', NOW - 9000, 3000, 4000)
    assert queue(site) == (2, 1300, 6000)
    site.recordings.uploaded('old', NOW - 9000, NOW)
    assert queue(site) == (1, 300, 2000)


def test_a_long_queue_is_counted_to_its_end(site: Site) -> None:
    for number in range(60):
        site.recorded(lecture(f'u{number}', NOW - 9000 - number), FINISHED)
    assert queue(site)[0] == 60


def test_a_recording_shows_that_it_runs_with_what_fits_on_the_disk(site: Site) -> None:
    site.all_well()
    assert value(site, 'pyca_recordings_running') == 0
    assert value(site, 'pyca_disk_recording_time_left_seconds') is None
    site.runs(lecture(), {'a.webm': b'x' * 600_000})
    assert value(site, 'pyca_recordings_running') == 1
    found = families(site)  # of one moment: others write to the disk as well
    free, left = (found[f'pyca_disk_{name}'].samples[0].value for name in ('free_bytes', 'recording_time_left_seconds'))
    assert free
    assert left == pytest.approx(free / 1000, rel=0.01)


def not_recorded(site: Site) -> float | None:
    return value(site, 'pyca_events_not_recorded')


def test_an_event_of_which_nothing_is_recorded_is_missing_from_the_sixth_second_to_its_end(site: Site) -> None:
    event = lecture(start=NOW + 10, minutes=10)
    site.plan(event, lecture('later', NOW + 3600))
    seen = []
    for seconds in (0, 12, 16, 600, 611):
        site.clock.time = NOW + seconds
        seen.append(not_recorded(site))
    assert seen == [0, 0, 1, 1, 0]


def test_an_event_whose_recorder_runs_is_not_missing_until_it_fails(site: Site) -> None:
    site.plan(lecture())
    site.runs(lecture())
    assert not_recorded(site) == 0
    site.recordings.mirror(lecture(), Said(EventStatus.RECORDING, 'failing', cause='no device'))
    assert not_recorded(site) == 1


@pytest.mark.parametrize(
    ('said', 'missing'),
    [
        (Said(EventStatus.PARTIAL_RECORDING, 'interrupted'), 1),
        (FINISHED, 0),
        (HELD, 0),
        (Said(EventStatus.FAILED_RECORDING, 'failed', outcome=Outcome.FAILED), 0),
    ],
)
def test_an_event_that_somebody_ended_is_not_missing(site: Site, said: Said, missing: int) -> None:
    site.plan(lecture())
    site.recorded(lecture(), said)
    assert not_recorded(site) == missing


@pytest.mark.parametrize('hard', ['false', 'true'])
def test_an_event_that_somebody_ended_is_not_missing_once_it_is_deleted(site: Site, hard: str) -> None:
    site.plan(lecture())
    site.finishes(site.runs(lecture()), NOW - 60.0)
    assert site.send('DELETE', f'/api/events/u1?hard={hard}').status_code == 204
    assert not_recorded(site) == 0


def test_a_folder_that_is_not_there_has_no_free_space(site: Site) -> None:
    site.root.rmdir()
    assert value(site, 'pyca_disk_free_bytes') is None


def test_a_problem_is_counted_where_nought_was_before(site: Site) -> None:
    site.all_well()
    assert not any(values(site, 'pyca_problems').values())
    Faults(site.database).raise_(ServiceType.CAPTURE, Fault.DISK_FULL, 'no room', NOW - 60)
    Faults(site.database).raise_(ServiceType.SCHEDULE, Fault.LOGIN_REFUSED, 'no', NOW - 60)
    Faults(site.database).raise_(ServiceType.INGEST, Fault.LOGIN_REFUSED, 'no', NOW - 60)
    counts = values(site, 'pyca_problems')
    assert {series: count for series, count in counts.items() if count} == {
        ('disk_full', 'problem'): 1,
        ('login_refused', 'problem'): 2,
    }
    assert counts['core_unreachable', 'attention'] == 0


def test_each_metric_says_what_it_is_in_the_text_and_in_the_documents(site: Site) -> None:
    text = (ROOT / 'docs/monitoring/README.md').read_text()
    documented = re.findall(r'^\| `(pyca_\w+|video_devices)` \| (\w+) \|', text, re.MULTILINE)
    found = families(site)
    endings = {'counter': '_total'}
    assert dict(documented) == {
        family.name + endings.get(family.type, ''): 'none' if family.type == 'unknown' else family.type
        for family in found.values()
    }
    assert all(family.documentation.endswith('.') for family in found.values())


def test_a_database_that_cannot_be_read_is_no_agent_without_problems(tmp_path: Path) -> None:
    (tmp_path / 'pyca.db').mkdir()
    nowhere = Site(tmp_path)
    answer = nowhere.get('/metrics')
    assert (answer.status_code, answer.mimetype) == (503, 'text/plain')
    assert 'pyca_' not in answer.text
    nowhere.close()


def test_two_agents_in_one_process_do_not_mix(site: Site, tmp_path: Path) -> None:
    (tmp_path / 'other').mkdir()
    other = Site(tmp_path / 'other', agent=Agent(name='hall-2'))
    other.recorded(lecture(), failed())
    assert values(site, 'pyca_event_outcomes')['missed',] == 0
    assert values(other, 'pyca_event_outcomes')['missed',] == 1
    other.close()


def test_metrics_need_a_login_that_may_only_look(serve: Serve) -> None:
    guarded = serve(password='sécret', viewer_password='look')
    assert guarded.get('/metrics').status_code == 401
    assert guarded.get('/metrics', auth=('viewer', 'look')).status_code == 200
    assert guarded.post('/metrics', auth=('viewer', 'look')).status_code == 405
