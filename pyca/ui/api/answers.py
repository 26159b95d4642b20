"""The answers of the API, errors included: one media type, one shape."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Blueprint, Response

from pyca.errors import StorageError
from pyca.storage.edits import InUse
from pyca.ui.commands import Refused
from pyca.ui.refusals import MEDIA_TYPE

logger = logging.getLogger(__name__)


class Wrong(Exception):
    """The request cannot be done; `title` says it, `detail` names the field and what it may be."""

    def __init__(self, status: int, title: str, detail: str = '') -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail


def answer(content: Any, status: int = 200) -> Response:
    return Response(json.dumps(content), status, mimetype=MEDIA_TYPE)


def nothing() -> Response:
    return Response(status=204, mimetype=MEDIA_TYPE)


def error(status: int, title: str, detail: str = '') -> Response:
    """An error as existing callers know it: the status is a number there. The detail is new."""
    said: dict[str, Any] = {'status': status, 'title': title}
    if detail:
        said['detail'] = detail
    return answer({'errors': [said]}, status)


def blueprint(name: str) -> Blueprint:
    """A part of the API, which says what went wrong in its own way; the gate has asked for the media type."""
    part = Blueprint(name, __name__)
    part.register_error_handler(Wrong, lambda wrong: error(wrong.status, wrong.title, wrong.detail))
    part.register_error_handler(Refused, lambda refused: error(refused.status, str(refused), refused.detail))
    part.register_error_handler(InUse, lambda reason: error(409, f'Not now: {reason}'))
    part.register_error_handler(StorageError, _unreadable)
    return part


def _unreadable(reason: StorageError) -> Response:
    logger.warning('The web interface cannot use the database: %s', reason)
    return error(503, 'The database of the agent cannot be used now', str(reason))
