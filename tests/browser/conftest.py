"""A browser for the tests, one for each process that runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chromium import PATIENCE, Visit, Watched, executable, launch
from tests.browser.gallery import scene
from tests.browser.scenes import Scene
from tests.browser.served import Served
from tests.program.conftest import core, make_agent, schedule

__all__ = ['browser', 'core', 'make_agent', 'play', 'schedule', 'visit']

Play = Callable[..., Served]


@pytest.fixture(scope='session')
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    executable()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = launch(playwright, tmp_path_factory.mktemp('browser'))
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens windows with nothing remembered; what went wrong in them fails the test."""
    opened: list[Watched] = []

    def make(**options: object) -> Watched:
        opened.append(Watched(browser, **options))
        return opened[-1]

    yield make
    for window in opened:
        window.close()


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Serves a scene, given itself or by its name."""
    served: list[Served] = []

    def make(which: Scene | str) -> Served:
        chosen = scene(which) if isinstance(which, str) else which
        folder = tmp_path / f'{chosen.name}-{len(served)}'
        folder.mkdir()
        served.append(chosen.serve(folder))
        return served[-1]

    yield make
    for one in served:
        one.close()
