"""The recordings that are under way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from pyca.recording.command import preview_files
from pyca.recording.journal import ON_TIME, Journal, Segment, load
from pyca.settings import Capture
from pyca.states import EventStatus
from pyca.storage.edits import OVERDUE
from pyca.storage.listing import Entry, Planned
from pyca.ui.overview.model import Preview, Running, Span


def is_running(entry: Entry, now: float) -> bool:
    return entry.ours and entry.status is EventStatus.RECORDING and now <= entry.end + OVERDUE


def running(entry: Entry, folder: Path, upcoming: Sequence[Planned], now: float) -> Running:
    """What the database says of it, with what its folder shows."""
    journal = load(folder)
    segments = [] if journal is None else [s for s in journal.segments if s.started is not None]
    spans = _spans(segments)
    sizes = [] if journal is None else [_size(journal, segment.files) for segment in segments]
    newest = {segment.leg: (segment, size) for segment, size in zip(segments, sizes, strict=True)}.values()
    rates = [rate for segment, size in newest if (rate := _growth(size, segment, now)) is not None]
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
        growth=sum(rates) if rates else None,
        latest_end=latest_end(entry, upcoming),
        unscheduled=journal is not None and journal.event.unscheduled,
    )


def latest_end(entry: Entry, upcoming: Sequence[Planned]) -> int | None:
    """When another event needs the device that lasts longer; None if there is none."""
    others = [
        event.start
        for event in upcoming
        if event.uid != entry.uid and event.start > entry.start and event.end > entry.end
    ]
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


def _spans(segments: Sequence[Segment]) -> tuple[Span, ...]:
    """When it was being recorded, by one command at least; those of one leg, which never overlap, each for itself."""
    legs = len({segment.leg for segment in segments})
    found: list[Span] = []
    for segment in sorted(segments, key=lambda segment: segment.started or 0.0):
        span, last = Span(segment.started or 0.0, segment.ended), found[-1] if found else None
        if legs > 1 and last is not None and (last.end is None or last.end >= span.start):
            ends = [last.end, span.end]
            found[-1] = Span(last.start, None if None in ends else max(filter(None, ends)))
        else:
            found.append(span)
    return tuple(found)


def _growth(size: int, segment: Segment, now: float) -> float | None:
    """Bytes per second; none in the first seconds, in which programs write nothing or all at once."""
    began, until = segment.started or 0.0, segment.ended or now
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
