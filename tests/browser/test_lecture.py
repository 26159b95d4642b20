"""A lecture as somebody in the hall sees it: the real agent, its real page, a real browser, the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pyca.demo.standin import StandIn
from tests.browser.chromium import Visit
from tests.browser.looking import until
from tests.browser.test_keyboard import tab_to
from tests.program.agent import Agent, wait_for

LOGIN = {'username': 'admin', 'password': 'secret'}
SLOW = 120_000
"""Milliseconds for what an agent does on a machine that runs other tests as well."""


@pytest.fixture
def agent(make_agent: Callable[..., Agent]) -> Agent:
    """An agent with a page that is renewed each second."""
    return make_agent(ui={'password': 'secret', 'refresh_rate': 1})


def page_of(agent: Agent) -> str:
    """Start it; the address of its page."""
    agent.start()
    agent.start('ui', '--bind', '127.0.0.1:0')
    found: list[str] = []

    def listens() -> bool:
        found[:] = re.findall(r'listens on (http://127\.0\.0\.1:\d+)\n', agent.logged())
        return bool(found)

    wait_for(listens, 'there is no page')
    return f'{found[0]}/status'


def end_of_it(page: Page) -> int:
    """When the recording ends, as the page's own API says."""
    said = page.request.get(page.url.replace('/status', '/api/status')).json()
    return int(said['meta']['running'][0]['end'])


def test_it_is_extended_and_ended_and_seen_to_be_delivered(
    agent: Agent, schedule: Callable[..., str], visit: Visit, core: StandIn
) -> None:
    schedule(-1, 600, title='Analysis')
    page = visit(http_credentials=LOGIN).open(page_of(agent))
    wait_for(agent.writing, 'nothing is recorded')
    expect(page.locator('#verdict')).to_contain_text('Recording', timeout=SLOW)
    expect(page.locator('#now')).to_contain_text('Analysis')
    before = end_of_it(page)
    tab_to(page, '#now form[action$="/extend"] button[value="5"]')
    page.keyboard.press('Enter')
    until(page, lambda: end_of_it(page) == before + 300, 'it is not extended')
    expect(page.locator('#notice')).to_be_focused(timeout=SLOW)  # the answer to the form has come
    page.wait_for_load_state()

    tab_to(page, '#now form[action$="/end"] button')
    page.keyboard.press('Enter')
    expect(page.get_by_role('button', name='Cancel')).to_be_focused()
    page.keyboard.press('Enter')
    expect(page.locator('#now form[action$="/end"] button')).to_be_focused()
    assert core.deliveries == []
    page.keyboard.press('Enter')
    expect(page.get_by_role('button', name='Cancel')).to_be_focused()
    page.keyboard.press('Tab')
    page.keyboard.press('Enter')
    expect(page.locator('#recordings > table')).to_contain_text('delivered', timeout=SLOW)
    expect(page.locator('#verdict')).to_contain_text('Ready', timeout=SLOW)
    expect(page.locator('#next')).to_contain_text('Nothing is scheduled', timeout=SLOW)
    assert len(core.deliveries) == 1


def test_visitors_are_recorded_on_the_spot(agent: Agent, visit: Visit) -> None:
    page = visit(http_credentials=LOGIN).open(page_of(agent))
    expect(page.locator('#verdict')).to_contain_text('Ready', timeout=SLOW)
    form = page.locator('#record form')
    form.locator('[name=title]').fill('Visitors from Oslo')
    form.locator('[name=minutes]').fill('30')
    form.get_by_role('button').click()
    expect(page.locator('#now')).to_contain_text('Visitors from Oslo', timeout=SLOW)
    expect(form.get_by_role('button')).to_be_disabled(timeout=SLOW)
    expect(form).to_contain_text('Not while Visitors from Oslo is being recorded')
