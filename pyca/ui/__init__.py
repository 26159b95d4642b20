"""The web interface.

`app` is the WSGI application for `gunicorn pyca.ui:app`. It is made when it is asked for, so that importing this
package reads no configuration and needs no Flask.
"""

from __future__ import annotations

import sys
from typing import Any

BAD_CONFIGURATION = 4
"""The exit code for it; gunicorn takes the same number for `the application failed to load` and stops."""


def __getattr__(name: str) -> Any:
    if name != 'app':
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from pyca.clock import SystemClock
    from pyca.config import load
    from pyca.errors import ConfigurationError
    from pyca.storage.database import Database
    from pyca.ui.application import create_app

    try:
        settings = load()
    except ConfigurationError as error:
        sys.stderr.write(f'{error}\n')
        raise SystemExit(BAD_CONFIGURATION) from None
    clock = SystemClock()
    return create_app(settings, Database(settings.agent.database, clock), clock)
