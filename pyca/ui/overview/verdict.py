"""The one sentence for the person in the doorway, never better than what is known.

| code | kind | values |
| --- | --- | --- |
| recording | ok | title, end |
| recording_but | attention | title, end, problem |
| recorder_fails | problem | title, end |
| ready | ok | next |
| ready_idle | ok | |
| ready_but | attention | problem, next |
| not_ready | problem | problem, next |
| not_recorded | problem | title, end |
| capture_stopped | problem | next |
| capture_stopped_recording | unknown | title, end |

`problem` is the code of the first problem; `end` and `next` are times, `next` is null when nothing is scheduled.
`not_recorded`: an event should have begun, nothing runs, and no problem that is known keeps it from beginning.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyca.storage.listing import Planned
from pyca.ui.overview.due import due
from pyca.ui.overview.model import ATTENTION, OK, PROBLEM, UNKNOWN, Problem, Running, Value, Verdict


def verdict(running: Sequence[Running], problems: Sequence[Problem], coming: Sequence[Planned], now: float) -> Verdict:
    """From what runs, what is wrong (the worst first), what is to come (the next one first)."""
    stopped = any(problem.code == 'capture_stopped' for problem in problems)
    if running:
        return _while_recording(running, problems, stopped)
    next_start = coming[0].start if coming else None
    if stopped:
        return Verdict(PROBLEM, 'capture_stopped', {'next': next_start})
    worst = problems[0] if problems else None
    if worst is not None and worst.kind == PROBLEM:
        return Verdict(PROBLEM, 'not_ready', {'problem': worst.code, 'next': next_start})
    missing = due(coming, now)
    if missing:
        return Verdict(PROBLEM, 'not_recorded', {'title': missing[0].title, 'end': missing[0].end})
    if worst is not None:
        return Verdict(worst.kind, 'ready_but', {'problem': worst.code, 'next': next_start})
    return Verdict(OK, 'ready', {'next': next_start}) if coming else Verdict(OK, 'ready_idle')


def _while_recording(running: Sequence[Running], problems: Sequence[Problem], stopped: bool) -> Verdict:
    failing = [recording for recording in running if recording.phase == 'failing']
    shown = max(failing or running, key=lambda recording: recording.end)  # it is over when the last one is
    values: dict[str, Value] = {'title': shown.title, 'end': shown.end}
    if stopped:
        return Verdict(UNKNOWN, 'capture_stopped_recording', values)
    if failing:
        return Verdict(PROBLEM, 'recorder_fails', values)
    if problems:
        return Verdict(ATTENTION, 'recording_but', {**values, 'problem': problems[0].code})
    return Verdict(OK, 'recording', values)
