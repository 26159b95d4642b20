"""How a recorder is ended: which signal is due when.

All times of one plan are seconds of one clock, whichever the caller keeps.
"""

from __future__ import annotations

from collections.abc import Sequence
from signal import SIGKILL, SIGTERM
from typing import NamedTuple

from pyca.settings import Capture

GRACE = 10
"""Seconds between TERM and KILL where the configured times would put KILL first."""
EARLY_LIMIT = 280
"""Seconds that ending early may take at most: the service manager gives the agent 300 to stop."""


class _Step(NamedTuple):
    after: int  # seconds after the end
    number: int


def due(capture: Capture, end: float, early: bool, sent: Sequence[tuple[int, float]], now: float) -> int | None:
    """The signal to send now, None for none.

    `end` is when the recording was to end; when it ends early, when that was asked for. `sent` has the signals sent so
    far, each with its time, in order; each step is sent once.
    """
    step = _next(capture, end, early, sent)
    return step[1] if step is not None and step[0] <= now else None


def _next(capture: Capture, end: float, early: bool, sent: Sequence[tuple[int, float]]) -> tuple[float, int] | None:
    """The first step not yet sent, with its time.

    A step that was sent late delays those behind it: the recorder gets the configured time between two signals also
    from an agent that was away.
    """
    left = list(sent)
    moment, before = end, 0
    for step in _early_steps(capture) if early else _steps(capture):
        moment, before = moment + step.after - before, step.after
        match = next((entry for entry in left if entry[0] == step.number), None)
        if match is None:
            return moment, step.number
        left.remove(match)
        moment = max(moment, match[1])
    return None


def _steps(capture: Capture) -> list[_Step]:
    steps = []
    if capture.sigcustom_time >= 0:
        steps.append(_Step(capture.sigcustom_time, capture.sigcustom))
    if capture.sigterm_time >= 0:
        steps.append(_Step(capture.sigterm_time, SIGTERM))
    if capture.sigkill_time >= 0:
        term = capture.sigterm_time
        steps.append(_Step(_kill_after(capture.sigkill_time, term) if term >= 0 else capture.sigkill_time, SIGKILL))
    return sorted(steps, key=lambda step: step.after)


def _early_steps(capture: Capture) -> list[_Step]:
    """The custom signal at once, TERM behind it with the configured distance; TERM at once where neither is on."""
    if capture.sigcustom_time < 0:
        steps = [_Step(0, SIGTERM)]
    else:
        steps = [_Step(0, capture.sigcustom)]
        if capture.sigterm_time >= 0:
            distance = abs(capture.sigterm_time - capture.sigcustom_time)
            steps.append(_Step(min(distance, EARLY_LIMIT - GRACE), SIGTERM))
    wanted = capture.sigkill_time if capture.sigkill_time >= 0 else EARLY_LIMIT
    return [*steps, _Step(min(_kill_after(wanted, steps[-1].after), EARLY_LIMIT), SIGKILL)]


def _kill_after(wanted: int, before: int) -> int:
    """KILL as configured, but only behind the signal that asks."""
    return wanted if wanted > before else before + GRACE
