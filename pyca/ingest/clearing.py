"""The choice of delivered recordings that may go from the disk."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyca.backoff import doubled
from pyca.errors import CoreError, RecordingsUnusable
from pyca.ingest.decision import CONFIRM_FOR, GIVE_UP_AFTER, Answer
from pyca.ingest.digests import Digests
from pyca.ingest.inquiry import Answers, Inquiry
from pyca.ingest.journal import Upload
from pyca.ingest.outside import Outside
from pyca.ingest.removal import Removal

logger = logging.getLogger(__name__)

DAY = 86_400.0
GIGABYTE = 10**9
LOOK_EVERY = 600.0
"""Seconds between two looks at all the folders; what is delivered in between is known without."""
FIRST, LONGEST = 10.0, 3600.0
"""Seconds from the delivery to the first question whether the core has archived it, and the longest between two."""
PAUSE = 5.0
"""Seconds between two questions about whatever recordings: there may be hundreds."""
SUMS_WITHIN = 3600.0
"""Seconds for which one that may go waits until its checksums can be made without an upload waiting for them."""
FAILED_AGAIN = 3600.0
"""Seconds until a folder that could not be deleted is tried again."""


@dataclass(frozen=True)
class Policy:
    """What is wanted: delivered recordings deleted as soon as may be, after so many days, or when room is short."""

    at_once: bool = False
    keep_days: int = 0
    when_short: bool = False

    def __bool__(self) -> bool:
        return self.at_once or self.keep_days > 0 or self.when_short


@dataclass
class Candidate:
    """A delivered recording. Times are monotonic, but for `accepted`. `settled`: nothing is left to be asked."""

    accepted: float
    settled: bool
    due: float
    asked_since: float | None = None
    questions: int = 0


class Clearing:
    """Deletes recordings that the core has for good, the oldest first, one piece of work at a call."""

    def __init__(self, policy: Policy, outside: Outside, removal: Removal, digests: Digests) -> None:
        self._policy = policy
        self._outside = outside
        self._removal = removal
        self._digests = digests
        self._inquiry = Inquiry(outside)
        self._candidates: dict[str, Candidate] = {}
        self._looked: float | None = None
        self._quiet_until = outside.clock.monotonic()
        self._short = False

    def delivered(self, name: str) -> None:
        """The core has accepted this recording just now."""
        if self._policy:
            upload = self._upload(name)
            if upload is not None:
                self._add(name, upload)

    def step(self, *, may_ask: bool, but_not: frozenset[str] = frozenset()) -> bool:
        """Do one piece of work, but not on these; tells whether more may wait. Raises StorageError, Interrupted."""
        if not self._policy:
            return False
        now = self._outside.clock.monotonic()
        if self._looked is None or now - self._looked >= LOOK_EVERY:
            self._looked = now
            self._look()
        for name, candidate in self._wanted():
            if candidate.due > now or name in but_not:
                continue
            if candidate.settled and self._waits_for_sums(name, now - candidate.due):
                continue
            if candidate.settled:
                self._remove(name, candidate)
                return True
            if may_ask and now >= self._quiet_until:
                self._ask(name, candidate)
                return True
        return False

    def _wanted(self) -> Iterator[tuple[str, Candidate]]:
        """What is to go by the policy, oldest start first."""
        short = self._outside.short is not None and self._outside.short()
        if short and not self._short:
            logger.warning('Room is short where the recordings lie: delivered ones are deleted, oldest first')
        self._short = short
        now = self._outside.clock.now()
        for name, candidate in sorted(self._candidates.items()):
            old = 0 < self._policy.keep_days * DAY < now - candidate.accepted
            if self._policy.at_once or old or short:
                yield name, candidate

    def _look(self) -> None:
        """Find what is delivered, also by an agent before this one."""
        self._removal.prune()
        for name in self._removal.names():
            if name not in self._candidates and not self._removal.finish(name):
                upload = self._upload(name)
                if upload is not None:
                    self._add(name, upload)

    def _upload(self, name: str) -> Upload | None:
        """The remembered steps of an upload that was accepted, and of which the core surely has everything."""
        upload = self._outside.uploads.remembered(name)
        whole = upload is not None and upload.accepted is not None and not upload.left_out and not upload.refused
        return upload if whole else None

    def _add(self, name: str, upload: Upload) -> None:
        settled = upload.archived is not None
        now = self._outside.clock.monotonic()
        self._candidates[name] = Candidate(upload.accepted or 0.0, settled, now if settled else now + FIRST)

    def _waits_for_sums(self, name: str, waited: float) -> bool:
        """Its checksums are made before: they are what tells later whether a copy is the one that was recorded.

        Uploads that are due go first, for a while. Where room is short nothing is read.
        """
        return not self._short and waited < SUMS_WITHIN and self._digests.want(name)

    def _remove(self, name: str, candidate: Candidate) -> None:
        if not self._short and self._digests.piece(name):
            return
        if self._removal.remove(name):
            del self._candidates[name]
        else:
            candidate.due = self._outside.clock.monotonic() + FAILED_AGAIN

    def _ask(self, name: str, candidate: Candidate) -> None:
        """Ask whether the core has archived it; what it has only accepted may still get lost there."""
        now = self._outside.clock.monotonic()
        self._quiet_until = now + PAUSE
        candidate.questions += 1
        candidate.due = now + doubled(candidate.questions, FIRST, LONGEST)
        event, upload = self._removal.event(name), self._upload(name)
        if event is None or upload is None:  # nobody scheduled it, so that nobody can be asked
            self._settle(name, candidate)
            return
        uid = (upload.package_id or event.uid) if event.new else event.uid
        try:
            answers = self._inquiry.ask(uid, patient=False, new=event.new)
        except CoreError as error:
            logger.debug('%s: the core does not say whether it has archived it: %s', uid, error)
            self._quiet_until = candidate.due
            return
        candidate.asked_since = now if candidate.asked_since is None else candidate.asked_since
        if settled(answers, now - candidate.asked_since):
            self._settle(name, candidate)
        elif gone(answers) and candidate.questions > 1:
            logger.warning('%s is not deleted: the core accepted it, but no longer has its event %s', name, uid)
            candidate.due = now + DAY

    def _settle(self, name: str, candidate: Candidate) -> None:
        upload = self._upload(name)
        candidate.settled, candidate.due = True, self._outside.clock.monotonic()
        if upload is None:  # somebody has taken it away
            del self._candidates[name]
            return
        upload.archived = self._outside.clock.now()
        try:
            self._outside.uploads.save(name, upload)
        except (OSError, RecordingsUnusable) as error:
            logger.debug('%s: that it is archived could not be noted: %s', name, error)


def settled(answers: Answers, asking: float) -> bool:
    """Whether the core has it for good, or will never say so. `asking`: seconds since it first answered."""
    if answers.owns is Answer.YES or answers.technical is Answer.NO:
        return False
    if answers.technical is Answer.YES:
        return answers.owns is Answer.NO or asking >= GIVE_UP_AFTER
    # A core that cannot be asked took it, which has to be enough; one that is just starting says so as well.
    return asking >= (GIVE_UP_AFTER if answers.known and answers.owns is Answer.MUTE else CONFIRM_FOR)


def shortage(root: Path, gigabytes: int) -> Callable[[], bool] | None:
    """Tells whether less than that is free where the recordings lie; None if nobody wants to know."""

    def short() -> bool:
        try:
            return shutil.disk_usage(root).free < gigabytes * GIGABYTE
        except OSError:
            return False

    return short if gigabytes else None


def gone(answers: Answers) -> bool:
    """Whether the core knows nothing of the event any more."""
    return answers.owns is not Answer.YES and answers.technical is Answer.NO
