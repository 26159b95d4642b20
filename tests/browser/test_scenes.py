"""Each state of each block, looked at in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Visit
from tests.browser.conftest import Play
from tests.browser.gallery import SCENES
from tests.browser.looking import audit, shoot, small_targets, too_wide
from tests.browser.scenes import Scene

PAGES = [pytest.param(one, id=one.name) for one in SCENES]


@pytest.mark.parametrize('scene', PAGES)
def test_every_scene_can_be_read_by_everybody(scene: Scene, play: Play, visit: Visit) -> None:
    """Light in English, then dark in German; on a desk, on a tablet, on a phone, with large letters."""
    login = {'username': scene.login[0], 'password': scene.login[1]} if scene.login else None
    served, window = play(scene), visit(color_scheme='light', reduced_motion='reduce', http_credentials=login)
    window.may_fail = scene.status != 200
    page = window.open(served.url(scene.path))
    assert page.locator('html').get_attribute('lang') == 'en'
    wrong = look_at(page, scene.name, 'light-en')
    page.emulate_media(color_scheme='dark')
    if page.locator('.languages').count():
        page.locator('.languages a[lang=de]').click()
    else:
        page.goto(f'{page.url}?language=de')
    expect(page.locator('html')).to_have_attribute('lang', 'de')
    page.wait_for_load_state()
    wrong += look_at(page, scene.name, 'dark-de')
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert wrong + too_wide(page, 1280) + too_wide(page, 640) == []


def look_at(page: Page, name: str, kind: str) -> list[str]:
    """What is wrong with it, at each width."""
    wrong = audit(page)
    for width in (1280, 768, 320):
        wrong += [f'{width} px: {one}' for one in [*too_wide(page, width), *small_targets(page)]]
        shoot(page, f'{name}-{width}-{kind}')
    if page.evaluate('document.getAnimations().length'):
        wrong.append('something moves')
    return wrong
