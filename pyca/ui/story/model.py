"""A story as plain objects.

Times are seconds since the epoch, sizes bytes. Steps are codes with values, so that they can be said in any language;
`text` and `cause` are words of the agent's log already.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Step:
    """One thing that happened, or (after `Story.now`) is to happen. `timeline.py` lists the codes."""

    at: float
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)
    text: str = ''


@dataclass(frozen=True)
class Run:
    """One run of the recorder. `command` is what was called, without passwords; `status` its exit code or, negative,
    the signal that ended it, `input` the one whose own command it is, empty for the common one."""

    number: int
    planned: float
    started: float | None
    ended: float | None
    status: int | None
    verdict: str
    cause: str
    command: str
    input: str = ''


@dataclass(frozen=True)
class File:
    """One file. `checksum` is that of the bytes that were sent, `sent` whether the core has it; `size` is None when the
    file is not there any more."""

    name: str
    flavor: str
    size: int | None
    modified: float | None
    checksum: str
    sent: bool


@dataclass(frozen=True)
class Story:
    """`actions`: end, extend, retry, delete, as far as they can be done now. `log` has the agent's own lines about this
    event, None without a log file; `output` is the end of what the recorder printed, None where nobody knows.
    `core_event` is the id under which the core has it, empty until it is delivered."""

    uid: str
    start: int
    end: int
    title: str
    now: float
    status: str
    phase: str
    outcome: str | None
    cause: str
    folder: str
    unscheduled: bool
    core_event: str
    attempts: int
    next_try: float | None
    steps: tuple[Step, ...]
    runs: tuple[Run, ...]
    files: tuple[File, ...]
    actions: tuple[str, ...]
    log: tuple[str, ...] | None
    output: tuple[str, ...] | None
