"""The page while it renews itself."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from pyca.states import Fault, ServiceStatus, ServiceType
from pyca.storage.faults import Faults
from pyca.storage.services import Services
from tests.browser.chromium import Visit
from tests.browser.conftest import Play
from tests.browser.looking import until
from tests.browser.served import Served

KEEP_SELECTION = """
() => {
    const range = document.createRange();
    range.selectNodeContents(document.querySelector('#now h2, #now [id]'));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return getSelection().toString();
}
"""
COUNT_ANNOUNCEMENTS = """
() => {
    window.announced = [];
    const note = changes => changes.forEach(one => window.announced.push(`${one.type}: ${one.target.textContent}`));
    document.querySelectorAll('[role=status], [role=alert], [aria-live]').forEach(one =>
        new MutationObserver(note).observe(one, {subtree: true, childList: true, characterData: true}));
}
"""


def refreshes(served: Served) -> list[int]:
    """The statuses of the answers to everything that was asked for again and again."""
    return [answer.status for answer in served.web.answers if not answer.path.startswith(('/static/', '/img/'))]


def refreshed(page: Page, served: Served, times: int = 2) -> None:
    """Wait until the page has been renewed so many times more."""
    before = len(refreshes(served))
    until(page, lambda: len(refreshes(served)) >= before + times, 'the page does not renew itself')


def something_happens(served: Served, seconds: float) -> None:
    """Time goes on, files grow, something new is wrong."""
    served.clock.time += seconds
    Services(served.database).beat(dict.fromkeys(ServiceType, ServiceStatus.BUSY), served.clock.time)
    Faults(served.database).raise_(ServiceType.INGEST, Fault.UPLOAD, f'try {served.clock.time:.0f}', served.clock.time)


def test_focus_and_what_was_typed_survive(play: Play, visit: Visit) -> None:
    served = play('recording')
    page = visit().open(served.url())
    field = page.locator('#record input[name=title]')
    field.fill('Visit')
    field.evaluate('one => { one.setSelectionRange(1, 3); window.kept = one; }')
    for _ in range(2):
        something_happens(served, 30)
        refreshed(page, served)
    expect(page.locator('#problems')).to_contain_text(f'try {served.clock.time:.0f}')
    state: dict[str, Any] = field.evaluate(
        """one => ({same: window.kept === document.activeElement && one === window.kept, value: one.value,
            selected: [one.selectionStart, one.selectionEnd]})"""
    )
    assert state == {'same': True, 'value': 'Visit', 'selected': [1, 3]}


def test_selection_scroll_and_open_details_survive(play: Play, visit: Visit) -> None:
    served = play('recording')
    page = visit().open(served.url())
    details = page.locator('details').first
    details.locator('summary').first.click()
    selected = page.evaluate(KEEP_SELECTION)
    page.evaluate('scrollTo(0, 400)')
    before = page.evaluate('scrollY')
    for _ in range(2):
        served.clock.time += 30
        Services(served.database).beat(dict.fromkeys(ServiceType, ServiceStatus.BUSY), served.clock.time)
        refreshed(page, served)
    assert page.evaluate('getSelection().toString()') == selected != ''
    assert page.evaluate('scrollY') == before > 0
    assert details.evaluate('one => one.open')


def test_one_request_for_a_refresh_and_next_to_nothing_when_nothing_changed(play: Play, visit: Visit) -> None:
    served = play('ready')
    page = visit().open(served.url())
    refreshed(page, served, 1)
    before = len(served.web.answers)
    refreshed(page, served, 2)
    # the icon is fetched by the browser, at a moment of its own
    answers = [answer for answer in served.web.answers[before:] if answer.path != '/static/pyca.svg']
    assert {answer.status for answer in answers} == {304}
    assert len({answer.path for answer in answers}) == 1


def test_nothing_is_announced_that_has_not_changed(play: Play, visit: Visit) -> None:
    served = play('recording')
    page = visit().open(served.url())
    page.evaluate(COUNT_ANNOUNCEMENTS)
    for _ in range(3):
        served.clock.time += 7
        Services(served.database).beat(dict.fromkeys(ServiceType, ServiceStatus.BUSY), served.clock.time)
        refreshed(page, served, 1)
    assert page.evaluate('window.announced') == []
    something_happens(served, 7)
    expect(page.locator('#verdict')).to_contain_text('uploads fail')
    assert page.evaluate('window.announced') != []


def test_old_figures_are_called_old_until_the_recorder_is_back(play: Play, visit: Visit) -> None:
    served, window = play('recording'), visit()
    page = window.open(served.url())
    banner = page.get_by_text('No connection to the recorder')
    refreshed(page, served)  # from now on answers are too short to be cut off in their middle
    expect(banner).to_be_hidden()
    window.may_fail = True
    ground = "getComputedStyle(document.querySelector('#verdict')).backgroundColor"
    sure = page.evaluate(ground)
    served.web.end()
    expect(banner).to_be_visible()
    assert page.evaluate(ground) != sure, 'what is said stands there as if it still held'
    served.web.begin()
    expect(banner).to_be_hidden()
