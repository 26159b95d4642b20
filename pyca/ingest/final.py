"""The final call, which gives a media package to the core for good."""

from __future__ import annotations

import logging
from collections.abc import Callable

from pyca.errors import CoreError, PycaError, RecordingsUnusable, Refused
from pyca.ingest import decision, newevent
from pyca.ingest.attempt import Attempt, Kind, Result
from pyca.ingest.backoff import wait
from pyca.ingest.contents import Contents
from pyca.ingest.decision import Answer, Next, Situation, conflict
from pyca.ingest.inquiry import Inquiry
from pyca.ingest.journal import MULTI, ZIP
from pyca.ingest.objections import LATE, Objections, Opposed
from pyca.ingest.outside import Outside

logger = logging.getLogger(__name__)

REFUSED_AT_MOST = 5
LOST = 'could not retrieve'
"""What the core says when the files of a media package are not where it looks for them (contract 7.7)."""


class GoesOn(PycaError):
    """The recording goes on, so that nothing of it may be final."""


class FinalCall:
    """Makes the final call, and finds out what became of it when its answer got lost."""

    def __init__(
        self, outside: Outside, attempt: Attempt, contents: Contents, objections: Objections, workflow: str = ''
    ) -> None:
        """`workflow`: for what was not scheduled."""
        self._outside = outside
        self._workflow = workflow
        self._attempt = attempt
        self._upload = attempt.upload
        self._contents = contents
        self._objections = objections
        self._inquiry = Inquiry(outside)
        self.awaited = False
        """Whether the core has said just now that it still waits for the recording."""

    def send(self) -> Result:
        """Make the first final call; it is noted on the disk before. Raises CoreError if surely nothing came of it."""
        upload = self._upload
        cause = self._objections.to_final()
        if cause:
            return Result(Kind.HOLD, cause, heard=True)
        try:
            return self._call(self._begin)
        except GoesOn as error:
            return Result(Kind.WAIT, str(error), decision.REPEAT_AFTER / 10)
        except Opposed as error:
            return Result(Kind.HOLD, str(error), heard=True)
        except CoreError as error:
            if conflict(error):
                upload.final_sent = upload.final_last = self._outside.clock.now()
            if upload.final_sent is not None and decision.undecided(error):
                upload.refused = isinstance(error, Refused)
                return self._wait(f'{decision.opening(upload.refused)}: {error}', error)
            upload.forget_final()
            self._attempt.save()
            return self._refused(error)

    def _begin(self) -> None:
        """Note that the core may have it from now on. Raises what keeps that from being noted, GoesOn, or Opposed."""
        upload = self._upload
        if upload.method != MULTI:
            self._objections.check_end()
        upload.final_sent = upload.final_last = self._outside.clock.now()
        try:
            self._attempt.save()
        except (OSError, RecordingsUnusable):
            upload.forget_final()
            raise
        if self._attempt.standing.under_way:  # looked at after the note: whoever records looks the other way round
            upload.forget_final()
            self._attempt.save()
            raise GoesOn('The recording goes on')

    def ask(self) -> Result | None:
        """Ask what became of the final call; None if it is to be repeated. Raises CoreError as before."""
        upload, now = self._upload, self._outside.clock.now()
        situation = self._situation(now)
        decided = decision.decide(situation)
        self.awaited = situation.owns is Answer.YES
        entry = {'at': now, 'owns': situation.owns.value, 'technical': situation.technical.value}
        upload.inquiries = [*upload.inquiries[-99:], {**entry, 'said': decided.sentence}]
        logger.info('Upload of %s: %s', self._attempt.event.uid, decided.sentence)
        if decided.what is Next.ACCEPTED:
            upload.refused = situation.refused  # nobody else can have what was begun here
            upload.archived = None if upload.refused else now
            return self._accepted(decided.sentence)
        if decided.what is Next.HOLD:
            return Result(Kind.HOLD, decided.sentence, heard=True)
        if decided.what is Next.ASK:
            return self._wait(decided.sentence)
        return None

    def repeat(self) -> Result:
        """Make it once more. Raises CoreError if surely nothing came of this one; the others are as open as before."""
        upload = self._upload
        cause = self._objections.to_repeat()
        if cause:
            return Result(Kind.HOLD, cause, heard=True)
        before, last, refused = upload.repeats, upload.final_last, upload.refused
        try:
            return self._call(self._begin_again)
        except Opposed as error:
            return Result(Kind.HOLD, str(error), heard=True)
        except CoreError as error:
            open_again = upload.repeats > before and decision.undecided(error)
            upload.refused = refused and (isinstance(error, Refused) or not open_again)
            if open_again:
                return self._wait(f'The final call was repeated, but what became of it is unknown: {error}', error)
            upload.repeats, upload.final_last = before, last
            if isinstance(error, Refused):
                upload.gone_since = None  # whoever answers is there
            raise

    def _begin_again(self) -> None:
        if self._upload.method != MULTI:
            self._objections.check_end()
        self._upload.final_last = self._outside.clock.now()
        self._upload.repeats += 1
        self._upload.refused = False  # as long as its answer has not come
        self._attempt.save()

    def _call(self, before_end: Callable[[], None]) -> Result:
        """Make the call. `before_end` notes it, as late as nothing can have come of it yet."""
        upload, core = self._upload, self._outside.core
        fields = self._fields()
        try:
            if upload.method == MULTI:
                before_end()
                upload.workflow = core.ingest(upload.node, upload.media_package(), fields)
            else:
                upload.node = core.ingest_node()
                send = core.ingest_zip if upload.method == ZIP else core.ingest_single
                upload.workflow = send(upload.node, self._contents.bundle(fields), self._attempt.sending, before_end)
        except Refused as error:
            upload.taken = upload.taken or conflict(error)
            raise
        upload.refused = False
        result = self._accepted('')
        if upload.method != MULTI:
            self._attempt.sent()
        return result

    def _accepted(self, cause: str) -> Result:
        self._upload.accepted = self._outside.clock.now()
        for element in self._upload.elements:
            element.done = True
        self._upload.went_well()
        try:
            self._attempt.save()
        except (OSError, RecordingsUnusable) as error:
            # The database learns it all the same; a crash before that ends in a question to the core.
            logger.error(
                'Upload of %s: that the core accepted it could not be noted: %s', self._attempt.event.uid, error
            )
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
        event = self._attempt.event
        if event.unscheduled:
            return newevent.fields(self._workflow)
        workflow = self._outside.catalogs.workflow(event)
        fields = {'workflowDefinitionId': workflow} if workflow else {}
        fields['workflowInstanceId'] = event.uid
        # No parameter takes the place of one of ours.
        return {**fields, **self._outside.catalogs.workflow_properties(event), **fields}

    def _situation(self, now: float) -> Situation:
        upload, uid, new = self._upload, self._attempt.event.uid, self._attempt.event.unscheduled
        # A clock that was set back must not make a call of the future.
        sent = upload.final_sent = min(now if upload.final_sent is None else upload.final_sent, now)
        last = upload.final_last = min(sent if upload.final_last is None else upload.final_last, now)
        patient = now - sent < decision.GIVE_UP_AFTER
        answers = self._inquiry.ask((upload.package_id or uid) if new else uid, patient=patient, new=new)
        since = upload.asked_since = min(now if upload.asked_since is None else upload.asked_since, now)
        return Situation(
            # In one request, and for a new event, only the id of the media package ties it to its event.
            own_id=not upload.taken and (new or upload.method != MULTI or upload.package_id == uid),
            owns=answers.owns,
            technical=answers.technical,
            age=now - sent,
            quiet=now - last,
            asking=now - since,
            repeats=upload.repeats,
            refused=upload.refused and not new,  # nobody else has what the core did not schedule
            late=sent - self._attempt.event.end > LATE,
            repeat_after=decision.REPEAT_AFTER if upload.method == MULTI else decision.REPEAT_ALL_AFTER,
        )


def lost(error: Refused) -> bool:
    """Whether the core no longer has the files of the media package."""
    return error.status == 400 and LOST in f'{error} {error.body}'.lower()
