"""What the page shows.

All times are seconds since the epoch, all sizes bytes. Nothing here is an age: whoever shows the page counts that from
`Overview.now`. Sentences are codes with values, so that they can be said in any language; only `text` and `cause` are
words already, those of a service's log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pyca.storage.listing import Entry, Planned

Value = str | int | float | None

OK, ATTENTION, PROBLEM, UNKNOWN = 'ok', 'attention', 'problem', 'unknown'
"""The kinds of a verdict; the two in the middle are those of a problem as well."""


@dataclass(frozen=True)
class Verdict:
    """The one sentence for the person in the doorway. `verdict.py` lists the codes with their values."""

    kind: str
    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Span:
    """A stretch of time; without an `end` it lasts."""

    start: float
    end: float | None


@dataclass(frozen=True)
class Preview:
    """A preview picture that is there: its index (as in `/img/<index>`), and when it was written."""

    index: int
    written: float


@dataclass(frozen=True)
class Running:
    """A recording that is under way.

    `phase` is recording, failing (started again and again) or finishing (its end has passed). `started` is None until
    the recorder has. `growth` is in bytes per second since the recorder was started; size and growth are None where
    the files cannot be seen. `latest_end` is how far it may be extended, None for no limit.
    """

    uid: str
    start: int
    end: int
    title: str
    phase: str
    cause: str
    started: float | None
    segments: tuple[Span, ...]
    gaps: tuple[Span, ...]
    size: int | None
    growth: float | None
    latest_end: int | None
    unscheduled: bool


@dataclass(frozen=True)
class Next:
    """The next event; `conflict` is one that wants the device at the same time."""

    event: Planned
    conflict: Planned | None


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be. `kind` is attention or problem.

    `text` is the service's own sentence, empty for what the page finds by itself; `event` is the next one that it
    concerns. `consequence` and `remedy` are codes.
    """

    code: str
    kind: str
    since: float | None
    text: str
    consequence: str
    remedy: str
    values: Mapping[str, Value] = field(default_factory=dict)
    event: Planned | None = None


@dataclass(frozen=True)
class Upload:
    """A recording on its way to the core.

    `state` is queued, uploading, waiting (for its next try) or held (for a person). `percent`, `rate` (bytes per
    second in this try) and `left` (seconds) are None while nobody knows. `attempt` counts from 1.
    """

    uid: str
    start: int
    title: str
    state: str
    sent: int
    total: int
    percent: int | None
    rate: float | None
    left: float | None
    attempt: int
    next_try: float | None
    cause: str

    @property
    def needs_decision(self) -> bool:
        return self.state == 'held'


@dataclass(frozen=True)
class Recordings:
    """What the filter lets through: a page of what was recorded, newest first, of `total`; the next that are to come,
    of `upcoming_total`."""

    upcoming: tuple[Planned, ...]
    upcoming_total: int
    recorded: tuple[Entry, ...]
    total: int
    offset: int
    limit: int


@dataclass(frozen=True)
class Service:
    """One service: stopped, idle or busy; `beat` is its last sign of life."""

    name: str
    state: str
    text: str
    beat: float | None

    @property
    def runs(self) -> bool:
        return self.state != 'stopped'


@dataclass(frozen=True)
class Disk:
    """The file system of the recordings folder; `hours` of recording that still fit, None without a measured growth."""

    total: int
    used: int
    free: int
    hours: float | None


@dataclass(frozen=True)
class Memory:
    """Of the whole machine."""

    total: int
    available: int
    used: int
    free: int
    cached: int | None
    buffers: int | None


@dataclass(frozen=True)
class Contact:
    """When the core last took or gave: the calendar, the agent's state, a recording."""

    calendar: float | None
    state: float | None
    upload: float | None


@dataclass(frozen=True)
class Machine:
    """What the agent runs on.

    `offset`: seconds by which the clock of the core is ahead. `temperature`: degrees Celsius.
    """

    disk: Disk | None
    load: tuple[float, float, float] | None
    memory: Memory | None
    temperature: float | None
    offset: float | None
    contact: Contact
    services: tuple[Service, ...]
    version: str
    python: str
    system: str
    fingerprint: str


@dataclass(frozen=True)
class Overview:
    """Everything. `holds_until` is when it looks different even if nothing is written meanwhile."""

    agent: str
    backup: bool
    now: float
    holds_until: float
    verdict: Verdict
    running: tuple[Running, ...]
    previews: tuple[Preview, ...]
    next: Next | None
    problems: tuple[Problem, ...]
    uploads: tuple[Upload, ...]
    recordings: Recordings
    machine: Machine
