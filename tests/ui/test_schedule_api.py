"""Scheduling through the agent, against the stand-in core."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.settings import Agent, Server, Ui
from tests.ui.site import NOW, Site


@pytest.fixture
def core(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core') as standing:
        yield standing


def agent(tmp_path: Path, url: str) -> Site:
    (tmp_path / 'agent').mkdir()
    server = Server(url=url, username='capture-agent', password='lecture-hall')
    return Site(tmp_path / 'agent', agent=Agent(name='hall-1'), server=server, ui=Ui(password='', username='anna'))


@pytest.fixture
def site(core: StandIn, tmp_path: Path) -> Iterator[Site]:
    made = agent(tmp_path, core.url)
    yield made
    made.close()


def post(site: Site, **item: Any) -> tuple[int, Any]:
    answer = site.send('POST', '/api/schedule', {'data': [item]})
    return answer.status_code, answer.json


def test_the_core_gets_the_event(core: StandIn, site: Site) -> None:
    assert post(site, title='Visitors <& "guests">', duration=600) == (200, {'data': ['Event scheduled']})
    [event] = core.model.events.values()
    assert (event.agent, event.title, event.presenters) == ('hall-1', 'Visitors <& "guests">', ('anna',))
    assert (event.start, event.end) == (NOW + 10, NOW + 610)


def test_title_and_creator_have_defaults(core: StandIn, site: Site) -> None:
    assert post(site, duration=60, creator='Berta')[0] == 200
    [event] = core.model.events.values()
    assert (event.title, event.presenters) == ('pyCA Recording', ('Berta',))


def test_a_conflict_is_said_as_such(core: StandIn, site: Site) -> None:
    post(site, duration=60)
    assert post(site, duration=60) == (409, {'errors': [{'status': 409, 'title': 'Scheduling conflict'}]})
    assert len(core.model.events) == 1


@pytest.mark.parametrize('status', [400, 409, 500])
def test_what_the_core_does_not_schedule_leaves_no_file_there(core: StandIn, site: Site, status: int) -> None:
    core.faults.add(Fault('POST /ingest/schedule', Kind.STATUS, status=status))
    post(site, duration=60)
    assert any(request.path == '/ingest/addDCCatalog' and request.status == 200 for request in core.requests)
    assert core.nodes[0].files == {}


def test_a_conflict_is_said_as_such_whatever_becomes_of_the_file(core: StandIn, site: Site) -> None:
    post(site, duration=60)
    core.faults.add(Fault('discardMediaPackage', Kind.STATUS, status=500))
    assert post(site, duration=60)[0] == 409


@pytest.mark.parametrize('duration', ['60', 1.5, None, True])
def test_a_duration_is_an_integer(core: StandIn, site: Site, duration: Any) -> None:
    status, said = post(site, duration=duration)
    assert (status, said['errors'][0]['title']) == (400, 'Duration must be an integer')
    assert core.model.events == {}


@pytest.mark.parametrize('duration', [0, -5, 86_401])
def test_a_duration_is_a_time_that_makes_sense(core: StandIn, site: Site, duration: int) -> None:
    """H56."""
    status, said = post(site, duration=duration)
    assert (status, core.model.events) == (400, {})
    assert said['errors'][0]['title'].startswith('Duration must be')


@pytest.mark.parametrize('body', [{}, {'data': {}}, {'data': []}, [], 5])
def test_what_is_no_event_is_refused(site: Site, body: Any) -> None:
    answer = site.send('POST', '/api/schedule', body)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json['errors'][0]['title'] == 'Invalid data'


@pytest.mark.parametrize(('status', 'said_here'), [(500, 502), (503, 504), (403, 502)])
def test_a_core_that_fails_is_no_conflict(core: StandIn, site: Site, status: int, said_here: int) -> None:
    """H56: every failure was a conflict."""
    core.faults.add(Fault('POST /ingest/schedule', Kind.STATUS, status=status))
    answered, said = post(site, duration=60)
    assert answered == said_here
    assert str(status) in said['errors'][0]['detail']


@pytest.mark.parametrize('status', [502, 503, 504])
def test_a_proxy_that_lost_the_answer_is_no_failure(core: StandIn, site: Site, status: int) -> None:
    """The event may have been made, so nobody is to be told that it was not."""
    core.faults.add(Fault('POST /ingest/schedule', Kind.OTHER_ANSWER, status=status))
    assert post(site, duration=60)[0] == 504
    assert len(core.model.events) == 1


def test_a_core_that_has_no_room_has_made_nothing(core: StandIn, site: Site) -> None:
    core.faults.add(Fault('POST /ingest/schedule', Kind.STATUS, status=429))
    assert post(site, duration=60)[0] == 502


def test_a_core_that_is_away_is_said(tmp_path: Path) -> None:
    site = agent(tmp_path, 'http://127.0.0.1:1')
    status, said = post(site, duration=60)
    site.close()
    assert status == 502
    assert 'detail' in said['errors'][0]
