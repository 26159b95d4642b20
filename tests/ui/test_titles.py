"""Titles as people write and paste them, on each way that begins a recording."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.dom.minidom import parseString

import pytest

from pyca.demo.standin import StandIn
from pyca.opencast.episode import Episode, catalog
from pyca.settings import Agent, Server, Ui
from pyca.storage.counter import Counter
from pyca.ui.application import create_app
from tests.ui.clerk import Clerk
from tests.ui.reading import read
from tests.ui.site import Site

TITLES = {
    'from a word processor': ('Prof.\N{NO-BREAK SPACE}Muster', 'Prof. Muster'),
    'with thin blanks': ('a\u2009b\u3000c', 'a b c'),
    'a family': ('\U0001f468\u200d\U0001f469\u200d\U0001f467',) * 2,
    'a flag': ('\U0001f3f4\U000e0067\U000e0062\U000e007f',) * 2,
    'Persian': ('می\u200cخواهم',) * 2,
    'Arabic with a mark': ('مرحبا\u200f',) * 2,
    'a soft hyphen': ('Vor\u00adlesung',) * 2,
    'what is newer than this Python': ('\U0001faff\u0378',) * 2,
}
NO_TITLES = ['a\nb', 'a\rb', 'a\u2028b', 'a\u2029b', 'a\x00b', 'a\x1b[0m', 'a\x85b']
each = pytest.mark.parametrize(('written', 'title'), TITLES.values(), ids=TITLES)


@pytest.fixture
def core(tmp_path: Path) -> Iterator[StandIn]:
    with StandIn(tmp_path / 'core') as standing:
        yield standing


@pytest.fixture
def hall(core: StandIn, tmp_path: Path) -> Iterator[Site]:
    """An agent of that core."""
    (tmp_path / 'agent').mkdir()
    server = Server(url=core.url, username='capture-agent', password='lecture-hall')
    made = Site(tmp_path / 'agent', agent=Agent(name='hall-1'), server=server, ui=Ui(password=''))
    yield made
    made.close()


@pytest.fixture
def clerk(site: Site) -> Clerk:
    made = Clerk(site)
    site.app = create_app(site.settings, site.database, site.clock, Counter(site.database, pause=made))
    site.client = site.visit()
    site.all_well()
    return made


def typed(site: Site, title: str) -> str:
    """Record now, by the form of the page; what the page says then."""
    form = read(site.get('/status', **{'Accept-Language': 'en'}).text).one('section', id='record').one('form')
    fields = {field['name']: field['value'] for field in form.all('input')}
    answer = site.client.post(form['action'], data={**fields, 'minutes': '5', 'title': title})
    return site.get(answer.location, **{'Accept-Language': 'en'}).text


@each
def test_a_recording_gets_the_title_that_was_sent(site: Site, clerk: Clerk, written: str, title: str) -> None:
    assert site.send('POST', '/api/recordings', {'data': [{'minutes': 5, 'title': written}]}).status_code == 200
    assert [seen for _, _, seen in clerk.seen] == [title]


@each
def test_a_recording_gets_the_title_that_was_typed(site: Site, clerk: Clerk, written: str, title: str) -> None:
    typed(site, written)
    assert [seen for _, _, seen in clerk.seen] == [title]


@each
def test_the_core_schedules_an_event_of_that_title(core: StandIn, hall: Site, written: str, title: str) -> None:
    """Peers C27: pyCA 4 took any."""
    assert hall.send('POST', '/api/schedule', {'data': [{'duration': 60, 'title': written}]}).status_code == 200
    [event] = core.model.events.values()
    assert event.title == title


@pytest.mark.parametrize('written', NO_TITLES)
def test_what_is_no_line_is_no_title(site: Site, clerk: Clerk, written: str) -> None:
    assert site.send('POST', '/api/recordings', {'data': [{'minutes': 5, 'title': written}]}).status_code == 400
    assert 'one line' in typed(site, written)
    assert clerk.seen == []


def in_catalog(title: str) -> str:
    """The title as who reads the catalog finds it."""
    text = catalog(Episode('hall-1', 0, 60, title)).encode()
    [element] = parseString(text).getElementsByTagName('dcterms:title')
    assert element.firstChild is not None
    return str(element.firstChild.nodeValue)


@pytest.mark.parametrize('title', [*(title for _, title in TITLES.values()), 'a <b> & "c"'])
def test_a_catalog_has_the_whole_title(title: str) -> None:
    assert in_catalog(title) == title


def test_a_catalog_can_be_read_whatever_the_title_is_made_of() -> None:
    assert in_catalog('a\x00\x1b\ud800\ufffe\uffffb') == 'ab'
