"""Writes a recording's journal down whenever it has changed."""

from __future__ import annotations

import logging

from pyca.recording.journal import Journal

logger = logging.getLogger(__name__)


class Saving:
    """A disk that does not take the journal is tried again at the next look, and never stops a recording."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._saved = (0, 0)
        self.owed = False
        """Whether the disk lacks the newest state."""

    def save(self, *changes: int) -> None:
        """Write it if one of the counters of changes is another than before."""
        if changes == self._saved:
            return
        self.owed = True
        try:
            self._journal.save()
        except FileNotFoundError:  # the folder was deleted: nothing is left to be described
            self.owed = False
        except OSError as error:
            logger.debug('%s: the journal cannot be written now: %s', self._journal.event.uid, error)
        else:
            self._saved, self.owed = (changes[0], changes[1]), False
