"""Servers of every generation: the same schedule in each one's words, read by the agent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pyca.demo.ical import Layout, Style
from pyca.demo.standin import StandIn
from pyca.event import Event
from pyca.opencast import catalogs
from pyca.opencast.client import Core
from pyca.opencast.endpoints import Endpoints
from pyca.opencast.http import Http
from pyca.settings import Http as Limits
from pyca.settings import Server
from tests.opencast.conftest import MovedClock
from tests.opencast.test_client import Nowhere

Read = Callable[..., list[Event]]
NUMBER = '0012'
GENERATIONS = {
    'opencast 2 and 3': Layout(Style.OLD, java_properties=True),
    'opencast 4 to 6': Layout(Style.OLD),
    'opencast 7 and newer': Layout(Style.MODERN),
    'newer, sorted': Layout(Style.MODERN, sorted=True),
    'through a proxy that changes line ends': Layout(Style.LF),
}
PARAMETERS = {
    'capture.device.names': 'camera, slides',
    'org.opencastproject.workflow.config.publish.at': 'a=b:c \\d#e',
    'org.opencastproject.workflow.config.empty': '',
}


@pytest.fixture
def old_and_new(tmp_path: Path, clock: MovedClock) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core', clock) as standin:
        yield standin


@pytest.fixture
def read(old_and_new: StandIn, clock: MovedClock) -> Iterator[Read]:
    """Fetches the calendar as the agent does."""
    opened: list[Http] = []

    def fetch(series: str = '') -> list[Event]:
        server = Server(url=old_and_new.url, username='capture-agent', password='lecture-hall')
        opened.append(Http(server, Limits(), clock=clock))
        core = Core(opened[-1], Endpoints(opened[-1], server, Nowhere(), clock), NUMBER, series)
        answer = core.calendar(None, None)
        assert answer is not None
        assert (answer.bad, answer.lost) == ([], [])
        return answer.events

    yield fetch
    for http in opened:
        http.close()


@pytest.mark.parametrize('layout', GENERATIONS.values(), ids=GENERATIONS)
def test_the_schedule_is_the_same_from_every_server(
    old_and_new: StandIn, clock: MovedClock, read: Read, layout: Layout
) -> None:
    """Trap 20, H35; contract 6.3 and 6.4."""
    old_and_new.layout.style = layout.style
    old_and_new.layout.java_properties = layout.java_properties
    old_and_new.layout.sorted = layout.sorted
    start = int(clock.now())
    for number in (2, 1):
        begin = start + number * 3600
        title = f'Übung {number}, "Teil"; \\ ' + 'lang ' * 30
        more = {'series': NUMBER, 'description': 'two\nlines', 'properties': PARAMETERS}
        old_and_new.add_event(f'000{number}', agent=NUMBER, start=begin, end=begin + 3600, title=title, **more)

    events = read()

    assert [(event.uid, event.start, event.end) for event in events] == [
        ('0001', start + 3600, start + 7200),
        ('0002', start + 7200, start + 10800),
    ]
    for number, event in enumerate(events, 1):
        assert event.title == f'Übung {number}, "Teil"; \\ ' + 'lang ' * 30
        assert (event.series, event.data['location']) == (NUMBER, NUMBER)
        assert catalogs.selected_inputs(event) == ['camera', 'slides']
        assert catalogs.workflow(event) == 'schedule-and-upload'
        assert catalogs.workflow_properties(event) == {'publish.at': 'a=b:c \\d#e', 'empty': ''}
        assert [flavor for flavor, _ in catalogs.dublin_core(event)] == ['dublincore/episode', 'dublincore/series']


def test_the_core_filters_by_series(old_and_new: StandIn, clock: MovedClock, read: Read) -> None:
    start = int(clock.now()) + 60
    for uid, series in (('a', '0012'), ('b', '12'), ('c', None)):
        old_and_new.add_event(uid, agent=NUMBER, start=start, end=start + 60, series=series)

    assert [event.uid for event in read('0012')] == ['a']
    assert [event.uid for event in read()] == ['a', 'b', 'c']
