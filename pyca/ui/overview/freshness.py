"""The ETag of an overview: one cheap question tells whether it still holds.

It names the counter of changes, and the moment until which the overview holds although nothing is written (a file
grows, a service falls silent). So no worker has to remember what it has sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(r'(?:W/)?"?(\w+)-(-?\d{1,18})-(\d{1,18})"?')


@dataclass(frozen=True)
class Tag:
    """`edition` stands for program and configuration, which change without the database."""

    edition: str
    change: int
    until: int

    @classmethod
    def parse(cls, text: str) -> Tag | None:
        """None for what is no tag of ours."""
        match = _TAG.fullmatch(text.strip())
        return cls(match[1], int(match[2]), int(match[3])) if match else None

    def __str__(self) -> str:
        return f'{self.edition}-{self.change}-{self.until}'

    def holds(self, edition: str, change: int, now: float) -> bool:
        """A clock that was set back does not make it last."""
        return (edition, change) == (self.edition, self.change) and self.until - 120 < now < self.until
