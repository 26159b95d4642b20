"""The rule for events that want the same device at the same time."""

from __future__ import annotations

from collections.abc import Iterable

from pyca.event import Event
from pyca.recording.recording import Recording


def rivals(event: Event, recordings: Iterable[Recording], now: float) -> list[Recording]:
    """The recordings that have the device beyond the start of this event. Adjacent events are none."""
    return [
        recording for recording in recordings if not recording.settled and recording.event.end > max(event.start, now)
    ]


def may_start(rule: str, event: Event, having: list[Recording], now: float) -> bool:
    """Whether the event gets the device (`capture.overlap`): at once, or by ending those who have it."""
    if not having or rule == 'parallel':
        return True
    if rule == 'first' or now < event.start:
        return False
    for recording in having:
        recording.end(f'the event {event.uid} takes the device')
    return True
