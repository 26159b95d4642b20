"""What does not go along after all, when the core refuses it: no lecture waits for a catalog or attachment."""

from __future__ import annotations

import logging
from pathlib import Path

from pyca.errors import Refused
from pyca.event import together
from pyca.ingest.attempt import Attempt
from pyca.ingest.contents import Contents
from pyca.ingest.journal import Element

logger = logging.getLogger(__name__)

REFUSED_AT_MOST = 3
"""How often the core may refuse a catalog or attachment before it is left behind."""


class Leaving:
    """Takes out of an upload what would keep its tracks back."""

    def __init__(self, attempt: Attempt, contents: Contents) -> None:
        self._attempt = attempt
        self._upload = attempt.upload
        self._contents = contents

    def unwanted(self, element: Element) -> bool:
        """Leave out a catalog of the calendar that the configuration has not wanted since this upload began."""
        if not element.of_calendar or self._contents.wants_calendar:
            return False
        self._upload.elements.remove(element)
        self._attempt.save()
        return True

    def refused(self, element: Element, error: Refused) -> bool:
        """Count a 400, and after some leave out what is no track; what tells what a new event is, stays."""
        needed = element.kind == 'track' or (element.of_calendar and self._attempt.event.unscheduled)
        if error.status != 400 or needed:
            return False
        element.refusals += 1
        if element.refusals < REFUSED_AT_MOST:
            return False
        name = element.flavor if element.of_calendar else Path(element.path).name
        logger.warning('Upload of %s goes on without %s: %s', self._attempt.event.uid, name, error)
        self._upload.elements.remove(element)
        said = f'not uploaded, since the core does not take it: {name}'
        self._upload.left_out = together(self._upload.left_out, said)
        self._attempt.save()
        return True
