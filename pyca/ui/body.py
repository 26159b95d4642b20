"""The body of a request, read in one place."""

from __future__ import annotations

import logging

from flask import Response, request
from werkzeug.exceptions import HTTPException

from pyca.ui import refusals

logger = logging.getLogger(__name__)


def unreadable() -> Response | None:
    """The refusal of a body that cannot be read; whoever asks for it later gets what was read here.

    Each web server raises exceptions of its own for what is not HTTP (gunicorn for a broken chunk), and knows of ours
    no more than we of its: what is wrong is the request, whatever they are called.
    """
    try:
        request.get_data()
    except HTTPException:
        raise
    except Exception as error:
        logger.info('The body of a request cannot be read: %r', error)
        return refusals.refuse(400, refusals.UNREADABLE)
    return None
