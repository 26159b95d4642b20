"""The patience with one transfer: how long to wait for what, asked at least once a second while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from pyca.clock import Clock

STEP = 0.5
"""Seconds between two looks at the outside."""


class Verdict(Enum):
    """Why a transfer was ended from this side."""

    NONE = ''
    INTERRUPTED = 'interrupted'
    STALLED = 'stalled'
    UNANSWERED = 'unanswered'


@dataclass
class Watch:
    """Called by the transfer with bytes to and from the core; a true answer ends it.

    While the body goes out, the core must take bytes now and then (`stall` seconds, H22). Once the last byte is gone
    the core may work silently for `answer_limit` seconds (contract 7.9), which is no stall. None switches a limit off.
    `report` hears how far the body is; a true answer of its ends the transfer as `interrupted` does.
    """

    clock: Clock
    interrupted: Callable[[], bool]
    beat: Callable[[], None]
    stall: float | None = None
    answer_limit: float | None = None
    report: Callable[[int, int], bool | None] | None = None
    verdict: Verdict = Verdict.NONE
    sent: int = 0
    total: int = 0
    _received: int = field(default=0, repr=False)
    _moved: float | None = field(default=None, repr=False)
    _looked: float | None = field(default=None, repr=False)

    @property
    def complete(self) -> bool:
        """Whether the whole body has gone out."""
        return 0 < self.total <= self.sent

    def __call__(self, _down_total: int, down: int, up_total: int, up: int) -> bool:
        now = self.clock.monotonic()
        if up_total > 0 and (self._moved is None or up != self.sent or down != self._received):
            self._moved = now
        self.sent, self.total, self._received = up, up_total, down
        if self._looked is None or now - self._looked >= STEP:
            self._looked = now
            self._look(now)
        return self.verdict is not Verdict.NONE

    def finish(self) -> None:
        """Tell the last figures, which a short transfer would keep to itself."""
        if self.report and self.total:
            self.report(self.sent, self.total)

    def _look(self, now: float) -> None:
        self.beat()
        enough = self.report(self.sent, self.total) if self.report and self.total else False
        limit = self.answer_limit if self.complete else self.stall
        if self.interrupted() or enough:
            self.verdict = Verdict.INTERRUPTED
        elif limit is not None and self._moved is not None and now - self._moved > limit:
            self.verdict = Verdict.UNANSWERED if self.complete else Verdict.STALLED
