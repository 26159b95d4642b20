"""The schedule as this agent knows it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pyca.event import Event

LINGER = 3600
"""Seconds for which the core's calendar still has an event that is over (contract 6.1)."""


class Known:
    """The events to record: those of the last whole calendar, with those that it left out without being gone.

    With a `series`, the calendar is asked for that one alone, and says nothing about the events of others.
    """

    def __init__(self, series: str = '') -> None:
        self._series = series
        self._events: dict[tuple[str, int], Event] = {}
        self._present: set[str] | None = None
        self._gone: dict[str, tuple[str, int]] = {}

    @property
    def events(self) -> list[Event]:
        """By start."""
        return sorted(self._events.values(), key=lambda event: (event.start, event.uid))

    def restore(self, events: Iterable[Event]) -> None:
        """Add events that an earlier run has kept, unless there is newer word of them."""
        held = {event.uid for event in self._events.values()}
        for event in events:
            if event.uid not in held:
                self._events[event.uid, event.start] = event

    def take(self, events: Sequence[Event], lost: Sequence[str], now: float | None) -> None:
        """Take over a whole calendar.

        An unreadable entry, its uid in `lost`, leaves what was known of that event as it is. A known event that the
        calendar leaves out stays as absent, unless it is over; `now` is None while the time is not known. One of
        another series leaves, unless it has begun: that is no cancellation.
        """
        present = {event.uid for event in events}
        kept = (event for event in self._events.values() if event.uid not in present)
        old = [event for event in kept if event.uid in lost or now is None or event.end > now]
        old = [event for event in old if now is None or event.start <= now or not self._foreign(event)]
        self._events = {(event.uid, event.start): event for event in (*old, *events)}
        self._present = present.union(lost)
        self._gone = {uid: gone for uid, gone in self._gone.items() if uid not in present}

    def forget_over(self, now: float) -> None:
        """Leave out what is over for so long that the core leaves it out, too."""
        self._events = {key: event for key, event in self._events.items() if event.end + LINGER >= now}
        self._gone = {uid: (reason, end) for uid, (reason, end) in self._gone.items() if end >= now}

    def _foreign(self, event: Event) -> bool:
        """Whether it is of a series that nobody asks for: known from before the series was configured."""
        return bool(self._series) and event.series != self._series

    @property
    def absent(self) -> list[Event]:
        """What is known but was not in the last whole calendar, by start; nothing before the first one."""
        present = self._present
        if present is None:
            return []
        return [event for event in self.events if event.uid not in present and not self._foreign(event)]

    def witness(self) -> str | None:
        """The uid of an event that the core certainly has."""
        present = self._present or set()
        return next((event.uid for event in self._events.values() if event.uid in present), None)

    def present(self, uid: str) -> bool:
        return self._present is not None and uid in self._present

    def drop(self, event: Event, reason: str = '') -> None:
        """Leave it out; the reason is for whoever is recording it."""
        self._events.pop((event.uid, event.start), None)
        if reason:
            self._gone[event.uid] = reason, event.end

    @property
    def gone(self) -> dict[str, str]:
        """By uid: why an event was dropped, where there is more to say than that it was; until it would be over."""
        return {uid: reason for uid, (reason, _) in self._gone.items()}

    def move(self, event: Event, start: int, end: int) -> None:
        """Give an event the time that the core names for it."""
        self.drop(event)
        times = {name: time for name, time in (('dtstart', start), ('dtend', end)) if name in event.data}
        self._events[event.uid, start] = replace(event, start=start, end=end, data={**event.data, **times})


def fingerprint(events: Iterable[Event]) -> str:
    """A digest of uids with their times: whether a stored schedule is still the one that was stored."""
    times = sorted((event.uid, event.start, event.end) for event in events)
    return hashlib.sha256(json.dumps(times).encode()).hexdigest()
