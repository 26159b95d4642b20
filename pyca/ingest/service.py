"""The service that brings recordings to the core."""

from __future__ import annotations

import logging

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
from pyca.ingest.alarms import Alarms
from pyca.ingest.backoff import LONGEST, after
from pyca.ingest.case import MORE, RESUMED, Case, Kind, Result
from pyca.ingest.clearing import Clearing, Policy
from pyca.ingest.delivery import Delivery
from pyca.ingest.journal import Damaged, Upload
from pyca.ingest.outage import Outage
from pyca.ingest.outside import Outside
from pyca.ingest.queue import IDLE, Claimed, Queue
from pyca.ingest.removal import Removal
from pyca.ingest.troubles import Troubles
from pyca.states import ADOPTED

logger = logging.getLogger(__name__)

DECIDED = frozenset({'held', 'queued'})
"""The phases in which a held recording is claimed only because a person decided so; in any other one the database is
older than the decision to hold it (a backup, a new one)."""


class Ingest:
    """Uploads finished recordings, one missing step at a call."""

    name = 'ingest'

    def __init__(self, options: settings.Ingest, backup_mode: bool, outside: Outside) -> None:
        self._options = options
        self._outside = outside
        self._queue = Queue(options, backup_mode, outside)
        self._alarms = Alarms(outside.faults, outside.clock)
        self._outage = Outage(outside.clock, self._alarms, outside.spread)
        self._troubles = Troubles(outside.clock, self._alarms)
        policy = Policy(options.delete_after_upload, options.keep_days, outside.short is not None)
        removal = Removal(outside.uploads, outside.recordings, outside.clock)
        self._clearing = Clearing(policy, outside, removal)
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
        if not self._outside.sole.held():
            return IDLE
        try:
            return self._upload(self._claimed) if self._claimed else self._look()
        except Interrupted:
            # `close()` follows; the next start goes on from the remembered steps.
            return IDLE

    def close(self) -> None:
        """End. An upload under way is given back: nothing is called uploading while nothing runs."""
        try:
            self._give_back()
        finally:
            self._outside.sole.release()

    def _give_back(self) -> None:
        if self._claimed is None or self._untold is not None:
            return
        event = self._claimed.recorded.event
        try:
            self._outside.recordings.delay(event.uid, event.start, self._outside.clock.now())
        except StorageError as error:
            logger.debug('The upload of %s stays claimed, the next start takes it over: %s', event.uid, error)

    def _look(self) -> float:
        """Find something to do."""
        wait = self._outage.remaining()
        if self._clearing.step(may_ask=wait <= 0):
            return 0.0
        if wait > 0:
            return min(wait, IDLE)
        self._claimed = self._queue.next()
        if self._claimed is not None:
            return 0.0
        wait = self._queue.idle()
        if wait == IDLE and not self._queue.waiting:
            # What was wrong with uploads is nobody's trouble any more.
            self._outage.over()
            self._troubles.forget()
        self._alarms.publish()
        return wait

    def _upload(self, claimed: Claimed) -> float:
        """Do the next step of the claimed recording."""
        try:
            result = self._untold or self._advance(claimed)
        except Interrupted:
            if self._case is None or not self._case.withdrawn:
                raise
            result = None
        if result is None:
            self._drop(claimed)
        elif result.kind is not Kind.MORE:
            self._untold = result
            self._tell(claimed, result)
            self._forget()
        self._alarms.publish()
        return 0.0

    def _forget(self) -> None:
        self._untold = self._claimed = self._case = self._delivery = None

    def _drop(self, claimed: Claimed) -> None:
        """Leave a recording to whoever has changed its status meanwhile."""
        event = claimed.recorded.event
        logger.info('Upload of %s is broken off: its status was changed meanwhile', event.uid)
        self._troubles.over(event)
        self._forget()

    def _advance(self, claimed: Claimed) -> Result | None:
        """Do the next step, and turn what goes wrong into a wait; None if the recording was taken back."""
        if self._stumbled:
            self._stumbled = False
            return self._wait(claimed, Result(Kind.WAIT, 'An unexpected error, see the log', LONGEST))
        if self._case is not None and self._case.taken_back():
            return None
        self._stumbled = True
        result = RESUMED if self._goes_on(claimed) else self._guarded(claimed)
        self._stumbled = False
        if result.kind is Kind.HOLD and self._goes_on(claimed):
            return RESUMED  # its files have got other names
        if result.error is not None:
            self._outage.note(result.error)
        elif result.heard:
            self._outage.over()
        if result.heard and result.kind is not Kind.WAIT:
            self._troubles.heard(claimed.recorded.event)
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
            if not claimed.fresh or recorded.phase not in DECIDED:
                return Result(Kind.HOLD, upload.error)
            upload.held = upload.doubted = False
            upload.approved = True
            upload.forget_final()
            case.save()
        upload.attempts += 1
        self._delivery = Delivery(self._outside, case, self._options)
        return MORE

    def _wait(self, claimed: Claimed, result: Result) -> Result:
        """Note a failure beside the remembered steps; others that are due go first when this wait is over."""
        seconds = max(result.seconds, self._outage.remaining() + 1.0 if result.error else 0.0)
        if self._case is not None:
            upload, now = self._case.upload, self._outside.clock.now()
            upload.error, upload.next_try = result.cause, now + seconds
            if upload.node and upload.gone_since is None and _node_trouble(result.error):
                upload.gone_since = now
            self._save(self._case)
        self._troubles.failed(claimed.recorded.event, result.cause, seconds, result.error)
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
        if result.kind is Kind.WAIT:
            recordings.upload_failed(event.uid, event.start, now + result.seconds, result.cause)
            return
        self._troubles.over(event)
        if result.kind is Kind.RESUMED:
            recordings.resumed(event.uid, event.start)
            logger.info('Upload of %s begins anew later: its recording goes on', event.uid)
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
            self._clearing.delivered(claimed.recorded.name)


def _node_trouble(error: CoreError | None) -> bool:
    return isinstance(error, (Unreachable, Overloaded)) or (isinstance(error, Refused) and error.status >= 500)
