"""The sign of life for monitors, which needs no login."""

from __future__ import annotations

import logging

from flask import Blueprint, Response

from pyca.errors import StorageError
from pyca.states import ServiceStatus, ServiceType
from pyca.storage.services import Services

logger = logging.getLogger(__name__)


def blueprint(services: Services) -> Blueprint:
    """`/healthz`: 200 while the capture service was heard lately, else 503; nothing else can be learnt from it."""
    health = Blueprint('health', __name__)

    @health.get('/healthz')
    def healthz() -> Response:
        try:
            alive = services.all()[ServiceType.CAPTURE].status is not ServiceStatus.STOPPED
        except StorageError as error:
            logger.debug('no sign of life: %s', error)
            alive = False
        answer = Response('ok\n' if alive else 'not ok\n', 200 if alive else 503, mimetype='text/plain')
        answer.headers['Cache-Control'] = 'no-store'
        return answer

    return health
