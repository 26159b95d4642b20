"""The service that brings recordings to the core."""

from __future__ import annotations

import logging
import re

from pyca import settings
from pyca.errors import (
    CoreError,
    Interrupted,
    Overloaded,
    PycaError,
    RecordingsUnusable,
    Refused,
    StorageError,
    Unreachable,
)
from pyca.ingest.backoff import LONGEST, after
from pyca.ingest.case import MORE, RESUMED, Case, Kind, Result
from pyca.ingest.delivery import Delivery
from pyca.ingest.journal import Damaged, Upload
from pyca.ingest.outage import Outage
from pyca.ingest.outside import Outside
from pyca.ingest.queue import IDLE, Claimed, Queue
from pyca.ingest.removal import Removal
from pyca.states import ADOPTED

logger = logging.getLogger(__name__)


class Ingest:
    """Uploads finished recordings, one missing step at a call."""

    name = 'ingest'

    def __init__(self, options: settings.Ingest, backup_mode: bool, outside: Outside) -> None:
        self._options = options
        self._outside = outside
        self._queue = Queue(options, backup_mode, outside)
        self._outage = Outage(outside.clock, outside.faults, outside.spread)
        self._removal = Removal(outside.uploads, outside.clock)
        self._claimed: Claimed | None = None
        self._case: Case | None = None
        self._delivery: Delivery | None = None
        self._untold: Result | None = None
        self._stumbled = False

    @property
    def busy(self) -> bool:
        """Whether an upload is under way."""
        return self._claimed is not None

    def step(self) -> float:
        """Do one piece of work; 0 while more is waiting, else the seconds until it may be. Raises StorageError."""
        if self._claimed is None:
            wait = self._outage.remaining()
            if wait > 0:
                return min(wait, IDLE)
            self._claimed = self._queue.next()
        if self._claimed is None:
            if self._options.delete_after_upload:
                self._removal.sweep()
            return self._queue.idle()
        try:
            result = self._untold or self._advance(self._claimed)
        except Interrupted:
            # The row stays claimed; the next start goes on from here.
            return IDLE
        if result.kind is not Kind.MORE:
            self._untold = result
            self._tell(self._claimed, result)
            self._untold = self._claimed = self._case = self._delivery = None
        self._outage.publish()
        return 0.0

    def close(self) -> None:
        """End. A claimed recording stays claimed, and the next start takes it over."""

    def _advance(self, claimed: Claimed) -> Result:
        """Do the next step, and turn what goes wrong into a wait."""
        if self._stumbled:
            self._stumbled = False
            return self._wait(claimed, Result(Kind.WAIT, 'An unexpected error, see the log', LONGEST))
        self._stumbled = True
        result = RESUMED if self._goes_on(claimed) else self._guarded(claimed)
        self._stumbled = False
        if result.kind is Kind.HOLD and self._goes_on(claimed):
            return RESUMED  # its files have got other names
        if result.error is not None:
            self._outage.note(result.error)
        elif result.heard:
            self._outage.over()
        if result.kind is Kind.HOLD and self._case is not None:
            self._case.upload.held = True
            self._case.upload.error = result.cause
            self._save(self._case)
        return self._wait(claimed, result) if result.kind is Kind.WAIT else result

    def _goes_on(self, claimed: Claimed) -> bool:
        return self._outside.standing(claimed.recorded.name).under_way

    def _guarded(self, claimed: Claimed) -> Result:
        try:
            return self._delivery.step() if self._delivery is not None else self._open(claimed)
        except (Interrupted, StorageError):
            self._stumbled = False
            raise
        except Damaged as error:
            return Result(Kind.HOLD, str(error))
        except CoreError as error:
            if self._case is not None:
                self._case.upload.failures += 1
            failures = self._case.upload.failures if self._case is not None else 1
            return Result(Kind.WAIT, str(error), after(error, failures, self._outside.spread), error)
        except OSError as error:
            return Result(Kind.WAIT, f'{error.filename or self._outside.uploads.root}: {error.strerror}', LONGEST)
        except PycaError as error:
            return Result(Kind.WAIT, str(error), LONGEST)

    def _open(self, claimed: Claimed) -> Result:
        """Read the remembered steps."""
        recorded = claimed.recorded
        upload = self._outside.uploads.load(recorded.name) or Upload(doubted=recorded.phase == ADOPTED)
        announced = not claimed.fresh and recorded.phase == 'uploading'
        case = self._case = Case(self._outside, recorded, upload, announced=announced)
        if recorded.event.unscheduled:
            return Result(Kind.HOLD, 'The core has no event for it: it was not scheduled.')
        if upload.held:
            if not claimed.fresh:
                return Result(Kind.HOLD, upload.error)
            # Held recordings are claimed only after a person decided to upload them all the same.
            upload.held = upload.doubted = False
            upload.forget_final()
            case.save()
        upload.attempts += 1
        self._delivery = Delivery(self._outside, case, catalogs=self._options.upload_catalogs)
        return MORE

    def _wait(self, claimed: Claimed, result: Result) -> Result:
        """Note a failure beside the remembered steps; others that are due go first when this wait is over."""
        seconds = max(result.seconds, self._outage.remaining() + 1.0 if result.error else 0.0)
        uid = claimed.recorded.event.uid
        known = False
        if self._case is not None:
            upload, now = self._case.upload, self._outside.clock.now()
            known = _alike(upload.error) == _alike(result.cause)
            upload.error, upload.next_try = result.cause, now + seconds
            if upload.node and upload.gone_since is None and _node_trouble(result.error):
                upload.gone_since = now
            self._save(self._case)
        level = logging.DEBUG if known else logging.WARNING
        logger.log(level, 'Upload of %s waits %d s: %s', uid, seconds, result.cause)
        return Result(Kind.WAIT, result.cause, seconds)

    def _save(self, case: Case) -> None:
        try:
            case.save()
        except (OSError, RecordingsUnusable) as error:
            logger.debug('The upload of %s could not be noted in its folder: %s', case.event.uid, error)

    def _tell(self, claimed: Claimed, result: Result) -> None:
        """Tell the database how a try ended. Raises StorageError; then it is told again."""
        event, recordings = claimed.recorded.event, self._outside.recordings
        now = self._outside.clock.now()
        if result.kind is Kind.RESUMED:
            recordings.resumed(event.uid, event.start)
            logger.info('Upload of %s begins anew later: its recording goes on', event.uid)
        elif result.kind is Kind.WAIT:
            recordings.upload_failed(event.uid, event.start, now + result.seconds, result.cause)
        elif result.kind is Kind.HOLD:
            recordings.hold(event.uid, event.start, result.cause)
            logger.warning('Upload of %s is held, a person decides: %s', event.uid, result.cause)
            if self._case is None:
                # Only now: a crash in between must not make it look like an upload that never began.
                self._outside.uploads.set_aside(claimed.recorded.name)
        else:
            recordings.uploaded(event.uid, event.start, now, result.cause)
            self._outside.contacts.accepted(now)
            logger.info('Upload of %s has been accepted%s', event.uid, f': {result.cause}' if result.cause else '')
            if self._options.delete_after_upload:
                self._removal.remove(claimed.recorded.name)


def _alike(cause: str) -> str:
    """A cause without its numbers: times and byte counts make no new cause."""
    return re.sub(r'\d+', '#', cause)


def _node_trouble(error: CoreError | None) -> bool:
    return isinstance(error, (Unreachable, Overloaded)) or (isinstance(error, Refused) and error.status >= 500)
