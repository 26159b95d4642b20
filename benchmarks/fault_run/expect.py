"""Which seconds of an event had to be recorded, after all that was done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.fault_run.chronicle import Chronicle, Version
from benchmarks.fault_run.ledger import Run
from benchmarks.fault_run.spans import EVER, Span, meets, union, without

LEAD = 5.0
"""Seconds before an event at which its keeper is there; nothing that befalls the agent later matters to its start."""
AFTER = 2.0
"""Seconds that an agent may take for what it does at once, on a busy machine."""
SLACK = 1.0
"""Seconds by which a recorder may begin late, or end early."""
PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds before a recorder that failed is started again."""
OFF = frozenset({'power cut', 'stopped', 'asleep', 'database lost', 'database damaged', 'database restored'})
"""Harm during which nothing records."""
ON_TIME = 5.5
"""Seconds before the end from which on a recorder that has written is not started again, with some for noticing it."""
FULL = 12.0
"""Seconds after which recording goes on once a full disk has room again."""


class Expectation:
    """What can be expected of one event."""

    def __init__(self, chronicle: Chronicle, uid: str, runs: Mapping[str, Sequence[Run]]) -> None:
        """`runs` are those of all events."""
        self._chronicle = chronicle
        self._uid = uid
        self._runs = runs.get(uid, ())
        self._others = {other: found for other, found in runs.items() if other != uid}
        self.versions = chronicle.versions[uid]
        self._known = [chronicle.known_by(version.at) for version in self.versions]

    @property
    def begins(self) -> float:
        return min(version.start for version in self.versions)

    @property
    def ends(self) -> float:
        return max(version.end for version in self.versions)

    @property
    def shaken(self) -> bool:
        """Whether the agent's clock was wrong while it mattered: only what was recorded can be judged then."""
        event = [(self.begins - 1, self.ends + AFTER)]
        moved = [entry for entry in self._chronicle.done if entry.kind == 'clock moved']
        said = [(entry.since + float(entry.on), entry.until + float(entry.on)) for entry in moved]
        return any(meets(span, event) for span in (*said, *(entry.span for entry in moved)))

    def required(self) -> list[Span]:
        """When a recorder had to write."""
        meant = [(version.start, version.end) for version in self.versions if version.here]
        return without(meant, [*self._undecided(), *self._excuses()])

    def forbidden(self) -> list[Span]:
        """When none may write any more: the agent must have known that the event was not to be recorded then."""
        last = self.versions[-1]
        since = self._known[-1] + AFTER
        if len(self.versions) == 1 or not self._chronicle.up or self._chronicle.next_up(since) > since:
            return []
        away = [(self.begins - 60, EVER)] if not last.here else [(last.end + AFTER, EVER)]
        return without([(max(since, begin), end) for begin, end in away], self._chronicle.down())

    def _undecided(self) -> Iterator[Span]:
        """When the agent need not have known that the event is on.

        Each version may be believed until the next one must be known.
        """
        ends = [*self._known[1:], EVER]
        for version, until in zip(self.versions, ends, strict=True):
            believed = (version.at, until if until == EVER else until + AFTER)
            yield from without([believed], [(version.start, version.end)] if version.here else [])
            if until != EVER and version.here:
                yield (
                    version.end - 1,
                    version.end + AFTER,
                )  # where a command that was told this end is followed by another

    def _excuses(self) -> Iterator[Span]:
        chronicle = self._chronicle
        yield from self._without_agent()
        for entry in chronicle.done:
            since, until = entry.span
            if entry.kind in OFF:
                yield since, chronicle.next_up(until) + AFTER if until < EVER else EVER
            if entry.kind == 'disk full':
                yield since, until + FULL
            if entry.kind == 'keeper killed' and entry.on == self._uid:
                yield since, max(since, self.begins) + PAUSES[0] + AFTER
        yield from ((since - 0.2, until + 1) for since, until in chronicle.stalls)
        yield from self._failures()
        yield from self._device()

    def _without_agent(self) -> Iterator[Span]:
        """The event's second came while there was no agent, nor had one been there to start its keeper."""
        heard: dict[float, float] = {}
        for version in self.versions:
            heard.setdefault(version.start, version.at + POLL_AT_ONCE)
        for start, known in heard.items():
            ready = any(
                min(until, start) - max(since, start - LEAD, known) >= AT_LEAST for since, until in self._chronicle.up
            )
            if not ready:
                yield start, self._chronicle.next_up(start) + AFTER

    def _failures(self) -> Iterator[Span]:
        """A recorder that failed is started again after a pause, by an agent, unless the event is nearly over."""
        for number, run in enumerate(sorted(self._runs, key=lambda run: run.last)):
            pause = PAUSES[min(number, len(PAUSES) - 1)]
            since = (run.last if run.stamps else run.begun - SLACK) - 0.5
            if not run.stamps or (run.how not in ('time', 'told') and run.last < self.ends - 0.5):
                yield since, self._chronicle.next_up(run.last) + pause + AFTER
                if run.last > self.ends - ON_TIME:
                    yield since, EVER

    def _device(self) -> Iterator[Span]:
        """An event that began before this one may have the device to its end, a later one while it really recorded.

        Who waits for the device has no keeper yet, so that it gets it only once there is an agent.
        """
        free = self._chronicle.next_up
        for uid, versions in self._chronicle.versions.items():
            rivals = [other for other in versions if any(_overlap(other, version) for version in self.versions)]
            if uid == self._uid or not rivals:
                continue
            yield from ((run.begun - 1, free(run.last) + AFTER) for run in self._others.get(uid, ()))
            for other in rivals:
                if other.start <= self.begins:
                    yield other.start, free(other.end) + AFTER


POLL_AT_ONCE = 2.0
"""Seconds after which the agent has heard of what was there when it asked."""
AT_LEAST = 2.0
"""Seconds that an agent must be there to have a keeper started."""


def _overlap(one: Version, other: Version) -> bool:
    return one.here and other.here and one.start < other.end and other.start < one.end


def uncovered(required: Sequence[Span], runs: Sequence[Run]) -> list[Span]:
    """What was to be recorded and was not."""
    covered = [(since - SLACK, until + SLACK) for run in runs for since, until in run.covers()]
    return without(required, union(covered))
