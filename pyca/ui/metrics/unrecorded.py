"""The events that should be recorded at this moment without being so."""

from __future__ import annotations

from pyca.ui.overview.due import due, is_over
from pyca.ui.overview.model import Overview
from pyca.ui.overview.sources import Sources


def unrecorded(sources: Sources, seen: Overview) -> int:
    """How many; one that was ended before its time, by whomever, is none."""
    runs = {(one.uid, one.start) for one in seen.running if one.phase != 'failing'}
    wanted = [event for event in due(seen.recordings.upcoming, seen.now) if (event.uid, event.start) not in runs]
    return sum(not is_over(sources, event, seen.now) for event in wanted)
