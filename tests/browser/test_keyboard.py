"""The page without a mouse."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Visit
from tests.browser.conftest import Play

FOCUSABLE = """
() => {
    window.there = [...document.querySelectorAll(
            'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex="-1"])')]
        .filter(one => !one.disabled && one.checkVisibility());
    return window.there.map(one => one.outerHTML.slice(0, 100));
}
"""
FOCUSED = """
() => {
    const one = document.activeElement, style = getComputedStyle(one);
    return one === document.body || one === document.documentElement ? null : {
        number: window.there.indexOf(one), text: one.outerHTML.slice(0, 100),
        ring: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || style.boxShadow !== 'none',
    };
}
"""


def focused(page: Page) -> dict[str, Any] | None:
    found: dict[str, Any] | None = page.evaluate(FOCUSED)
    return found


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something of this kind has the focus."""
    for _ in range(200):
        page.keyboard.press('Tab')
        if page.evaluate('selector => document.activeElement.matches(selector)', selector):
            return
    raise AssertionError(f'{selector} is not reached')


def test_the_first_tab_offers_to_skip_what_is_before_the_content(play: Play, visit: Visit) -> None:
    page = visit().open(play('recording').url())
    page.keyboard.press('Tab')
    skip = page.locator('.skip')
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press('Enter')
    expect(page).to_have_url(re.compile('#main$'))
    page.keyboard.press('Tab')
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize('name', ['recording', 'troubled', 'archive'])
def test_the_keyboard_reaches_everything_in_the_order_of_the_page(name: str, play: Play, visit: Visit) -> None:
    page = visit().open(play(name).url())
    there = page.evaluate(FOCUSABLE)
    reached: list[int] = []
    page.keyboard.press('Tab')
    while (now := focused(page)) is not None and len(reached) < 2 * len(there):
        assert now['ring'], f'it cannot be seen that this has the focus: {now["text"]}'
        reached.append(now['number'])
        page.keyboard.press('Tab')
    assert [text for number, text in enumerate(there) if number not in reached] == []
    assert reached == sorted(reached)
