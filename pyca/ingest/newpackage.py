"""The media package that an upload begins with, under the event's own id if the core takes that."""

from __future__ import annotations

import logging

from pyca.errors import NotUnderstood, Refused
from pyca.ingest.attempt import Attempt
from pyca.ingest.decision import CONFIRM_FOR
from pyca.ingest.outside import Outside
from pyca.opencast.ingest import UNTAKEN
from pyca.opencast.mediapackage import MediaPackage
from pyca.opencast.names import can_be_package

logger = logging.getLogger(__name__)

OWN_ID = 'ingest.own_id'
"""Where it is remembered whether this core takes the id of an event."""
TAKES, MAKES_UP = 'takes it', 'makes one up'
REFUSALS = 3
"""How often in a row the id must be refused at least before it is given up."""
LASTING = 5.0
"""Seconds for which it must be refused at least. A core that is starting refuses for longer, but everything, so that it
makes no other media package then either."""


class NewPackage:
    """Has the core make the media package of one upload.

    Only the event's own id allows a repeat of the final call (contract 7.8), so a passing 404 or 500 does not cost it:
    a core that has never taken such an id must refuse it some times, one that has taken one for minutes.
    """

    def __init__(self, outside: Outside, attempt: Attempt) -> None:
        self._outside = outside
        self._upload = attempt.upload
        self._uid = attempt.event.uid

    def make(self, node: str = '') -> tuple[str, MediaPackage]:
        """The node, which is asked for if none is given, with an empty media package there. Raises CoreError."""
        core = self._outside.core
        node = node or core.ingest_node()
        if not can_be_package(self._uid):
            return node, core.create_mediapackage(node, self._uid)
        try:
            package = core.create_with_id(node, self._uid)
        except Refused as error:
            if error.status not in UNTAKEN:
                raise
            self._note()
            if not self._believed(error):
                raise NotUnderstood(str(error)) from None  # not yet a refusal, after which one waits longer
            return node, self._other_id(node, error)
        self._outside.memory.put(OWN_ID, TAKES)
        self._upload.id_refused = None
        return node, package

    def _note(self) -> None:
        """Count on, or from the beginning where anything else has gone wrong since the last refusal."""
        upload, now = self._upload, self._outside.clock.now()
        if upload.id_refused is None or upload.failures != upload.id_failures + 1:
            upload.id_refused, upload.id_refusals = now, 0
        upload.id_refused = min(upload.id_refused, now)
        upload.id_refusals += 1
        upload.id_failures = upload.failures

    def _believed(self, error: Refused) -> bool:
        """Whether the refusal is what this core says to that id, and no accident."""
        known = self._outside.memory.get(OWN_ID)
        if known == MAKES_UP or (known != TAKES and error.status == 405):
            return True
        needed = CONFIRM_FOR if known == TAKES else LASTING
        lasted = self._outside.clock.now() - (self._upload.id_refused or 0.0)
        return self._upload.id_refusals >= REFUSALS and lasted >= needed

    def _other_id(self, node: str, error: Refused) -> MediaPackage:
        """Let the core make up an id. That it does is remembered only when it has done so."""
        package = self._outside.core.create_mediapackage(node, None)
        said = 'Upload of %s: the core does not take the id of the event, so the media package gets another one: %s'
        level = logging.INFO if self._outside.memory.get(OWN_ID) == MAKES_UP else logging.WARNING
        logger.log(level, said, self._uid, error)
        self._outside.memory.put(OWN_ID, MAKES_UP)
        self._upload.id_refused = None
        return package
