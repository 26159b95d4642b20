"""Hours of the day, as the clock on the wall shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

_SPAN = re.compile(r'([01]?\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]?\d|2[0-3]):([0-5]\d)|24:00)')
_DAY = 24 * 60
_FARTHEST = 2 * _DAY
"""Minutes to look ahead: over a day whose clocks go forward past a short span."""


@dataclass(frozen=True)
class Hours:
    """Spans of a day, in minutes since midnight; a span may go on over midnight. Without any span it is always open.

    The clocks of the zone decide, so that 22:00 is 22:00 in summer as in winter; without a zone, those of the machine.
    """

    spans: tuple[tuple[int, int], ...] = ()
    zone: tzinfo | None = None

    @classmethod
    def of(cls, texts: Sequence[str], zone: tzinfo | None = None) -> Hours:
        """Spans as a configuration writes them; ValueError says what is wrong."""
        return cls(tuple(_span(text) for text in texts), zone)

    def open(self, now: float) -> bool:
        return not self.spans or self._in(datetime.fromtimestamp(now, self.zone))

    def opens(self, now: float) -> float:
        """When it is open next, `now` itself if it is; never later than in two days."""
        if self.open(now):
            return now
        minute = now - now % 60  # offsets of zones are whole minutes, and so are the spans
        return next(
            (minute + 60 * ahead for ahead in range(1, _FARTHEST) if self.open(minute + 60 * ahead)),
            minute + timedelta(minutes=_FARTHEST).total_seconds(),
        )

    def shown(self, moment: float) -> str:
        """A moment as the clock on the wall shows it."""
        return f'{datetime.fromtimestamp(moment, self.zone):%H:%M}'

    def _in(self, moment: datetime) -> bool:
        at = moment.hour * 60 + moment.minute
        return any(begin <= at < end if begin < end else at >= begin or at < end for begin, end in self.spans)


def _span(text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'{text!r} is no span of a day; write one such as 22:00-06:00')
    begin = int(match[1]) * 60 + int(match[2])
    end = int(match[3]) * 60 + int(match[4]) if match[3] else _DAY
    if begin == end:
        raise ValueError(f'{text!r} begins when it ends; leave it out for the whole day')
    return begin, end
