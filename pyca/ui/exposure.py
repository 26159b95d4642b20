"""Whether everybody may do everything."""

from __future__ import annotations

from pyca.settings import Ui

PAGE_OPEN = 'page_open'
LOGIN_KNOWN = 'login_known'


def exposure(ui: Ui) -> str:
    """Why it is so, as a code; empty when it is not."""
    if not ui.password:
        return PAGE_OPEN
    return LOGIN_KNOWN if ui.default_login and ui.allow_default_login else ''
