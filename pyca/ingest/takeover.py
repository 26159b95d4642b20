"""The uploads that an older installation left unfinished.

Nobody knows how far they came: its last call may have been accepted without it having heard so. Hence the core is
asked first, and without its clear word a person decides.
"""

from __future__ import annotations

import logging

from pyca.errors import Refused
from pyca.ingest.attempt import HEARD, Attempt, Kind, Result
from pyca.ingest.decision import CONFIRM_FOR
from pyca.ingest.outside import Outside
from pyca.states import EventStatus

logger = logging.getLogger(__name__)

RECENT = 7 * 86400.0
"""Seconds; what ended before that is nobody's upload any more (peers C21)."""
AGAIN = 60.0
"""Seconds between two questions about one recording."""

_LEFT = (
    EventStatus.RECORDING,
    EventStatus.UPLOADING,
    EventStatus.FAILED_UPLOADING,
    EventStatus.PARTIAL_RECORDING,
)
_UNCLEAR = 'An older program began this upload, and the core does not say that it still waits for the recording.'


def take_over(outside: Outside) -> None:
    """Put the recent ones into the queue, say how many others are left alone. Raises StorageError."""
    recordings, now = outside.recordings, outside.clock.now()
    adopted = recordings.adopt(now - RECENT, now)
    if adopted:
        logger.info('%d uploads of an older installation are taken over', adopted)
    left = sum(not recorded.ours and recorded.event.end < now for recorded in recordings.all(*_LEFT))
    if left:
        logger.info(
            '%d recordings of an older installation were not uploaded and stay as they are;'
            ' whoever wants one uploaded sets it to "%s"',
            left,
            EventStatus.FINISHED_RECORDING.label,
        )


def settle(outside: Outside, attempt: Attempt) -> Result:
    """Ask whether the core still waits for the recording. Raises CoreError, OSError, RecordingsUnusable."""
    upload, now = attempt.upload, outside.clock.now()
    try:
        waits = outside.core.scheduler_owns(attempt.event.uid)
    except Refused as error:
        logger.debug('Upload of %s: the core does not take the question: %s', attempt.event.uid, error)
        waits = False
    if waits:
        upload.doubted, upload.asked_since = False, None
        attempt.save()
        return HEARD
    upload.asked_since = min(now if upload.asked_since is None else upload.asked_since, now)
    if now - upload.asked_since < CONFIRM_FOR:  # a core that is starting says no to everything
        return Result(Kind.WAIT, _UNCLEAR, AGAIN, heard=True)
    return Result(Kind.HOLD, _UNCLEAR, heard=True)
