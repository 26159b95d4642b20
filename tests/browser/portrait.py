"""Makes the picture of the page that the readme shows: `python -m tests.browser.portrait`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import Watched, launch
from tests.browser.gallery import scene
from tests.ui.site import NOW

PICTURE = Path(__file__).parents[2] / 'docs/page.png'
LOGIN = {'username': 'admin', 'password': 'secret'}
LARGEST = 150_000
"""Bytes that it may have."""

CAMERA = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180" width="640" height="360">
<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1">
<stop offset="0" stop-color="#3b4650"/><stop offset="1" stop-color="#20272d"/></linearGradient></defs>
<rect width="320" height="180" fill="url(#g)"/>
<rect x="92" y="22" width="136" height="78" rx="2" fill="#eef1f2"/>
<path d="M104 88 V36 M104 88 H216" stroke="#5a6a76" stroke-width="1.5" fill="none"/>
<path d="M108 84 C128 42 140 46 212 44" stroke="#2f6f8f" stroke-width="2.5" fill="none"/>
<rect x="44" y="104" width="30" height="40" rx="2" fill="#7a5c3e"/>
<circle cx="60" cy="76" r="8" fill="#c99c7c"/><path d="M46 112 q2 -26 14 -26 t14 26 z" fill="#33566b"/>
<g fill="#12171b"><circle cx="40" cy="160" r="11"/><circle cx="82" cy="164" r="11"/><circle cx="126" cy="160" r="11"/>
<circle cx="172" cy="165" r="11"/><circle cx="218" cy="160" r="11"/><circle cx="264" cy="164" r="11"/>
<circle cx="302" cy="160" r="11"/><rect y="168" width="320" height="12"/></g>
</svg>
"""
SLIDES = """
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 180" width="640" height="360"
 font-family="serif" fill="#22313a">
<rect width="320" height="180" fill="#fbfaf6"/><rect width="320" height="5" fill="#2f6f8f"/>
<text x="22" y="38" font-size="17">Series with a limit</text>
<text x="22" y="66" font-size="11">The partial sums of a geometric series</text>
<text x="22" y="82" font-size="11">draw closer and closer to one value.</text>
<text x="22" y="122" font-size="12" font-style="italic">1 + q + q² + … = 1 / (1 − q)</text>
<path d="M206 160 V92 M206 160 H304" stroke="#8a98a0" fill="none"/>
<path d="M210 156 C222 112 236 104 300 101" stroke="#2f6f8f" stroke-width="2" fill="none"/>
<path d="M206 97 H304" stroke="#b5532f" stroke-dasharray="4 3" fill="none"/>
</svg>
"""


def draw(browser: Browser, image: str, path: Path) -> None:
    """Keep a drawing as a preview picture."""
    page = browser.new_page(viewport={'width': 640, 'height': 360})
    page.set_content(image)
    page.locator('svg').screenshot(path=path)
    page.close()
    os.utime(path, (NOW - 3.0, NOW - 3.0))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser, shown = launch(playwright, Path(folder)), scene('guarded')
        (Path(folder) / 'agent').mkdir()
        served = shown.serve(Path(folder) / 'agent')
        try:
            draw(browser, CAMERA, served.folder / 'camera.png')
            draw(browser, SLIDES, served.folder / 'slides.png')
            window = Watched(
                browser, viewport={'width': 1100, 'height': 930}, color_scheme='light', http_credentials=LOGIN
            )
            window.open(served.url()).screenshot(path=PICTURE, animations='disabled')
            window.close()
        finally:
            served.close()
            browser.close()
    size = PICTURE.stat().st_size
    if size > LARGEST:
        raise SystemExit(f'{PICTURE.name} has {size} bytes: too many for a readme')


if __name__ == '__main__':
    main()
