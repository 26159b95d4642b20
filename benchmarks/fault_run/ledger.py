"""What the recorders witnessed: their ledgers, with the lines that arrived elsewhere."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.fault_run.spans import Span

STEADY = 1.0
"""Seconds between two lines of one run, at most: a busy machine."""


class Stamp(NamedTuple):
    """One line of a recorder: which event, which process, its number, when."""

    uid: str
    pid: int
    number: int
    at: float


@dataclass
class Run:
    """One run of a recorder as it saw itself; `how` is empty when it was killed."""

    pid: int
    begun: float
    stamps: list[Stamp] = field(default_factory=list)
    ended: float | None = None
    how: str = ''

    @property
    def last(self) -> float:
        """When it was last seen alive."""
        return self.ended or (self.stamps[-1].at if self.stamps else self.begun)

    @property
    def failed(self) -> bool:
        """Whether it crashed, was killed, or wrote nothing."""
        return not self.stamps or self.how not in ('time', 'told', 'exit')

    def covers(self) -> list[Span]:
        """When it wrote, without what was lost to a machine that stood still."""
        spans: list[Span] = []
        for stamp in self.stamps:
            if spans and stamp.at - spans[-1][1] <= STEADY:
                spans[-1] = (spans[-1][0], stamp.at)
            else:
                spans.append((stamp.at, stamp.at + 0.001))
        return spans


def read(path: Path, offset: float) -> list[Run]:
    """The runs that a ledger tells of. `offset` makes the recorder's clock the wall clock."""
    runs: dict[int, Run] = {}
    for line in path.read_bytes().splitlines():
        words = line.decode(errors='replace').split()
        if words[:1] == ['begin']:
            runs[int(words[1])] = Run(int(words[1]), float(words[2]) + offset)
        elif words[:1] == ['end']:
            run = runs[int(words[1])]
            run.ended, run.how = float(words[2]) + offset, words[3]
        elif (stamp := parse(line, offset)) is not None:
            runs[stamp.pid].stamps.append(stamp)
    return list(runs.values())


def parse(line: bytes, offset: float) -> Stamp | None:
    """None for a line that is not whole."""
    text, _, digest = line.rpartition(b' ')
    try:
        if int(digest, 16) != zlib.crc32(text):
            return None
        uid, pid, number, at = text.split()
        return Stamp(uid.decode(), int(pid), int(number), float(at) + offset)
    except ValueError:
        return None


def stamps(content: bytes, offset: float) -> tuple[list[Stamp], int]:
    """The lines of a media file, with how many are broken."""
    found = [parse(line, offset) for line in content.split(b'\n') if line]
    whole = [stamp for stamp in found if stamp is not None]
    return whole, len(found) - len(whole)


def lines(runs: Iterable[Run]) -> set[tuple[int, int]]:
    """Process with number of every line."""
    return {(stamp.pid, stamp.number) for run in runs for stamp in run.stamps}
