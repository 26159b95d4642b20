"""The web interface.

`app` is the WSGI application for `gunicorn pyca.ui:app`. It is made when it is asked for, so that importing this
package reads no configuration and needs no Flask.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyca.storage.database import Database

logger = logging.getLogger(__name__)

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
    database = Database(settings.agent.database, clock)
    _create(database)
    return create_app(settings, database, clock)


def _create(database: Database) -> None:
    """Make the database now where there is none (peers C5); what is wrong with it is a matter for the page."""
    from pyca.errors import StorageError

    try:
        database.change()
    except StorageError as error:
        logger.warning('%s', error)
    database.close()  # gunicorn may be about to fork
