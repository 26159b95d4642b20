"""The page in a browser that runs no scripts."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from pyca.settings import Ui
from pyca.storage.orders import Orders
from tests.browser import scenes
from tests.browser.chromium import Visit
from tests.browser.conftest import Play
from tests.browser.scenes import Scene

BLOCKS = ('verdict', 'now', 'next', 'problems', 'uploads', 'recordings', 'machine', 'record', 'log')
CALM = Scene('calm', scenes.recording, {'ui': Ui(password='', refresh_rate=300)})
"""Without scripts a renewal loads the whole page: not between two steps of a test."""


def test_it_is_complete(play: Play, visit: Visit) -> None:
    page = visit(java_script_enabled=False).open(play(CALM).url())
    for block in BLOCKS:
        expect(page.locator(f'#{block}')).to_be_visible()
    expect(page.locator('#now')).to_contain_text('Analysis I')
    assert 'http-equiv="refresh"' in page.content()


def test_paper_has_nothing_to_press(play: Play, visit: Visit) -> None:
    page = visit(java_script_enabled=False).open(play(CALM).url())
    expect(page.locator('#log .button')).to_be_visible()
    page.emulate_media(media='print')
    expect(page.locator('button:visible, .button:visible')).to_have_count(0)


def test_forms_say_what_came_of_them(play: Play, visit: Visit) -> None:
    """Nobody attends to orders here, so what comes of them is that they wait."""
    served = play(CALM)
    page = visit(java_script_enabled=False).open(served.url())
    page.locator('form[action$="/extend"] button[value="10"]').click()
    expect(page).to_have_url(re.compile('/status'))
    expect(page.locator('main')).to_contain_text('Analysis I')
    assert Orders(served.database).open()


def test_a_question_can_be_left_without_anything_being_done(play: Play, visit: Visit) -> None:
    served = play(CALM)
    page = visit(java_script_enabled=False).open(served.url())
    page.locator('#now form[action$="/end"] button').click()
    expect(page.locator('main')).to_contain_text('End the recording of Analysis I')
    page.get_by_role('button', name='Cancel').click()
    expect(page).to_have_url(re.compile('/status'))
    expect(page.locator('#now')).to_contain_text('Analysis I')
    assert not Orders(served.database).open()
