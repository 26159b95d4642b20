"""How a try to upload ended, told to the database."""

from __future__ import annotations

import logging

from pyca.event import together
from pyca.ingest.attempt import Attempt, Kind, Result
from pyca.ingest.outside import Outside
from pyca.ingest.queue import Claimed

logger = logging.getLogger(__name__)


def tell(outside: Outside, claimed: Claimed, attempt: Attempt | None, result: Result) -> None:
    """Tell it; no `case` if the remembered steps could not be read. Raises StorageError; then it is told again."""
    event, recordings = claimed.recorded.event, outside.recordings
    now = outside.clock.now()
    if result.kind is Kind.WAIT:
        recordings.upload_failed(event.uid, event.start, now + result.seconds, result.cause)
    elif result.kind is Kind.RESUMED:
        recordings.resumed(event.uid, event.start)
        logger.info('Upload of %s begins anew later: its recording goes on', event.uid)
    elif result.kind is Kind.HOLD:
        recordings.hold(event.uid, event.start, result.cause)
        logger.warning('Upload of %s is held, a person decides: %s', event.uid, result.cause)
        if attempt is None:
            # Only now: a crash in between must not make it look like an upload that never began.
            outside.uploads.set_aside(claimed.recorded.name)
    else:
        left_out = attempt.upload.left_out if attempt is not None else ''
        recordings.uploaded(event.uid, event.start, now, result.cause, left_out)
        outside.contacts.accepted(now)
        words = together(result.cause, left_out)
        logger.info('Upload of %s has been accepted%s', event.uid, f': {words}' if words else '')
