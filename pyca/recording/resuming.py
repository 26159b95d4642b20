"""Whether a recording that is over goes on: its event was made longer, or the core wants it again."""

from __future__ import annotations

import logging
from dataclasses import replace

from pyca.event import Event
from pyca.recording.atomic import read_json
from pyca.recording.fresh import fresh
from pyca.recording.journal import UPLOAD, Journal, Phase
from pyca.settings import Capture

logger = logging.getLogger(__name__)

REST = 'made longer after its upload had begun; this is the rest of it'


def goes_on(journal: Journal, event: Event, now: float) -> bool:
    """Whether what is left of the event (as it is wanted now) is still to be recorded."""
    more = event.end > journal.event.end or journal.called_off
    return journal.phase.over and more and event.end > now + 1


def take_up(journal: Journal, event: Event) -> bool:
    """Write down that the recording goes on; False if its first part may have been given to the core meanwhile.

    Whoever uploads notes its final call before it looks whether the recording goes on; here that is written first, and
    then looked for the final call. So one of the two sees the other, whatever the order. Raises OSError, and then
    nothing has changed.
    """
    if sealed(journal):
        return False
    before = replace(journal)
    journal.event = replace(event, start=journal.event.start)
    journal.phase, journal.cause, journal.resumed = Phase.WAITING, '', journal.resumed + 1
    journal.held = REST if journal.origin else ''
    journal.called_off = False
    try:
        journal.save()
        if not sealed(journal):
            return True
    except OSError:
        _restore(journal, before)
        raise
    _restore(journal, before)
    journal.save()
    return False


def _restore(journal: Journal, before: Journal) -> None:
    journal.event, journal.phase, journal.cause = before.event, before.phase, before.cause
    journal.held, journal.called_off, journal.resumed = before.held, before.called_off, before.resumed


def close_sealed(journal: Journal) -> bool:
    """Put right what an agent left that died while it found that it was too late to go on; tells whether it was so."""
    if not journal.resumed or not sealed(journal):
        return False
    journal.phase = Phase.FINISHED
    journal.save()
    return True


def sealed(journal: Journal) -> bool:
    """Whether the core has it, or may have it: nothing can be added to it any more."""
    if not journal.folder.is_dir():
        return True  # deleted after its upload
    path = journal.folder / UPLOAD
    upload = read_json(path)
    if not isinstance(upload, dict):
        return path.exists()  # damaged: nobody knows how far it was
    return upload.get('final_sent') is not None or upload.get('accepted') is not None


def rest_uid(uid: str) -> str:
    """The uid of what is left of an event whose first part is with the core."""
    return f'{uid}-rest'


def rest(journal: Journal, event: Event, settings: Capture, now: float) -> Journal:
    """What is left of the event, as a recording of its own: the core must not take it for the whole of the event.

    Where a person deleted the first part before the core had it, there is only this one, and it is the event's. Where
    it was a rest that was deleted, the core has the first part still.
    """
    if journal.deleted and not journal.origin:
        logger.warning('%s: was deleted here; the core wants more of it, which is recorded', event.uid)
        return fresh(journal.folder.parent / event.name, event, settings, journal.inputs)
    logger.warning('%s: was %s: recorded as %s', event.uid, REST, rest_uid(journal.uid))
    own = replace(event, uid=rest_uid(journal.uid), start=int(now), title=f'{event.title} (rest)')
    folder = journal.folder.parent / own.name
    found = fresh(folder, own, settings, journal.inputs)
    found.held, found.origin = REST, journal.uid
    return found
