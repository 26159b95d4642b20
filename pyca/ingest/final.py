"""The final call, which gives a media package to the core for good."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pyca.errors import CoreError, NotUnderstood, RecordingsUnusable, Refused
from pyca.ingest import decision
from pyca.ingest.backoff import wait
from pyca.ingest.case import Case, Kind, Result
from pyca.ingest.decision import Answer, Next, Situation
from pyca.ingest.outside import Outside

logger = logging.getLogger(__name__)

REFUSED_AT_MOST = 5
LOST = 'could not retrieve'
"""What the core says when the files of a media package are not where it looks for them (contract 7.7)."""
ROUTES = 'ingest.routes'
"""Where the questions that the core has answered at least once with a yes are remembered."""


class FinalCall:
    """Makes the final call, and finds out what became of it when its answer got lost."""

    def __init__(self, outside: Outside, case: Case) -> None:
        self._outside = outside
        self._case = case
        self._upload = case.upload

    def send(self) -> Result:
        """Make the first final call; it is noted on the disk before. Raises CoreError if surely nothing came of it."""
        fields = self._fields()
        upload = self._upload
        upload.final_sent = upload.final_last = self._outside.clock.now()
        try:
            self._case.save()
        except (OSError, RecordingsUnusable):
            upload.forget_final()
            raise
        if self._case.standing.under_way:  # looked at after the note: whoever records looks the other way round
            upload.forget_final()
            self._case.save()
            return Result(Kind.WAIT, 'The recording goes on', decision.REPEAT_AFTER / 10)
        try:
            return self._call(fields)
        except CoreError as error:
            if decision.undecided(error):
                return self._wait(f'The answer to the final call got lost: {error}', error)
            upload.forget_final()
            self._case.save()
            return self._refused(error)

    def ask(self) -> Result:
        """Ask what became of the final call, and do what follows from the answer. Raises CoreError as before."""
        upload, now = self._upload, self._outside.clock.now()
        situation = self._situation(now)
        decided = decision.decide(situation)
        entry = {'at': now, 'owns': situation.owns.value, 'technical': situation.technical.value}
        upload.inquiries = [*upload.inquiries[-99:], {**entry, 'said': decided.sentence}]
        logger.info('Upload of %s: %s', self._case.event.uid, decided.sentence)
        if decided.what is Next.ACCEPTED:
            return self._accepted(decided.sentence)
        if decided.what is Next.HOLD:
            return Result(Kind.HOLD, decided.sentence, heard=True)
        if decided.what is Next.ASK:
            return self._wait(decided.sentence)
        return self._repeat(now)

    def _repeat(self, now: float) -> Result:
        upload = self._upload
        before = upload.final_last
        upload.final_last = now
        upload.repeats += 1
        self._case.save()
        try:
            return self._call(self._fields())
        except CoreError as error:
            if not decision.undecided(error):
                # This one surely did nothing; about the first one nothing is known still.
                upload.repeats -= 1
                upload.final_last = before
                raise
            return self._wait(f'The final call was repeated, but what became of it is unknown: {error}', error)

    def _call(self, fields: dict[str, str]) -> Result:
        upload = self._upload
        upload.workflow = self._outside.core.ingest(upload.node, upload.media_package(), fields)
        return self._accepted('')

    def _accepted(self, cause: str) -> Result:
        self._upload.accepted = self._outside.clock.now()
        self._upload.went_well()
        try:
            self._case.save()
        except (OSError, RecordingsUnusable) as error:
            # The database learns it all the same; a crash before that ends in a question to the core.
            logger.error('Upload of %s: that the core accepted it could not be noted: %s', self._case.event.uid, error)
        return Result(Kind.DELIVERED, cause, heard=True)

    def _refused(self, error: CoreError) -> Result:
        """The core took nothing. Whoever says 400 often to the same request means it."""
        if isinstance(error, Refused) and error.status == 400 and not lost(error):
            self._upload.refusals += 1
            if self._upload.refusals >= REFUSED_AT_MOST:
                self._upload.refusals = 0
                return Result(
                    Kind.HOLD, f'The core refused the finished upload {REFUSED_AT_MOST} times: {error}', error=error
                )
        raise error

    def _wait(self, cause: str, error: CoreError | None = None) -> Result:
        asked = len(self._upload.inquiries)
        seconds = wait(asked, self._outside.spread, first=decision.REPEAT_AFTER / 2)
        return Result(Kind.WAIT, cause, max(decision.REPEAT_AFTER, seconds), error, heard=error is None)

    def _fields(self) -> dict[str, str]:
        """The fields beside the media package. The instance id is what ties it to its event (contract 7.8)."""
        event = self._case.event
        workflow = self._outside.catalogs.workflow(event)
        fields = {'workflowDefinitionId': workflow} if workflow else {}
        fields['workflowInstanceId'] = event.uid
        # No parameter takes the place of one of ours.
        return {**fields, **self._outside.catalogs.workflow_properties(event), **fields}

    def _situation(self, now: float) -> Situation:
        upload, core, uid = self._upload, self._outside.core, self._case.event.uid
        # A clock that was set back must not make a call of the future.
        sent = upload.final_sent = min(now if upload.final_sent is None else upload.final_sent, now)
        last = upload.final_last = min(sent if upload.final_last is None else upload.final_last, now)
        owns = self._question(lambda: core.scheduler_owns(uid), now - sent)
        technical = self._question(lambda: core.technical(uid) is not None, now - sent)
        known = self._known_routes(owns, technical)
        since = upload.asked_since = min(now if upload.asked_since is None else upload.asked_since, now)
        return Situation(
            own_id=upload.package_id == uid,
            owns=_answer(owns, bool(known)),
            technical=_answer(technical, 'technical' in known),
            age=now - sent,
            quiet=now - last,
            asking=now - since,
            repeats=upload.repeats,
        )

    def _question(self, ask: Callable[[], bool], age: float) -> bool | None:
        """Yes, no, or None where the core does not take the question."""
        try:
            return ask()
        except Refused as error:
            logger.debug('Upload of %s: the core does not take the question: %s', self._case.event.uid, error)
            return None
        except NotUnderstood:
            if age < decision.GIVE_UP_AFTER:
                raise
            return None

    def _known_routes(self, owns: bool | None, technical: bool | None) -> set[str]:
        """The questions that this core has ever answered with yes: only from these does a 404 mean no."""
        stored = self._outside.memory.get(ROUTES)
        known = set(stored) if isinstance(stored, list) else set()
        now_known = known | ({'owns'} if owns else set()) | ({'technical'} if technical else set())
        if now_known != known:
            self._outside.memory.put(ROUTES, sorted(now_known))
        return now_known


def _answer(answer: bool | None, known: bool) -> Answer:
    if answer:
        return Answer.YES
    return Answer.NO if answer is False and known else Answer.MUTE


def lost(error: Refused) -> bool:
    """Whether the core no longer has the files of the media package."""
    return error.status == 400 and LOST in f'{error} {error.body}'.lower()
