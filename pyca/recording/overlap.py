"""The rule for events that want the same device at the same time."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from pyca.clock import Clock
from pyca.event import Event
from pyca.recording.handled import Key, key
from pyca.recording.recording import Recording

logger = logging.getLogger(__name__)


class Device:
    """Gives the device to one event after the other, by the rule of `capture.overlap`."""

    def __init__(self, rule: str, recordings: Mapping[Key, Recording], clock: Clock) -> None:
        """`recordings`: those under way, kept up to date by their owner."""
        self._clock = clock
        self._rule = rule
        self._recordings = recordings
        self._waiting: dict[Key, str] = {}

    @property
    def shared(self) -> bool:
        """Whether several may have it at once."""
        return self._rule == 'parallel'

    def take(self, event: Event, now: float) -> bool:
        """Whether the event gets the device: at once, or by ending those who have it."""
        having = self._having(event, now)
        if self._rule == 'last' and now >= event.start and all(_order(each.event) < _order(event) for each in having):
            for recording in having:
                recording.end(f'the event {event.uid} takes the device')
            having = []
        return self._settle(event, having, now)

    def is_free(self, event: Event, now: float) -> bool:
        """Whether the event gets the device without taking it from anybody."""
        return self._settle(event, self._having(event, now), now)

    def holder(self) -> Event | None:
        """Whose recording has it now, where only one can have it."""
        now = self._clock.now()
        having = [] if self.shared else [each for each in self._recordings.values() if not each.settled]
        return next((each.event for each in having if each.event.end > now), None)

    def obstacle(self, event: Event) -> str:
        """Why it did not get it; empty if it never wanted it, or got it."""
        holder = self._waiting.get(key(event))
        return f'{holder} had the device' if holder else ''

    def contended(self, own: Key) -> bool:
        """Whether another event's recorder is past its end and still at work."""
        now = self._clock.now()
        others = [recording for other, recording in list(self._recordings.items()) if other != own]
        return any(now < recording.event.end + 10 for recording in others)

    def _having(self, event: Event, now: float) -> list[Recording]:
        """The recordings that have it while this event lasts. Adjacent events do not."""
        if self.shared:
            return []
        since = max(event.start, now)
        others = (each for each in self._recordings.values() if not each.settled)
        return [each for each in others if each.event.start < event.end and each.event.end > since]

    def _settle(self, event: Event, having: list[Recording], now: float) -> bool:
        if not having:
            self._waiting.pop(key(event), None)
            return True
        if now >= event.start and key(event) not in self._waiting:  # before, it may become free in time
            self._waiting[key(event)] = _named(having[0].event)
            logger.warning('%s: waits for the device, which %s has', event.uid, self._waiting[key(event)])
        return False


def _named(event: Event) -> str:
    return f'a recording begun here ("{event.title}")' if event.impromptu else f'the event {event.uid}'


def _order(event: Event) -> tuple[int, str]:
    """Which of two events is the later one: none that was left for another one takes the device back."""
    return event.start, event.uid
