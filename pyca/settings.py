"""The options of `pyca.conf`: their names, defaults, limits.

Each section of the file is one frozen dataclass, each key one field of the same name. What a value must look like
stands in the field's metadata as a `Rule`; `values.py` reads by these rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

VIEWER = 'viewer'
"""The name of the user of the web interface who may change nothing."""


@dataclass(frozen=True)
class Rule:
    """What a value of an option may be, besides its type.

    `minimum` and `maximum` are for numbers; `choices` for words; `rate` marks a number of bytes per second that may
    carry a suffix `k` (1,000) or `m` (1,000,000); `secret` values are never printed.
    """

    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    rate: bool = False
    secret: bool = False


def option(default: Any, **rule: Any) -> Any:
    """A field with its rule. Lists and mappings are given as tuples and dicts and copied.

    A secret is not in the `repr` either, which may end up in a trace.
    """
    metadata = {'rule': Rule(**rule)}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=metadata, hash=False)
    return field(default=default, metadata=metadata, repr=not rule.get('secret', False))


@dataclass(frozen=True)
class Agent:
    name: str = option('')
    """Empty in the file; `pyca.config` fills in `pyca@<hostname>`."""
    update_frequency: int = option(60, minimum=5)
    cal_lookahead: int = option(14, minimum=0)
    series: str = option('')
    """The id of the only series to record; empty is all."""
    backup_mode: bool = option(False)
    backup_copy: str = option('keep', choices=('keep', 'offer', 'upload'))
    """What a backup agent does with its copy of a recording that the primary agent did not deliver."""
    backup_margin: int = option(3600, minimum=0)
    """Seconds after the end, and after the last word of the primary agent, before anything is done."""
    version2: bool = option(False)
    """Tell what a core of the drafted CA API 2.0 wants to hear."""
    timezone: str = option('')
    """An IANA name; empty is the zone of the machine. For times that people read or write, such as upload hours."""
    database: str = option('sqlite:///pyca.db', secret=True)


@dataclass(frozen=True)
class Input:
    """A camera, a screen, whatever an event may select: a section of its own within `[inputs]`."""

    name: str
    flavors: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    command: str = ''
    """Empty: the one of `[capture]` records it."""
    more: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The other keys, which are posted to the core as they are."""


@dataclass(frozen=True)
class Capture:
    directory: str = option('./recordings')
    command: str = option(
        'ffmpeg -nostats -re -f lavfi -r 25 -i testsrc -f lavfi -i sine -t {{time}} {{dir}}/{{name}}.webm'
    )
    flavors: tuple[str, ...] = option(('presenter/source',))
    files: tuple[str, ...] = option(('{{dir}}/{{name}}.webm',))
    attachments: tuple[str, ...] = option(())
    attachment_flavors: tuple[str, ...] = option(())
    preview_dir: str = option('./recordings')
    preview: tuple[str, ...] = option(())
    sigcustom: int = option(2, minimum=1)
    sigcustom_time: int = option(-1, minimum=-1)
    sigterm_time: int = option(-1, minimum=-1)
    sigkill_time: int = option(120, minimum=-1)
    exit_code: int = option(0, minimum=0, maximum=255)
    survive_stop: bool = option(False)
    overlap: str = option('first', choices=('first', 'last', 'parallel'))
    min_free: int = option(0, minimum=0)
    """Gigabytes; 0 is off."""
    schedule_first: bool = option(False)
    """What is begun on the spot is put into the core's schedule before, if that can be done."""
    inputs: tuple[Input, ...] = ()
    """What stands in `[inputs]`. No option."""


@dataclass(frozen=True)
class Inputs:
    """What `[inputs]` has besides its sections, which are `Capture.inputs`."""

    format: str = option('json', choices=('json', 'xml'))
    """How the core is told of them."""


@dataclass(frozen=True)
class Ingest:
    method: str = option('multi', choices=('multi', 'single', 'zip'))
    delay_min: int = option(0, minimum=0)
    delay_max: int = option(0, minimum=0)
    hours: tuple[str, ...] = option(())
    """Spans such as `22:00-06:00`, in the zone of the agent; none is always."""
    pause_while_capturing: bool = option(False)
    min_duration: int = option(0, minimum=0)
    delete_after_upload: bool = option(False)
    keep_days: int = option(0, minimum=0)
    """0 is for ever."""
    upload_catalogs: bool = option(False)
    upload_rate: int = option(0, minimum=0, rate=True)
    """Bytes per second; 0 is no limit."""
    parallel: int = option(1, minimum=1, maximum=8)
    """Recordings that are uploaded at once; each has its share of the rate."""
    workflow: str = option('')
    """Of what was begun on the spot; empty leaves the choice to the core."""


@dataclass(frozen=True)
class Server:
    url: str = option('https://develop.opencast.org')
    auth_method: str = option('basic', choices=('basic', 'digest'))
    username: str = option('admin')
    password: str = option('opencast', secret=True)
    insecure: bool = option(False)
    certificate: str = option('')
    cookiefile: str = option('')
    service_overrides: Mapping[str, str] = option({})
    """Full endpoint by service type, such as `org.opencastproject.ingest`."""
    given: frozenset[str] = frozenset()
    """The keys of this section that the file itself sets. No option."""


@dataclass(frozen=True)
class Ui:
    username: str = option('admin')
    password: str = option('opencast', secret=True)
    """Itself, or what `pyca password` made of it."""
    viewer_password: str = option('', secret=True)
    allow_default_login: bool = option(False)
    bind: str = option('127.0.0.1:5000')
    """For `pyca ui` and `pyca all`; other servers have their own configuration."""
    proxies: int = option(0, minimum=0)
    refresh_rate: int = option(10, minimum=1)
    url: str = option('http://localhost:5000')
    log_command: str = option('')
    room: bool = option(False)

    @property
    def default_login(self) -> bool:
        """Whether everybody knows the login."""
        return (self.username, self.password) == ('admin', 'opencast')


@dataclass(frozen=True)
class Logging:
    syslog: bool = option(False)
    stderr: bool = option(True)
    file: str = option('')
    level: str = option('info', choices=('debug', 'info', 'warning', 'error'))
    format: str = option('[%(name)s:%(lineno)s:%(funcName)s()] [%(levelname)s] %(message)s')


@dataclass(frozen=True)
class Http:
    timeout: int = option(300, minimum=0)
    """Seconds for a whole request that is no upload; 0 is no limit."""
    connection_timeout: int = option(180, minimum=0)


@dataclass(frozen=True)
class Settings:
    """A whole configuration. `source` is the file it came from, empty when there was none."""

    agent: Agent = field(default_factory=Agent)
    capture: Capture = field(default_factory=Capture)
    inputs: Inputs = field(default_factory=Inputs)
    ingest: Ingest = field(default_factory=Ingest)
    server: Server = field(default_factory=Server)
    ui: Ui = field(default_factory=Ui)
    logging: Logging = field(default_factory=Logging)
    http: Http = field(default_factory=Http)
    source: str = ''
    warnings: tuple[str, ...] = ()
    """What is odd in the file without stopping anything: unknown keys, a loopback `ui.url` and the like."""


@dataclass(frozen=True)
class Option:
    """One key of a section, as the dataclasses above declare it."""

    section: str
    key: str
    default: Any
    rule: Rule


def sections() -> dict[str, Any]:
    """The dataclass of each section of the file, by its name, in the order of the file."""
    return {item.name: item.default_factory for item in fields(Settings) if item.default_factory is not MISSING}


def options(section: str) -> Iterator[Option]:
    """The options of a section. The type of a value is that of the default."""
    for item in fields(sections()[section]):
        if 'rule' in item.metadata:
            default = item.default if item.default_factory is MISSING else item.default_factory()
            yield Option(section, item.name, default, item.metadata['rule'])
