"""What can be seen of a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.chromium import PATIENCE

SHOTS = Path(__file__).parents[1] / 'screenshots'
AXE = Path(__file__).parent / 'axe/axe.min.js'

SMALL_TARGETS = """
() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter(one => one.checkVisibility({visibilityProperty: true, opacityProperty: true}))
    .filter(one => !(one.tagName === 'A' && getComputedStyle(one).display === 'inline'))
    .map(one => [one.closest('label') ?? one, one])
    .filter(([place]) => {
        const box = place.getBoundingClientRect();
        return box.width < 43.9 || box.height < 43.9;
    })
    .map(([place, one]) => {
        const box = place.getBoundingClientRect();
        return `${Math.round(box.width)}x${Math.round(box.height)} ${one.outerHTML.slice(0, 120)}`;
    })
"""
"""What can be pressed and is smaller than a finger; a link within a sentence may be."""

TOO_WIDE = """
() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return ['the page', ...[...document.querySelectorAll('body *')]
        .filter(one => one.getBoundingClientRect().right > width + 1)
        .map(one => one.outerHTML.slice(0, 120))].slice(0, 8);
}
"""


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the whole page, for people."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f'{name}.png', full_page=True, animations='disabled')


def audit(page: Page) -> list[str]:
    """What axe-core has to say against it."""
    page.evaluate(AXE.read_text(encoding='utf-8'))
    found = page.evaluate('axe.run(document, {resultTypes: ["violations"]})')
    return [
        f'{one["id"]}: {one["help"]} {json.dumps([node["html"][:200] for node in one["nodes"]][:3])}'
        for one in found['violations']
    ]


def too_wide(page: Page, width: int) -> list[str]:
    """What sticks out to the right at this width."""
    page.set_viewport_size({'width': width, 'height': 900})
    found: list[str] = page.evaluate(TOO_WIDE)
    return found


def small_targets(page: Page) -> list[str]:
    found: list[str] = page.evaluate(SMALL_TARGETS)
    return found


def until(page: Page, so: Callable[[], object], what: str) -> None:
    """Wait until something outside of the browser is so."""
    for _ in range(PATIENCE // 100):
        if so():
            return
        page.wait_for_timeout(100)
    raise AssertionError(what)


def asked(page: Page, question: str, argument: Any = None) -> Any:
    """What JavaScript answers."""
    return page.evaluate(question, argument)
