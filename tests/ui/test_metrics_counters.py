"""What Prometheus reads of the counters, and what its own tool thinks of the text."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event as sql
from sqlalchemy.engine import Engine

from pyca.event import Outcome
from pyca.states import EventStatus, ServiceStatus, ServiceType
from pyca.storage.contacts import Contacts
from pyca.storage.counts import Count, Counts
from pyca.storage.edits import Edits
from pyca.storage.recorded import Said
from pyca.storage.services import Services
from pyca.ui.application import create_app
from tests.ui.site import NOW, Site, failed, lecture

DELIVERED = Said(EventStatus.FINISHED_UPLOADING, 'delivered', outcome=Outcome.DELIVERED)


def promtool() -> str:
    found = shutil.which('promtool')
    if found is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('promtool is not installed: apt-get install prometheus')
        pytest.skip('promtool is not installed')
    return found


def check(text: str) -> tuple[int, str]:
    """What `promtool check metrics` says: exit code, complaints."""
    child = subprocess.run([promtool(), 'check', 'metrics'], input=text, capture_output=True, text=True, timeout=60)
    return child.returncode, child.stdout + child.stderr


def samples(site: Site, *beginnings: str) -> list[str]:
    lines = site.get('/metrics').text.splitlines()
    return [line for line in lines if line.startswith(beginnings)]


COUNTERS = ('pyca_recorded', 'pyca_uploaded', 'pyca_recorder_', 'pyca_events_ended', 'pyca_start_lateness')


def counted(site: Site) -> None:
    """Two events, and all that is to be counted of them."""
    site.recordings.mirror(lecture('u1', NOW - 9000), DELIVERED, count=Count(5000, restarts=2, late=0.04))
    site.recordings.progress('u1', NOW - 9000, 4800, 4800)
    site.recordings.mirror(lecture('u2', NOW - 90000), failed(), count=Count(0, restarts=0, late=90.5))
    Counts(site.database).complete()


def test_counters_have_no_value_until_everything_is_counted(site: Site) -> None:
    """One that is lower than it was is taken for one that began anew, and all of it is added."""
    site.recorded(lecture('u1', NOW - 9000), DELIVERED)
    assert samples(site, *COUNTERS) == []
    Counts(site.database).complete()
    assert 'pyca_events_ended_total{outcome="delivered"} 1.0' in samples(site, *COUNTERS)


def test_counters_are_written_as_prometheus_wants_them(site: Site) -> None:
    counted(site)
    assert samples(site, *COUNTERS) == [
        'pyca_recorded_bytes_total 5000.0',
        'pyca_uploaded_bytes_total 4800.0',
        'pyca_recorder_restarts_total 2.0',
        'pyca_events_ended_total{outcome="delivered"} 1.0',
        'pyca_events_ended_total{outcome="delivered with gaps"} 0.0',
        'pyca_events_ended_total{outcome="held"} 0.0',
        'pyca_events_ended_total{outcome="failed"} 0.0',
        'pyca_events_ended_total{outcome="missed"} 1.0',
        *(
            f'pyca_start_lateness_seconds_bucket{{le="{border}"}} {number}.0'
            for border, number in [
                *((border, 1) for border in (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)),
                *((border, 2) for border in ('300.0', '+Inf')),
            ]
        ),
        'pyca_start_lateness_seconds_count 2.0',
        'pyca_start_lateness_seconds_sum 90.54',
    ]
    kinds = {line.split()[2]: line.split()[3] for line in samples(site, '# TYPE')}
    assert kinds['pyca_recorded_bytes_total'] == 'counter'
    assert kinds['pyca_start_lateness_seconds'] == 'histogram'


def test_deleted_recordings_leave_the_counters_as_they_are(site: Site) -> None:
    counted(site)
    before = samples(site, *COUNTERS)
    for uid in ('u1', 'u2'):
        Edits(site.database).delete(uid)
    assert samples(site, 'pyca_event_outcomes{outcome="delivered"}') == ['pyca_event_outcomes{outcome="delivered"} 0.0']
    assert samples(site, *COUNTERS) == before


def measured(text: str) -> list[str]:
    """What comes from the agent; others write to the disk as well."""
    return [line for line in text.splitlines() if not line.startswith(('pyca_disk_free', 'pyca_disk_recording'))]


def test_workers_agree(site: Site) -> None:
    """Each has an application of its own; what one has never seen happen it shows all the same."""
    other = site.visit(create_app(site.settings, site.database, site.clock))
    counted(site)
    assert measured(other.get('/metrics').text) == measured(site.get('/metrics').text)


def nothing_yet(site: Site) -> None:
    """An agent that was never started."""


def everything(site: Site) -> None:
    """As many kinds of figures as can be had at once."""
    contacts = Contacts(site.database)
    contacts.posted(NOW - 20)
    Services(site.database, contacts).beat(dict.fromkeys(ServiceType, ServiceStatus.IDLE), NOW - 5)
    contacts.accepted(NOW - 10)
    contacts.offset(-1.5)
    counted(site)
    site.plan(lecture(), lecture('"\\\n}', NOW + 9000, title='"\\\n}'))
    site.runs(lecture())


@pytest.mark.parametrize('prepare', [nothing_yet, everything])
def test_promtool_has_nothing_to_say_about_the_metrics(site: Site, prepare: Callable[[Site], None]) -> None:
    prepare(site)
    assert check(site.get('/metrics').text) == (0, '')


def test_promtool_would_say_something() -> None:
    assert check('# HELP pyca_x_count X.\n# TYPE pyca_x_count gauge\npyca_x_count 1\n')[0] != 0


@contextmanager
def statements() -> Iterator[list[str]]:
    """What reaches the database, transactions included."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    sql.listen(Engine, 'before_cursor_execute', note)
    try:
        yield found
    finally:
        sql.remove(Engine, 'before_cursor_execute', note)


def deliver(site: Site, numbers: range) -> None:
    for number in numbers:
        site.recordings.mirror(lecture(f'old-{number}', NOW - 100_000 - number), DELIVERED, count=Count(10, late=0.1))


def test_thousands_of_events_cost_a_scrape_no_more_statements(site: Site) -> None:
    everything(site)
    deliver(site, range(30))
    with statements() as few:
        site.get('/metrics')
    deliver(site, range(30, 300))
    with statements() as many:
        assert 'pyca_recorded_bytes_total 8000.0' in site.get('/metrics').text
    assert len(many) == len(few)
    assert sum(statement.startswith('BEGIN') for statement in many) == 1
