"""Exceptions that nobody expected, said in the log."""

from __future__ import annotations

import logging
import threading
from types import TracebackType

from pyca.errors import PycaError

logger = logging.getLogger(__name__)


class Logged:
    """A context in which an unexpected exception is logged, where secrets are taken out, instead of printed.

    One that would leave the context ends it; those of other threads end only the thread. Errors that are named in
    `errors` are sentences for the user, and pass.
    """

    def __enter__(self) -> None:
        self._before = threading.excepthook
        threading.excepthook = _of_thread

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        threading.excepthook = self._before
        if not isinstance(error, Exception) or isinstance(error, PycaError):
            return False
        logger.critical('Ending after a defect of this program', exc_info=error)
        return True


def _of_thread(broken: threading.ExceptHookArgs) -> None:
    name = broken.thread.name if broken.thread is not None else 'unknown'
    logger.error('The thread %s ended after a defect of this program', name, exc_info=broken.exc_value)
