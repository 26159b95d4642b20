"""The service that brings recordings to the core."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pyca import settings
from pyca.errors import Interrupted
from pyca.ingest.clearing import Clearing, Policy
from pyca.ingest.digests import Digests
from pyca.ingest.health import Health
from pyca.ingest.outside import Outside, Recorded, nothing
from pyca.ingest.queue import IDLE, Queue
from pyca.ingest.removal import Removal
from pyca.ingest.sole import LastOut
from pyca.ingest.worker import Shared, Worker


class Ingest:
    """Hands finished recordings to its workers, and does what there is to do beside uploads.

    Its own worker takes a step at a call. Where there are others, which run in threads of their own, only these upload.
    """

    name = 'ingest'

    def __init__(self, options: settings.Ingest, backup_mode: bool, outside: Outside) -> None:
        self._outside = outside
        self._queue = Queue(options, backup_mode, outside)
        self._health = Health(outside)
        policy = Policy(options.delete_after_upload, options.keep_days, outside.short is not None)
        removal = Removal(outside.uploads, outside.recordings, outside.clock)
        self._digests = Digests(outside.uploads, outside.clock)
        self._clearing = Clearing(policy, outside, removal, self._digests)
        self._delivered: deque[str] = deque()
        self._out = LastOut(outside.sole.release)
        self._shared = Shared(options, self._health, self._queue, self._out, self._ended)
        self._own: Worker | None = Worker(self.name, outside, self._shared, nothing)
        self._workers = [self._own]

    def worker(self, outside: Outside, wake: Callable[[], None]) -> Worker:
        """One of several workers, with a core of its own; its `step` is for another thread, which `wake` wakes."""
        others = [worker for worker in self._workers if worker is not self._own]
        worker = Worker(f'{self.name}-{len(others) + 1}', outside, self._shared, wake)
        self._own, self._workers = None, [*others, worker]
        return worker

    @property
    def busy(self) -> bool:
        """Whether an upload is under way."""
        return any(worker.busy for worker in self._workers)

    def step(self) -> float:
        """Do one piece of work; 0 while more is waiting, else the seconds until it may be. Raises StorageError."""
        if not self._outside.sole.held():
            return IDLE
        self._out.enter(self)
        if self._own is not None and self._own.busy:
            return self._own.step()
        try:
            return self._look()
        except Interrupted:
            return IDLE

    def close(self) -> None:
        """End. Of the workers, those in other threads have their own end."""
        try:
            if self._own is not None:
                self._own.close()
        finally:
            self._out.leave(self)

    def _ended(self, delivered: str) -> None:
        """Called by a worker, from its thread: it is free again."""
        if delivered:
            self._delivered.append(delivered)
        self._outside.ring()

    def _look(self) -> float:
        """Find something to do."""
        while self._delivered:
            name = self._delivered.popleft()
            self._digests.delivered(name)
            self._clearing.delivered(name)
        in_hand = self._in_hand()
        wait = self._health.pause()
        if self._clearing.step(may_ask=wait <= 0, but_not=frozenset(recorded.name for recorded in in_hand)):
            return 0.0
        worker = self._free()
        if wait <= 0 and self._give(worker, frozenset(recorded.event.uid for recorded in in_hand)):
            return 0.0
        if not in_hand and self._digests.step():
            return 0.0
        if wait > 0:
            return min(wait, IDLE)
        return IDLE if worker is None else self._idle()

    def _in_hand(self) -> list[Recorded]:
        """What the workers have. Asked before the database is: a worker may end meanwhile, none begins."""
        return [recorded for worker in self._workers if (recorded := worker.in_hand) is not None]

    def _free(self) -> Worker | None:
        """A worker for the next recording. While it is unknown whether the core is back, one at a time asks."""
        if self._health.failing and any(worker.asking for worker in self._workers):
            return None
        return next((worker for worker in self._workers if not worker.busy), None)

    def _give(self, worker: Worker | None, events: frozenset[str]) -> bool:
        """Claim the next recording for this worker; tells whether there was one. Without one, only look after all."""
        claimed = self._queue.next(events, claim=worker is not None)
        if claimed is None or worker is None:
            return False
        if not worker.take(claimed, first=self._health.failing):
            self._queue.put_back(claimed.recorded, None)
        return True

    def _idle(self) -> float:
        wait = self._queue.idle()
        if wait == IDLE and not self._queue.waiting and not self.busy:
            self._health.rest()
        self._health.publish()
        return wait
