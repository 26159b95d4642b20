"""What is said of a recording when nothing more of it is to be recorded."""

from __future__ import annotations

from pyca.recording.journal import Journal, Phase
from pyca.recording.verdict import End

NEVER_BEGAN = 'no recorder could begin before the event was over'


def conclusion(journal: Journal, ending: str) -> tuple[Phase, str]:
    """Its last phase, with the cause in words. `ending` says why it was ended before its time, if it was."""
    if not journal.segments and not journal.failures and ending:
        return Phase.CANCELLED, ending
    if any(segment.end is not End.FAILED for segment in journal.pieces):
        return Phase.FINISHED, ending or journal.flaws
    return Phase.FAILED, ending or journal.cause or journal.last_cause or NEVER_BEGAN


def doubt(journal: Journal) -> str:
    """Why a person has to look at a failed recording; empty when it left nothing to look at.

    A crash in the last second may have cost that second, or the whole lecture: nobody here can tell.
    """
    if not journal.pieces:
        return ''
    return f'every run of the recorder failed ({journal.last_cause}); what it wrote is kept, a person decides'
