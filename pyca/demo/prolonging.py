"""Moves the end of a "capture now" on while it runs (contract 6.6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyca.demo.records import Event

if TYPE_CHECKING:
    from pyca.demo.model import Model

LITTLE = 90.0
LOOK = 60.0


@dataclass
class CaptureNow:
    """The captures that run, by agent, with the times of the service (90 s at least)."""

    initial: float = 300.0
    prolonging: float = 300.0

    def __post_init__(self) -> None:
        self._running: dict[str, tuple[str, float]] = {}

    def begin(self, model: Model, event: Event) -> bool:
        """Schedule it from now on; tells whether nothing else runs, or begins too soon."""
        now = model.now()
        end = now + max(LITTLE, self.initial)
        if any(other.start < end and now < other.end for other in model.of(event.agent)):
            return False
        model.put(replace(event, start=now, end=end))
        self._running[event.agent] = (event.uid, now + LOOK)
        return True

    def event(self, model: Model, agent: str) -> Event | None:
        """The capture of this agent, if one runs."""
        self.look(model)
        uid, _ = self._running.get(agent, ('', 0.0))
        return model.events.get(uid)

    def prolong(self, model: Model, event: Event) -> Event:
        """Move its end on, but for a minute before the next event."""
        following = [other.start for other in model.of(event.agent) if other.start >= event.end]
        end = min([event.end + max(LITTLE, self.prolonging), *(start - LOOK for start in following)])
        if end <= event.end:
            return event
        longer = replace(event, end=end)
        model.put(longer, new_version=False)
        return longer

    def stop(self, model: Model, event: Event) -> None:
        """End it in the Dublin Core alone: the end in the calendar stays where it is."""
        del self._running[event.agent]
        model.put(replace(event, temporal_end=model.now()))

    def look(self, model: Model) -> None:
        """Prolong what is about to end, once a minute; forget what is over."""
        for agent, (uid, at) in list(self._running.items()):
            event = model.events.get(uid)
            while event is not None and at <= min(model.now(), event.end):
                if event.end - at < LITTLE:
                    event = self.prolong(model, event)
                at += LOOK
            self._running[agent] = (uid, at)
            if event is None or event.end < model.now():
                del self._running[agent]
