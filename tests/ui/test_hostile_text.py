"""Titles, causes and the like come from others, who may mean harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pyca.event import Event
from pyca.settings import Ui
from pyca.states import EventStatus, Fault, ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.faults import Faults
from pyca.storage.recorded import Recordings, Said
from pyca.storage.services import Services
from pyca.storage.upcoming import Upcoming
from pyca.ui.foreign import foreign, tame
from tests.rules.source import ROOT
from tests.ui.conftest import HandClock, MakeApp

HOSTILE = (
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '</title><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    '{{ 7 * 7 }}{% raw %}',
    '&lt;b&gt;',
    '\u202egnp.exe\u202c',
    'Lecture\u2069\u2067 ended \x1b[2J\x07',
)
TEMPLATES = sorted((ROOT / 'pyca/ui/templates').rglob('*.html'))


@pytest.mark.parametrize('language', ['en', 'de'])
@pytest.mark.parametrize('text', HOSTILE)
def test_what_others_wrote_is_text_on_the_page(
    make_app: MakeApp, database: Database, clock: HandClock, text: str, language: str
) -> None:
    now = int(clock.time)
    for service in ServiceType:
        Services(database).beat({service: ServiceStatus.IDLE}, now)
    Upcoming(database).replace([Event('next', now + 600, now + 900, text, {})], 'http://core', now)
    Recordings(database).mirror(Event('now', now - 60, now + 60, text, {}), Said(EventStatus.RECORDING, 'recording'))
    failed = Said(EventStatus.FAILED_RECORDING, 'failed', cause=text)
    Recordings(database).mirror(Event('last', now - 900, now - 800, text, {}), failed)
    Faults(database).raise_(ServiceType.INGEST, Fault.UPLOAD, text, now)

    client = make_app(Ui(password='')).test_client()
    page = client.get('/status', headers={'Accept-Language': language}).get_data(as_text=True)
    seen = Seen()
    seen.feed(page)
    assert not seen.tags & {'img', 'svg'}
    assert seen.scripts == ['/static/htmx.min.js', '/static/pyca.js']
    assert not [name for name in seen.attributes if name.startswith('on')]
    assert ''.join(seen.texts).count(tame(text)) >= 4
    assert not re.search('[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f]', page)


class Seen(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.scripts: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == 'script':
            self.scripts.append(dict(attrs).get('src'))
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_direction_ends_with_the_text() -> None:
    assert foreign('\u202egnp.exe') == '<bdi>gnp.exe</bdi>'
    assert foreign('a <b> & c') == '<bdi>a &lt;b&gt; &amp; c</bdi>'


def test_control_characters_are_seen_and_letters_stay() -> None:
    assert tame('a\x1b[2J\x00\x9bb\u2028') == 'a\ufffd[2J\ufffd\ufffdb\ufffd'
    arabic = 'محاضرة \u200fA+\u200f 1'
    assert tame(arabic) == arabic
    assert tame('one\r\ntwo\n\tthree') == 'one\ntwo\n\tthree'
    assert tame(7) == '7'


@pytest.mark.parametrize('path', TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_what_the_policy_forbids(path: Path) -> None:
    """Inline scripts and styles, handlers in attributes, anything from elsewhere, text that is taken for markup."""
    text = path.read_text(encoding='utf-8')
    forbidden = re.findall(
        r'<style|<script(?![^>]*\ssrc=)|\sstyle\s*=|\son\w+\s*=|\|\s*safe\b|javascript:|autoescape|(?:src|href)="?(?:https?:)?//',
        text,
        re.IGNORECASE,
    )
    assert not forbidden
