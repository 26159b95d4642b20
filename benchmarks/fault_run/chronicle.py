"""What was really done to the agent, when: against this its work is judged."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.fault_run.spans import EVER, Span, union

POLL = 8.0
"""Seconds without harm after which the agent must know of a change: it polls every five."""


MOMENT = 0.1
"""Seconds that harm takes which is done at once."""


@dataclass
class Done:
    """Harm as it was done. `until` is when it was over, or the agent was there again; `on` as in the plan."""

    kind: str
    since: float
    until: float = EVER
    on: str = ''

    @property
    def span(self) -> Span:
        return self.since, self.until


@dataclass(frozen=True)
class Version:
    """An event as the core had it from some moment on; not `here`: it is none of this agent's."""

    at: float
    start: float
    end: float
    here: bool = True


@dataclass
class Chronicle:
    """All times are true ones, in seconds since the epoch, whatever the agent's clock said."""

    begun: float
    done: list[Done] = field(default_factory=list)
    not_done: dict[str, str] = field(default_factory=dict)
    """Harm that this machine does not allow, with the reason."""
    versions: dict[str, list[Version]] = field(default_factory=dict)
    habits: dict[str, str] = field(default_factory=dict)
    up: list[Span] = field(default_factory=list)
    """When an agent was there and ready; the last one may last for ever."""
    stalls: list[Span] = field(default_factory=list)
    """When this machine itself stood still."""

    def note(self, kind: str, since: float, until: float = EVER, on: str = '') -> Done:
        self.done.append(Done(kind, since, until, on))
        return self.done[-1]

    def came_up(self, at: float) -> None:
        self.up.append((at, EVER))

    def went_down(self, at: float) -> None:
        if self.up and self.up[-1][1] == EVER:
            self.up[-1] = (self.up[-1][0], at)

    def spans(self, *beginnings: str) -> list[Span]:
        """When harm of these kinds was on; a kind may be given by its beginning."""
        found = [entry.span for entry in self.done if entry.kind.startswith(beginnings)]
        return union((since, max(until, since + MOMENT)) for since, until in found)

    def next_up(self, at: float) -> float:
        """When an agent was there, from this moment on."""
        return next((max(at, since) for since, until in self.up if until > at), EVER)

    def known_by(self, at: float) -> float:
        """When the agent must know what the core has had since then."""
        quiet = at
        for since, until in union(
            [*self.spans('core', 'asleep', 'disk', 'clock', 'database'), *self.stalls, *self.down()]
        ):
            if until > quiet and since < quiet + POLL:
                quiet = until
        return quiet + POLL

    def down(self) -> list[Span]:
        """When there was no agent."""
        edges = [self.begun - 1000, *(edge for span in self.up for edge in span)]
        return [(since, until) for since, until in zip(edges[::2], [*edges[1::2], EVER], strict=False) if since < until]
