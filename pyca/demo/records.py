"""What the stand-in core remembers, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

WORKFLOW = 'schedule-and-upload'
"""The workflow that runs when nothing, or something unknown, was asked for."""


@dataclass(frozen=True)
class User:
    """An account. Whether it works with basic, digest or both is a matter of the account (contract 3.2)."""

    name: str
    password: str
    roles: tuple[str, ...] = ('ROLE_ADMIN',)
    basic: bool = True
    digest: bool = False


USERS = (
    User('admin', 'opencast'),
    User('opencast_system_account', 'CHANGE_ME', basic=False, digest=True),
    User('capture-agent', 'lecture-hall', ('ROLE_CAPTURE_AGENT',), digest=True),
)


@dataclass
class Event:
    """A scheduled event. Times are seconds since the epoch."""

    uid: str
    agent: str
    start: float
    end: float
    title: str
    properties: dict[str, str] = field(default_factory=dict)
    series: str | None = None
    description: str = ''
    presenters: tuple[str, ...] = ()
    workflow: str = WORKFLOW
    version: float = 0.0
    """When the latest version was archived (`LAST-MODIFIED`)."""
    temporal_end: float | None = None
    """The end in the Dublin Core, if it is another than that of the calendar (contract 6.6)."""
    owned: bool = True
    """Whether the latest archived version still belongs to the scheduler (contract 6.2)."""

    def agent_properties(self) -> dict[str, str]:
        """The attached agent properties, later keys winning (contract 6.4)."""
        merged = {
            'org.opencastproject.workflow.definition': self.workflow,
            **self.properties,
            'event.title': self.title,
        }
        if self.series:
            merged['event.series'] = self.series
        return {**merged, 'event.location': self.agent}


@dataclass
class Agent:
    """A capture agent as it made itself known."""

    name: str
    state: str = 'unknown'
    address: str = ''
    configuration: dict[str, str] = field(default_factory=dict)
    heard: float = 0.0
    history: list[tuple[float, str]] = field(default_factory=list)
    """Every state posted, with its time."""
    extended: dict[str, str] = field(default_factory=dict)
    """Capabilities that only a core of API 2.0 shows."""
    scheduler_roles: frozenset[str] = frozenset()
    """Who may schedule on it; none = everybody. Others do not see it in the list (contract 5.4)."""

    def capabilities(self) -> dict[str, str]:
        """What the admin UI would offer."""
        return {**self._inputs(), **self.extended}

    def _inputs(self) -> dict[str, str]:
        """The inputs with their keys (contract 5.5, the last paragraph)."""
        names = self.configuration.get('capture.device.names')
        if names is None:
            return {}
        parts = [f'capture.device.{name}' for name in names.split(',')]
        return {
            key: value
            for key, value in self.configuration.items()
            if key == 'capture.device.names' or any(part in key for part in parts)
        }


@dataclass(frozen=True)
class Received:
    """A file that arrived whole."""

    flavor: str
    filename: str
    size: int
    sha256: str
    path: Path
    kind: str = 'track'
    """`track`, `catalog` or `attachment`."""


@dataclass(frozen=True)
class Delivery:
    """A final ingest call that was accepted."""

    uid: str
    """The event's id if one matched, else the id of the new event."""
    mediapackage: str
    """The id under which the files were added."""
    matched_event: bool
    workflow: str
    properties: dict[str, str]
    """Workflow properties as the workflow gets them: the event's, overwritten by the request's."""
    fields: dict[str, str]
    """The fields of the call but for the media package, as sent."""
    tracks: tuple[Received, ...]
    catalogs: tuple[Received, ...]
    attachments: tuple[Received, ...]
    node: str
    at: float
    overruled: tuple[Received, ...] = ()
    """Catalogs and attachments among them that lost against the core's own of the same flavor."""
    method: str = 'multi'
    """How the files came: `multi`, `single` (addMediaPackage) or `zip` (addZippedMediaPackage)."""


@dataclass
class Workflow:
    """A workflow that was started by an ingest."""

    number: int
    mediapackage: str
    started: float
    archived: bool = False
    active: bool = True


@dataclass
class Request:
    """One request as the stand-in met it; `status` is 0 as long as no answer is on its way."""

    method: str
    path: str
    query: dict[str, str]
    at: float
    node: str
    headers: dict[str, str]
    """Some of the headers, names in lower case; never credentials."""
    length: int | None = None
    user: str = ''
    session: str = ''
    status: int = 0
    bytes_in: int = 0
    fault: str = ''
    ended: float | None = None
