"""Who brings a claimed recording to the core, one at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from pyca import settings
from pyca.errors import CoreError, Interrupted, PycaError, RecordingsUnusable, StorageError
from pyca.ingest.attempt import MORE, RESUMED, Attempt, Kind, Result
from pyca.ingest.backoff import LONGEST, after
from pyca.ingest.delivery import Delivery
from pyca.ingest.ending import tell
from pyca.ingest.health import Health
from pyca.ingest.journal import Damaged, Upload
from pyca.ingest.outage import node_trouble
from pyca.ingest.outside import Outside, Recorded
from pyca.ingest.queue import IDLE, Claimed, Queue
from pyca.ingest.sole import LastOut
from pyca.states import ADOPTED, DECIDED

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shared:
    """What a worker shares with the others. `ended` hears that it is free again, with the name of what it delivered."""

    options: settings.Ingest
    health: Health
    queue: Queue
    out: LastOut
    ended: Callable[[str], None]


class Worker:
    """Carries what it is given until that is settled, one missing step at a call.

    Only `take`, `busy`, `in_hand` and `asking` are for other threads.
    """

    def __init__(self, name: str, outside: Outside, shared: Shared, wake: Callable[[], None]) -> None:
        """`wake` has `step` called soon."""
        self.name = name
        self._outside = outside
        self._shared = shared
        self._health = shared.health
        self._wake = wake
        self._lock = threading.Lock()
        self._closed = False
        self._first = False
        self._claimed: Claimed | None = None
        self._attempt: Attempt | None = None
        self._delivery: Delivery | None = None
        self._untold: Result | None = None
        self._stumbled = False

    @property
    def busy(self) -> bool:
        """Whether it has a recording in hand."""
        return self._claimed is not None

    @property
    def in_hand(self) -> Recorded | None:
        """The recording in hand."""
        claimed = self._claimed
        return claimed.recorded if claimed is not None else None

    @property
    def asking(self) -> bool:
        """Whether it was sent to see if a core that was away is back, and has not heard yet."""
        attempt = self._attempt
        return self.busy and self._first and not (attempt is not None and attempt.moves)

    def take(self, claimed: Claimed, *, first: bool) -> bool:
        """Take a recording, the `first` one after an outage perhaps; false if it has ended meanwhile."""
        with self._lock:
            if self._closed:
                return False
            self._shared.out.enter(self)
            self._claimed, self._first = claimed, first
        self._wake()
        return True

    def step(self) -> float:
        """Do the next piece of work; the seconds until there may be more. Raises StorageError."""
        if self._claimed is None:
            return IDLE
        try:
            self._upload(self._claimed)
        except Interrupted:
            # `close()` follows; the next start goes on from the remembered steps.
            return IDLE
        return 0.0

    def close(self) -> None:
        """End. An upload under way is given back: nothing is called uploading while nothing runs."""
        with self._lock:
            self._closed = True
        try:
            self._give_back()
        finally:
            self._shared.out.leave(self)

    def _give_back(self) -> None:
        if self._claimed is None or self._untold is not None:
            return
        event = self._claimed.recorded.event
        try:
            self._outside.recordings.delay(event.uid, event.start, self._outside.clock.now())
        except StorageError as error:
            logger.debug('The upload of %s stays claimed, the next start takes it over: %s', event.uid, error)

    def _upload(self, claimed: Claimed) -> None:
        """Do the next step of the claimed recording, unless it has to wait."""
        if self._waits(claimed):
            return
        try:
            result = self._untold or self._advance(claimed)
        except Interrupted:
            if self._attempt is None or not self._attempt.withdrawn:
                raise
            result = None
        except StorageError:
            raise
        except Exception:
            self._stumbled = True  # the loop says what it was; the next turn has others go first
            raise
        if result is None:
            self._drop(claimed)
        elif result.kind is not Kind.MORE:
            self._untold = result
            if result.kind is not Kind.WAIT:
                self._health.over(claimed.recorded.event)
            tell(self._outside, claimed, self._attempt, result)
            self._forget(claimed.recorded.name if result.kind is Kind.DELIVERED else '')
        self._health.publish()

    def _waits(self, claimed: Claimed) -> bool:
        """Put it back before its next file if the window has closed, or another one has found the core away."""
        if self._untold is not None:
            return False
        away = self._health.pause() > 0
        files = self._attempt is not None and self._attempt.upload.sends_files
        pause = self._outside.window.now() if files else None
        if pause is None and not away:
            return False
        self._shared.queue.put_back(claimed.recorded, pause)
        self._forget()
        return True

    def _forget(self, delivered: str = '') -> None:
        self._untold = self._attempt = self._delivery = None
        self._stumbled = False
        self._claimed = None  # last: from now on it may be given another one
        self._shared.ended(delivered)

    def _drop(self, claimed: Claimed) -> None:
        """Leave a recording to whoever has changed its status meanwhile."""
        event = claimed.recorded.event
        logger.info('Upload of %s is broken off: its status was changed meanwhile', event.uid)
        self._health.over(event)
        self._forget()

    def _advance(self, claimed: Claimed) -> Result | None:
        """Do the next step, and turn what goes wrong into a wait; None if the recording was taken back."""
        if self._stumbled:
            self._stumbled = False
            return self._wait(claimed, Result(Kind.WAIT, 'An unexpected error, see the log', LONGEST))
        if self._attempt is not None and self._attempt.taken_back():
            return None
        result = RESUMED if self._goes_on(claimed) else self._guarded(claimed)
        if result.kind is Kind.HOLD and self._goes_on(claimed):
            return RESUMED  # its files have got other names
        self._health.note(claimed.recorded.event, result)
        self._first = self._first and not result.heard
        if result.kind is Kind.HOLD and self._attempt is not None:
            self._attempt.upload.held = True
            self._attempt.upload.error = result.cause
            self._save(self._attempt)
        return self._wait(claimed, result) if result.kind is Kind.WAIT else result

    def _goes_on(self, claimed: Claimed) -> bool:
        return self._outside.standing(claimed.recorded.name).under_way

    def _guarded(self, claimed: Claimed) -> Result:
        try:
            return self._delivery.step() if self._delivery is not None else self._open(claimed)
        except (Interrupted, StorageError):
            raise
        except Damaged as error:
            return Result(Kind.HOLD, str(error))
        except CoreError as error:
            if self._attempt is not None:
                self._attempt.upload.failures += 1
            failures = self._attempt.upload.failures if self._attempt is not None else 1
            return Result(Kind.WAIT, str(error), after(error, failures, self._outside.spread), error)
        except OSError as error:
            return Result(
                Kind.WAIT, f'{error.filename or self._outside.uploads.root}: {error.strerror or error}', LONGEST
            )
        except PycaError as error:
            return Result(Kind.WAIT, str(error), LONGEST)

    def _open(self, claimed: Claimed) -> Result:
        """Read the remembered steps."""
        recorded = claimed.recorded
        upload = self._outside.uploads.load(recorded.name) or Upload(doubted=recorded.phase == ADOPTED)
        announced = not claimed.fresh and recorded.phase == 'uploading'
        attempt = self._attempt = Attempt(self._outside, recorded, upload, announced=announced)
        if upload.held:
            if not claimed.fresh or recorded.phase not in DECIDED:
                return Result(Kind.HOLD, upload.error)
            upload.held = upload.doubted = False
            upload.approved = True
            upload.forget_final()
            attempt.save()
        elif claimed.fresh and recorded.phase in DECIDED:
            upload.released = True
            self._save(attempt)
        upload.attempts += 1
        self._delivery = Delivery(self._outside, attempt, self._shared.options)
        return MORE

    def _wait(self, claimed: Claimed, result: Result) -> Result:
        """Note a failure beside the remembered steps; others that are due go first when this wait is over."""
        seconds = max(result.seconds, self._health.pause() + 1.0 if result.error else 0.0)
        if self._attempt is not None:
            upload, now = self._attempt.upload, self._outside.clock.now()
            upload.error, upload.next_try = result.cause, now + seconds
            if upload.node and upload.gone_since is None and node_trouble(result.error):
                upload.gone_since = now
            self._save(self._attempt)
        self._health.failed(claimed.recorded.event, result.cause, seconds, result.error)
        return Result(Kind.WAIT, result.cause, seconds)

    def _save(self, attempt: Attempt) -> None:
        try:
            attempt.save()
        except (OSError, RecordingsUnusable) as error:
            logger.debug('The upload of %s could not be noted in its folder: %s', attempt.event.uid, error)
