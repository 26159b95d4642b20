"""What is to happen in a fault run, drawn from a seed: the same seed gives the same plan."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.fault_run.spans import Span

QUICK = 40
"""A run of so many events, or fewer, leaves out what takes the agent minutes to get over."""

MACHINE = {
    'agent killed': 5,
    'keeper killed': 3,
    'recorder killed': 4,
    'power cut': 4,
    'stopped': 3,
    'asleep': 2,
    'clock moved': 2,
    'disk full': 2,
    'database deleted while running': 1,
    'database lost': 1,
    'database damaged': 1,
    'database restored': 2,
}
"""Harm to the machine, with how often each comes."""
CORE = {
    'core refuses': 3,
    'core hangs': 2,
    'core is a black hole': 1,
    'core answers 500': 2,
    'core answers 502': 1,
    'core shows its login page': 1,
    'core answers with HTML': 1,
    'upload reset': 4,
    'upload answered with 500': 2,
    'answer to a track lost': 3,
    'answer to a media package lost': 1,
    'final answer lost': 3,
    'final call answered with 502': 1,
    'core stops reading': 1,
    'ingest node gone': 2,
    'ingest node not listed': 2,
}
"""Harm to the core."""
SLOW = frozenset(
    {
        *('final answer lost', 'final call answered with 502', 'core hangs', 'core is a black hole'),
        *('core shows its login page', 'core answers with HTML'),
    }
)
"""After these the agent rightly waits for a minute or so before it tries again."""
CHANGES = ('extended', 'shortened', 'cancelled', 'cancelled, back again', 'moved', 'given away', 'five changes')
EARLY_CHANGES = ('cancelled', 'moved', 'extended', 'cancelled, back again')
HABITS = ('crash 1.2', 'exit 1.0', 'crash 0.8 1', 'nothing', 'exit 1.5 1')
"""What recorders do wrong by themselves: how, after how many seconds, in how many runs (without a number: in all)."""
STEPS = ('3', '-3', '40', '-40', '3600', '-3600')
"""Seconds by which the clock is wrong for a while."""

Deck = Iterator[str]


@dataclass(frozen=True)
class Lecture:
    """One event. Times are seconds after the beginning of the run."""

    uid: str
    start: int
    end: int
    habit: str = ''


@dataclass(frozen=True)
class Harm:
    """One thing that goes wrong. `on` is the uid of the event that it concerns, or an amount."""

    at: float
    kind: str
    seconds: float = 0.0
    on: str = ''


@dataclass(frozen=True)
class Plan:
    seed: int
    quick: bool
    endless: bool
    """Whether recorders go on until they are told to end, instead of counting `{{time}}`."""
    lectures: tuple[Lecture, ...]
    harms: tuple[Harm, ...]

    @property
    def end(self) -> int:
        return max(lecture.end for lecture in self.lectures)


def draw(seed: int, events: int) -> Plan:
    """The plan of this seed."""
    chance = random.Random(seed)
    quick = events <= QUICK
    changed = _deck(chance, dict.fromkeys(EARLY_CHANGES if quick else CHANGES, 1))
    lectures, harms = _lectures(chance, events, quick, changed)
    end = lectures[-1].end
    harms += _series(
        chance, _deck(chance, MACHINE), (5.0, end - 4.0), quick, peace=(5.0, 11.0) if quick else (8.0, 16.0)
    )
    kinds = {kind: weight for kind, weight in CORE.items() if not (quick and kind in SLOW)}
    harms += _series(chance, _deck(chance, kinds), (6.0, end * 0.6 if quick else end - 5.0), quick, peace=(3.0, 10.0))
    harms.sort(key=lambda harm: harm.at)
    return Plan(seed, quick, chance.random() < 0.5, tuple(lectures), tuple(harms))


def _deck(chance: random.Random, weights: dict[str, int]) -> Deck:
    """Kinds in an order by chance, but each of them comes as often as its weight says before any comes again."""
    while True:
        cards = [kind for kind, weight in weights.items() for _ in range(weight)]
        chance.shuffle(cards)
        yield from cards


def _lectures(chance: random.Random, events: int, quick: bool, changed: Deck) -> tuple[list[Lecture], list[Harm]]:
    lectures: list[Lecture] = []
    changes: list[Harm] = []
    start = 8
    for number in range(events):
        uid = f'event-{number:03}'
        length = chance.choice((2, 2, 2, 3) if quick else (2, 2, 3, 3, 4, 5, 6))
        habit = chance.choice(HABITS) if chance.random() < 0.08 else ''
        if lectures and chance.random() < 0.05:
            start = max(lectures[-1].start + 1, start - 2)  # overlaps the one before
        if number >= 4 and chance.random() < (0.15 if quick else 0.1):
            kind = next(changed)
            during = not quick and chance.random() < 0.5
            length = chance.randint(13, 17) if during else length
            at = start + chance.uniform(0.5, 4) if during else max(2.0, start - chance.uniform(9, 14))
            changes.append(Harm(at, kind, 0, uid))
        lectures.append(Lecture(uid, start, start + length, habit))
        start = lectures[-1].end + chance.choice((0, 0, 0, 1) if quick else (0, 0, 0, 1, 2))
    return lectures, changes


def _series(chance: random.Random, kinds: Deck, between: Span, quick: bool, *, peace: Span) -> list[Harm]:
    """Harm of these kinds, one after another, with so many seconds of peace in between."""
    harms = []
    at, until = between
    while (at := at + chance.uniform(*peace)) < until:
        kind = next(kinds)
        seconds = chance.uniform(0, 3 if quick else 10) if chance.random() < 0.8 else 0.0
        if kind in ('clock moved', 'asleep', 'disk full') or kind.startswith('core'):
            seconds = chance.uniform(1.5, 3 if quick else 7)
        harms.append(Harm(round(at, 2), kind, round(seconds, 2), chance.choice(STEPS) if kind == 'clock moved' else ''))
        at += seconds
    return harms
