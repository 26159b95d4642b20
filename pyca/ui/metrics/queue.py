"""The recordings that are to be uploaded, summed up."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from pyca.storage.listing import Entry, Filter
from pyca.ui.overview.sources import Sources
from pyca.ui.overview.uploads import STATES, upload


class Queue(NamedTuple):
    """How many, how many bytes are still to be sent; `since` is the end of the oldest event, None if there is none."""

    length: int
    size: int
    since: float | None


def queue(sources: Sources) -> Queue:
    """What is uploaded without anybody's doing; what is held for a person is not in the queue."""
    found = sources.listing.recorded(Filter(statuses=tuple(STATES)))
    waiting = [entry for entry in found if (one := upload(entry, ())) is not None and not one.needs_decision]
    return Queue(
        len(waiting), sum(_left(sources, entry) for entry in waiting), min((e.end for e in waiting), default=None)
    )


def _left(sources: Sources, entry: Entry) -> int:
    """Until the first try has begun to send, only the files themselves tell."""
    if entry.total > 0:
        return max(0, entry.total - entry.sent)
    row = sources.recordings.get(entry.uid, entry.start)
    size = 0
    for track in row.tracks if row is not None else ():
        with suppress(OSError, ValueError):
            size += track.path.stat().st_size
    return size
