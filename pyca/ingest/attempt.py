"""One claimed recording with its remembered steps."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import Enum

from pyca.errors import CoreError, StorageError
from pyca.ingest.journal import MULTI, Upload
from pyca.ingest.outside import Outside, Recorded
from pyca.recording.standing import Standing

logger = logging.getLogger(__name__)

WRITE_EVERY = 1.0
"""Seconds between two notes of the progress in the database."""
ASK_EVERY = 5.0
"""Seconds between two looks whether a person has taken the recording back, while a file is sent."""


class Kind(Enum):
    """How one step of an upload ended, when nothing went wrong."""

    MORE = 'more steps follow'
    DELIVERED = 'delivered'
    WAIT = 'wait'
    HOLD = 'a person decides'
    RESUMED = 'the recording goes on'


@dataclass(frozen=True)
class Result:
    """`seconds` is for WAIT, `cause` for a person; `error` is what the core did, `heard` that it gave a good answer."""

    kind: Kind
    cause: str = ''
    seconds: float = 0.0
    error: CoreError | None = None
    heard: bool = False


MORE = Result(Kind.MORE)
RESUMED = Result(Kind.RESUMED)
HEARD = Result(Kind.MORE, heard=True)


class Attempt:
    """A claimed recording: its row, its remembered steps, and how far its bytes are."""

    def __init__(self, outside: Outside, recorded: Recorded, upload: Upload, *, announced: bool) -> None:
        self._outside = outside
        self.recorded = recorded
        self.event = recorded.event
        self.upload = upload
        self._announced = announced
        self._written: float | None = None
        self._asked = outside.clock.monotonic()
        self.withdrawn = False
        self._began = False
        self._told = ''

    def taken_back(self) -> bool:
        """Whether a person has changed the status since, or another database says otherwise."""
        self._asked = self._outside.clock.monotonic()
        try:
            self.withdrawn = not self._outside.recordings.is_claimed(self.event.uid, self.event.start)
        except StorageError as error:
            logger.debug('Whether %s is still to be uploaded cannot be asked: %s', self.event.uid, error)
        return self.withdrawn

    @property
    def moves(self) -> bool:
        """Whether the core has taken bytes of this try."""
        return self._began

    @property
    def standing(self) -> Standing:
        """Whether its recording goes on."""
        return self._outside.standing(self.recorded.name)

    def save(self) -> None:
        """Note the steps. Raises OSError or RecordingsUnusable."""
        self._outside.uploads.save(self.recorded.name, self.upload)

    def announce(self) -> None:
        """Tell that this recording is being uploaded, once a try.

        Only called when the core was heard in this try: while it is away, tries are no news.
        """
        if not self._announced:
            self._outside.recordings.uploading(self.event.uid, self.event.start, self._outside.clock.now())
            self._announced = True
            logger.info('Upload of %s has started', self.event.uid)

    def sending(self, sent: int, total: int) -> bool:
        """Note the progress of the element that is being sent, once a second at most; true to break off."""
        now = self._outside.clock.monotonic()
        if now - self._asked >= ASK_EVERY and self.taken_back():
            return True
        if sent <= 0 or (self._written is not None and now - self._written < WRITE_EVERY):
            return False
        self._written = now
        self._begin()
        self._outside.beat()
        self._note(min(sent, self._under_way() or total))
        return False

    def sent(self) -> None:
        """Note that an element has been sent as a whole."""
        self._note(0)

    def _begin(self) -> None:
        """Note once from where on this try sends, so that its rate can be told."""
        if not self._began:
            now = self._outside.clock.now()
            self._outside.contacts.sending(self.event.uid, self.event.start, now, self._done())
            self._began = True

    def _under_way(self) -> int:
        """The bytes of what is being sent: of one element, or of all that go in one request."""
        missing = [element.size for element in self.upload.elements if not element.done]
        return sum(missing if self.upload.method != MULTI else missing[:1])

    def _done(self) -> int:
        return sum(element.size for element in self.upload.elements if element.done)

    def _note(self, current: int) -> None:
        done = self._done()
        total = sum(element.size for element in self.upload.elements)
        try:
            self.announce()
            cause = self._explained()
            self._outside.recordings.progress(self.event.uid, self.event.start, done + current, total, cause)
        except StorageError as error:
            # A locked database is no reason to break off an upload.
            logger.debug('The progress of %s could not be noted: %s', self.event.uid, error)

    def _explained(self) -> str | None:
        """Why nothing moves, once that is so; an empty text when it moves again."""
        pause = self._outside.window.now()
        before, self._told = self._told, pause.text if pause is not None else ''
        return self._told if self._told != before else None
