"""The entries of the schedule that are taken care of."""

from __future__ import annotations

from collections.abc import Collection

from pyca.event import Event

Key = tuple[str, int]
"""The uid with the start."""


def key(event: Event) -> Key:
    return event.uid, event.start


class Handled:
    """Remembers each with the end that it had: whoever gets another one has to be looked at again."""

    def __init__(self) -> None:
        self._since: dict[Key, tuple[float, int]] = {}

    def note(self, event: Event, *, since: float = 0.0) -> None:
        """It is taken care of from this time on: a clock that ran ahead may be put right again."""
        self._since[key(event)] = since, event.end

    def forget(self, event: Event) -> None:
        """Nothing came of it."""
        self._since.pop(key(event), None)

    def has(self, event: Event, now: float) -> bool:
        since, end = self._since.get(key(event), (0.0, None))
        return end == event.end and since <= now

    def keep(self, events: Collection[Key]) -> None:
        """Forget all others: what comes back is looked at again."""
        self._since = {kept: value for kept, value in self._since.items() if kept in events}
