"""The steps of a story, from the journals in a recording's folder.

| code | values |
| --- | --- |
| begins, ends | (what the calendar says) |
| begins_here, ends_here | (what a person wanted, here or with the API) |
| recorder_started | number, late: seconds after the start of the event, for the first run; text: its input |
| signal_sent | number, signal |
| recorder_ended | number, status, verdict: good, failed or unknown; text: the cause |
| empty_runs | count: runs that left nothing behind |
| final_call, final_call_repeated | |
| asked | text: what the answers of the core meant |
| accepted | |
| next_try | attempt; text: why the last one failed |
| core_not_told | state: what the core is still to be told |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyca.recording.journal import Journal, Segment
from pyca.storage.recorded import Recorded
from pyca.storage.reports import Report
from pyca.ui.story.model import Step


def steps(
    row: Recorded, journal: Journal | None, upload: Mapping[str, Any], reports: Sequence[Report]
) -> tuple[Step, ...]:
    """In the order of time."""
    event = row.event
    here = event.unscheduled or (journal is not None and journal.local is not None)
    found = [
        Step(event.start, 'begins_here' if event.unscheduled else 'begins'),
        Step(event.end, 'ends_here' if here else 'ends'),
    ]
    if journal is not None:
        found += _recorded(journal)
    found += _uploaded(upload)
    if row.next_try:
        found.append(Step(row.next_try, 'next_try', {'attempt': row.attempts + 1}, row.cause))
    found += [Step(report.created, 'core_not_told', {'state': report.state.value}) for report in reports]
    return tuple(sorted(found, key=lambda step: step.at))


def numbered(journal: Journal) -> list[tuple[int, Segment]]:
    """The runs with the numbers under which they are shown: where several commands run side by side, each counts its
    own."""
    own = all(not segment.leg for segment in journal.segments)
    return [(segment.number if own else at, segment) for at, segment in enumerate(journal.segments)]


def _recorded(journal: Journal) -> Iterator[Step]:
    for position, (number, segment) in enumerate(numbered(journal)):
        if segment.started is not None:
            late = {} if position else {'late': round(max(0.0, segment.started - journal.event.start), 1)}
            yield Step(segment.started, 'recorder_started', {'number': number, **late}, segment.leg)
        for signal, at in segment.signals:
            yield Step(at, 'signal_sent', {'number': number, 'signal': signal})
        if segment.ended is not None and segment.end is not None:
            values = {'number': number, 'status': segment.status, 'verdict': segment.end.value}
            yield Step(segment.ended, 'recorder_ended', values, segment.cause)
    if journal.failures:
        yield Step(float(journal.event.start), 'empty_runs', {'count': journal.failures})


def _uploaded(upload: Mapping[str, Any]) -> Iterator[Step]:
    """What another process wrote, and perhaps another version: nothing here is taken for granted."""
    first, last, accepted = (_time(upload.get(name)) for name in ('final_sent', 'final_last', 'accepted'))
    if first is not None:
        yield Step(first, 'final_call')
    if last is not None and last != first:
        yield Step(last, 'final_call_repeated')
    inquiries = upload.get('inquiries')
    for entry in inquiries if isinstance(inquiries, list) else []:
        at = _time(entry.get('at')) if isinstance(entry, Mapping) else None
        if at is not None:
            yield Step(at, 'asked', text=str(entry.get('said', '')))
    if accepted is not None:
        yield Step(accepted, 'accepted')


def _time(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
