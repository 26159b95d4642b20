"""The log, on its own page and within the overview."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.chromium import Visit
from tests.browser.conftest import Play
from tests.browser.looking import until
from tests.browser.served import Served


def colour(page: Page, selector: str) -> str:
    found: str = page.locator(selector).first.evaluate('one => getComputedStyle(one).color')
    return found


def at_the_end(page: Page) -> bool:
    found: bool = page.locator('.lines').evaluate(
        'one => one.scrollTop > 0 && one.scrollTop + one.clientHeight >= one.scrollHeight - 2'
    )
    return found


def renewed(page: Page, served: Served) -> None:
    before = len(served.web.answers)
    until(page, lambda: len(served.web.answers) >= before + 2, 'the page does not renew itself')


def test_what_is_grave_differs_and_the_newest_lines_are_in_view(play: Play, visit: Visit) -> None:
    page = visit().open(play('log').url('/log'))
    lines = page.locator('.lines')
    expect(lines).to_contain_text('[ERROR] tale: core.example.org: connection refused')
    expect(lines.locator('.error').last).to_contain_text('ConnectionRefusedError')
    assert len({colour(page, f'.lines .{kind}') for kind in ('debug', 'info', 'warning', 'error')}) == 4
    until(page, lambda: at_the_end(page), 'the newest lines are not in view')


def test_it_opens_within_the_overview_and_stays_there(play: Play, visit: Visit) -> None:
    served = play('log')
    page = visit().open(served.url())
    page.locator('#log a').click()
    expect(page.locator('#log .lines .warning').first).to_be_visible()
    until(page, lambda: at_the_end(page), 'the newest lines are not in view')
    served.clock.time += 90
    renewed(page, served)
    expect(page.locator('#log .lines .warning').first).to_be_visible()
    expect(page).to_have_url(re.compile('/status$'))


def test_the_lines_of_one_event_stay_so_in_another_language(play: Play, visit: Visit) -> None:
    page = visit().open(play('log').url('/log?event=tale'))
    expect(page.locator('.lines')).not_to_contain_text('5 events are known')
    page.locator('.languages a[lang=de]').click()
    expect(page.locator('main')).to_contain_text('Zeilen über den Termin tale')
    expect(page.locator('.lines')).not_to_contain_text('5 events are known')
    page.get_by_role('link', name='Das ganze Log zeigen').click()
    expect(page.locator('.lines')).to_contain_text('5 events are known')


def test_it_can_be_taken_away(play: Play, visit: Visit) -> None:
    page = visit().open(play('log').url('/log?event=tale'))
    with page.expect_download() as download:
        page.get_by_role('link', name='Download the log').click()
    text = download.value.path().read_text(encoding='utf-8')
    assert 'tale: accepted by the core' in text
    assert 'events are known' not in text
