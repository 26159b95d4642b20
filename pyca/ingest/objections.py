"""What speaks against giving a recording to the core: that somebody else has done so, or is about to."""

from __future__ import annotations

import logging
from dataclasses import replace

from pyca.errors import CoreError, LoginFailed, PycaError, StorageError
from pyca.ingest.attempt import Attempt
from pyca.ingest.decision import Answer
from pyca.ingest.inquiry import Inquiry
from pyca.ingest.journal import Damaged
from pyca.ingest.outside import Outside
from pyca.states import ARCHIVED

logger = logging.getLogger(__name__)

LATE = 120.0
"""Seconds after an event's end from which somebody else may have delivered it: a backup agent, which waits an hour
unless it is told otherwise and has its files to send then, or a person. An upload that begins at the end is under way
before, and asks nothing; a later one pays two small questions for not destroying what the core has (contract 7.8)."""


PERHAPS_OURS = 'the core has archived the event, perhaps by an earlier final call whose answer got lost'


class Opposed(PycaError):
    """Something speaks against it, as the text says."""


class Unsettled(PycaError):
    """It is to be known first what became of something else, as the text says."""


class Objections:
    """Each says in a sentence why this recording is not given to the core; it is empty if nothing speaks against it.

    What a person has decided is not asked about. Of what is asked, all may raise CoreError.
    """

    def __init__(self, outside: Outside, attempt: Attempt) -> None:
        self._outside = outside
        self._attempt = attempt
        self._inquiry = Inquiry(outside)
        self._aside = Inquiry(replace(outside, core=outside.aside)) if outside.aside is not None else None
        self._begun = False
        self._asked: float | None = None

    def to_files(self) -> str:
        """Before the first file of each try: a core that was starting, and a day without a core, change the answer."""
        upload, event = self._attempt.upload, self._attempt.event
        if self._begun or event.unscheduled or upload.approved or upload.released:
            return ''
        cause = self._another() or (self._delivered(self._inquiry) if self.late else '')
        self._begun = True
        return cause

    @property
    def late(self) -> bool:
        """Whether somebody else may have delivered the event by now; nobody else has what was begun here."""
        event = self._attempt.event
        return not event.unscheduled and self._outside.clock.now() - event.end > LATE

    def to_final(self) -> str:
        """Before the first final call. Where the files took long, what was asked before them is asked again."""
        return self.to_repeat() or (self._delivered(self._inquiry) if self._again else '')

    def to_repeat(self) -> str:
        """Before another final call, and before what may be archived is our own."""
        return '' if self._attempt.upload.approved else self._outside.hindrance(self._attempt.recorded)

    def check_end(self) -> None:
        """Before the last bytes of a request with all the files, which may take hours. Raises Opposed."""
        try:
            cause = self.to_repeat() or self._meanwhile()
        except StorageError as error:
            # It was asked before the first bytes. A database in trouble is no reason to send all of them again.
            logger.debug('Upload of %s: whether it may end cannot be looked up: %s', self._attempt.event.uid, error)
            return
        if cause:
            raise Opposed(cause)

    @property
    def _again(self) -> bool:
        """Whether the core was asked, and so long ago that its answer may be another one."""
        return self._asked is not None and self._outside.clock.monotonic() - self._asked > LATE

    def _meanwhile(self) -> str:
        """Whether somebody else has delivered it while the files went out; a core that is silent now gets the rest."""
        if self._aside is None or not self._again:
            return ''
        try:
            return self._delivered(self._aside)
        except CoreError as error:
            logger.debug('Upload of %s: the core does not answer beside it: %s', self._attempt.event.uid, error)
            return ''

    def _another(self) -> str:
        """Whether another recording of the event was delivered from here. Raises Unsettled as long as that is open."""
        recorded, uploads = self._attempt.recorded, self._outside.uploads
        entries = self._outside.recordings.entries()
        for name in (name for name in entries if entries[name].uid == recorded.event.uid and name != recorded.name):
            try:
                upload = uploads.load(name)
            except Damaged:  # whoever looks at that one says so; the core is asked about the event
                continue
            if upload is not None and upload.accepted is not None:
                return f'another recording of this event has been delivered: {name}'
            if upload is not None and upload.final_sent is not None:
                raise Unsettled(f'Whether the core has accepted another recording of this event is open: {name}')
        return ''

    def _delivered(self, inquiry: Inquiry) -> str:
        """Whether the core has archived the event. One that does not say, and one that lost it, get everything."""
        uid = self._attempt.event.uid
        try:
            answers = inquiry.ask(uid, patient=False)
        except LoginFailed as error:  # if it is not just this question, the next request meets it as well
            logger.debug('Upload of %s: the core does not take the question: %s', uid, error)
            return ''
        self._asked = self._outside.clock.monotonic()
        if answers.owns is not Answer.NO or answers.technical is not Answer.YES:
            return ''
        return PERHAPS_OURS if self._attempt.upload.inquiries else ARCHIVED
