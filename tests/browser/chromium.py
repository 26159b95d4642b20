"""The browser of the tests: found, started, watched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

ARGUMENTS = (
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-quic',
    '--disable-sync',
    '--no-first-run',
    '--no-proxy-server',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
)
"""Nothing of its own over the network, no name but this machine's."""

REPORT_VIOLATIONS = """
document.addEventListener('securitypolicyviolation', event => console.error(
    `the policy forbids ${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""
PATIENCE = 60_000
"""Milliseconds for anything to come true, on a machine that runs other tests as well."""


def executable() -> str:
    """Where the browser is; without one the test is skipped, in CI it fails."""
    found = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
    if found is None:
        if os.environ.get('CI') == 'true':
            pytest.fail('chromium is not installed: apt-get install chromium')
        pytest.skip('chromium is not installed')
    return found


def launch(playwright: Playwright, home: Path) -> Browser:
    """Start the browser; what it wants to keep, it keeps in `home`. It only ever sees pages of this machine, so that it
    needs no sandbox, which root and containers cannot give it."""
    return playwright.chromium.launch(
        executable_path=executable(),
        args=list(ARGUMENTS),
        chromium_sandbox=False,
        timeout=2 * PATIENCE,
        env={**os.environ, 'HOME': str(home), 'XDG_CONFIG_HOME': str(home), 'XDG_CACHE_HOME': str(home)},
    )


class Watched:
    """A window of the browser, and what must not happen in it.

    `failures` are messages of the browser that a test may do without: what it says of an answer that is an error.
    """

    def __init__(self, browser: Browser, **options: object) -> None:
        given: dict[str, object] = {'viewport': {'width': 1280, 'height': 900}, 'locale': 'en-GB', **options}
        self.context: BrowserContext = browser.new_context(**given)  # type: ignore[arg-type]
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.context.on('request', self._asked)
        self.context.on('console', self._said)
        self.context.on('weberror', lambda error: self.wrong.append(str(error.error)))
        self.wrong: list[str] = []
        self.may_fail = False
        """Whether answers that are errors, or missing, belong to the test."""

    def open(self, url: str) -> Page:
        page = self.context.new_page()
        page.goto(url)
        return page

    def close(self) -> None:
        """Close it; whatever went wrong fails the test."""
        self.context.close()
        assert not self.wrong, '\n'.join(self.wrong)

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.hostname != '127.0.0.1' and address.scheme not in ('data', 'blob', 'about'):
            self.wrong.append(f'asked for {request.url}')

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in ('error', 'warning'):
            return
        if self.may_fail and message.text.startswith(('Failed to load resource', 'htmx: htmx:error: Failed to fetch')):
            return
        self.wrong.append(f'{message.text} ({message.location.get("url", "")})')


Visit = Callable[..., Watched]
