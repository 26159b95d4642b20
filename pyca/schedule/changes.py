"""What is new in the schedule, as lines for the log."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from pyca.event import Event

MANY = 20
"""With more news than that in one calendar, only their number is said."""


def described(before: Iterable[Event], after: Iterable[Event], now: float) -> list[str]:
    """A line for each event that is there for the first time, or has other times; none for those that are over."""
    old = {event.uid: event for event in before}
    news = list(_news(old, [event for event in after if event.end > now]))
    if len(news) <= MANY:
        return news
    return [f'{len(news)} events are new in the schedule or have other times']


def _news(old: dict[str, Event], after: Iterable[Event]) -> Iterator[str]:
    for event in after:
        known = old.get(event.uid)
        if known is None:
            yield f'event {event.uid} ({event.title}) is scheduled: {_times(event)}'
        elif (known.start, known.end) != (event.start, event.end):
            yield f'event {event.uid} ({event.title}) has other times: {_times(event)}, before: {_times(known)}'


def _times(event: Event) -> str:
    start, end = time.localtime(event.start), time.localtime(event.end)
    return f'{time.strftime("%Y-%m-%d %H:%M:%S", start)} to {time.strftime("%H:%M:%S", end)}'
