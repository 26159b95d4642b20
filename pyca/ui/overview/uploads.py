"""The recordings on their way to the core."""

from __future__ import annotations

from collections.abc import Sequence

from pyca.states import EventStatus
from pyca.storage.contacts import Sending
from pyca.storage.listing import Entry
from pyca.ui.overview.model import Upload

STATES = {
    EventStatus.UPLOADING: 'uploading',
    EventStatus.FINISHED_RECORDING: 'queued',
    EventStatus.FAILED_UPLOADING: 'waiting',
    EventStatus.PAUSED_AFTER_RECORDING: 'held',
}
_SETTLED = 3.0
"""Seconds of sending before anything can be said about its rate."""


def upload(entry: Entry, sending: Sequence[Sending]) -> Upload | None:
    """None for what an old installation left lying: nothing happens to that by itself. `sending`: the last tries."""
    state = STATES.get(entry.status)
    if state is None or (not entry.ours and entry.status is not EventStatus.FINISHED_RECORDING):
        return None
    mine = [one for one in sending if (one.uid, one.start) == (entry.uid, entry.start)]
    under_way = state == 'uploading' and entry.sent < entry.total  # else the answer is waited for
    rate = _rate(entry, mine[-1]) if mine and under_way else None
    return Upload(
        uid=entry.uid,
        start=entry.start,
        title=entry.title,
        state=state,
        sent=entry.sent,
        total=entry.total,
        percent=min(100, 100 * entry.sent // entry.total) if entry.total > 0 else None,
        rate=rate,
        left=(entry.total - entry.sent) / rate if rate else None,
        attempt=entry.attempts + 1,
        next_try=entry.next_try,
        cause=entry.cause,
    )


def _rate(entry: Entry, sending: Sending) -> float | None:
    seconds = (entry.updated or 0.0) - sending.began
    return max(0, entry.sent - sending.had) / seconds if seconds >= _SETTLED else None
