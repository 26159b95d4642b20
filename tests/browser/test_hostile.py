"""Titles, causes and the like come from others, who may mean harm: what a real browser makes of them."""

from __future__ import annotations

import re
from urllib.parse import quote

from playwright.sync_api import Dialog, Page

from pyca.ui.foreign import tame
from tests.browser.chromium import Visit, Watched
from tests.browser.conftest import Play
from tests.browser.looking import until
from tests.browser.scenes import HOSTILE

FOREIGN_MARKUP = '[onload], [onerror], [onfocus], [onmouseover], script:not([src]), a[href^="javascript:"], main svg'


def opened(window: Watched, url: str) -> tuple[Page, list[str]]:
    """The page, with the list of what it has said in dialogs."""
    page = window.context.new_page()
    said: list[str] = []

    def heard(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.dismiss()

    page.on('dialog', heard)
    page.goto(url)
    return page, said


def plain(text: str) -> str:
    """As it stands on a page, however lines are broken."""
    return re.sub(r'\s+', ' ', text)


def test_nothing_runs_and_everything_is_text(play: Play, visit: Visit) -> None:
    served = play('hostile')
    page, said = opened(visit(), served.url())
    title = page.title()
    before = len(served.web.answers)
    until(page, lambda: len(served.web.answers) > before + 1, 'the page does not renew itself')
    assert (page.title(), said, page.locator(FOREIGN_MARKUP).count()) == (title, [], 0)
    shown = plain(page.locator('main').text_content() or '')
    assert [text for text in HOSTILE if plain(tame(text)) not in shown] == []


def test_nor_does_anything_run_elsewhere(play: Play, visit: Visit) -> None:
    served, window = play('hostile'), visit()
    for number, text in enumerate(HOSTILE):
        for path in (f'/events/g{number}', f'/status?q={quote(text)}'):
            page, said = opened(window, served.url(path))
            assert plain(tame(text)) in plain(page.locator('main').text_content() or '')
            assert (said, page.locator(FOREIGN_MARKUP).count()) == ([], 0)
            page.close()
