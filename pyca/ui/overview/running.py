"""The recordings that are under way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from pyca.recording.command import preview_files
from pyca.recording.journal import ON_TIME, Journal, load
from pyca.settings import Capture
from pyca.states import EventStatus
from pyca.storage.edits import OVERDUE
from pyca.storage.listing import Entry, Planned
from pyca.ui.overview.model import Preview, Running, Span


def is_running(entry: Entry, now: float) -> bool:
    return entry.ours and entry.status is EventStatus.RECORDING and now <= entry.end + OVERDUE


def running(entry: Entry, root: Path, upcoming: Sequence[Planned], now: float) -> Running:
    """What the database says of it, with what its folder shows."""
    journal = load(root / entry.name)
    segments = [] if journal is None else [s for s in journal.segments if s.started is not None]
    spans = tuple(Span(s.started or 0.0, s.ended) for s in segments)
    begun = spans[-1].start if spans else None
    sizes = [] if journal is None else [_size(journal, segment.files) for segment in segments]
    return Running(
        uid=entry.uid,
        start=entry.start,
        end=entry.end,
        title=entry.title,
        phase='finishing' if now >= entry.end else entry.phase or 'recording',
        cause=entry.cause,
        started=spans[0].start if spans else None,
        segments=spans,
        gaps=_gaps(entry.start, spans, now),
        size=sum(sizes) if journal is not None else None,
        growth=_growth(sizes[-1], begun, spans[-1].end or now) if begun is not None else None,
        latest_end=latest_end(entry, upcoming),
        unscheduled=journal is not None and journal.event.unscheduled,
    )


def latest_end(entry: Entry, upcoming: Sequence[Planned]) -> int | None:
    """When the next event needs the device; None if there is none."""
    others = [event.start for event in upcoming if event.uid != entry.uid and event.start > entry.start]
    return max(entry.end, min(others)) if others else None


def previews(capture: Capture) -> tuple[Preview, ...]:
    """The pictures that are there."""
    found = []
    for index, picture in enumerate(preview_files(capture.preview, capture.preview_dir)):
        try:
            found.append(Preview(index, picture.stat().st_mtime))
        except OSError:
            continue
    return tuple(found)


def _size(journal: Journal, names: Sequence[str]) -> int:
    total = 0
    for name in filter(None, names):
        try:
            total += journal.path(name).stat().st_size
        except OSError:
            continue
    return total


def _growth(size: int, began: float, until: float) -> float | None:
    """Bytes per second; none in the first seconds, in which programs write nothing or all at once."""
    return size / (until - began) if until - began >= ON_TIME else None


def _gaps(start: int, spans: Sequence[Span], now: float) -> tuple[Span, ...]:
    """What is missing so far; a gap without an end lasts."""
    gaps = []
    if spans and spans[0].start - start > ON_TIME:
        gaps.append(Span(float(start), spans[0].start))
    gaps += [Span(earlier.end, later.start) for earlier, later in pairwise(spans) if earlier.end is not None]
    last = spans[-1].end if spans else float(start)
    if last is not None and now - last > ON_TIME:
        gaps.append(Span(last, None))
    return tuple(gaps)
