"""The remembered steps of one upload (`upload.json` in the recording's folder)."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from pyca.errors import PycaError
from pyca.opencast.mediapackage import MediaPackage
from pyca.recording.atomic import read_json, write_json
from pyca.recording.store import DELIVERED, RESERVE

logger = logging.getLogger(__name__)

VERSION = 1
JOURNAL = 'upload.json'


class Damaged(PycaError):
    """The remembered steps of an upload cannot be read, so it is unknown how far it was."""


@dataclass
class Element:
    """One file of the media package.

    `kind` is `track` (then `path` is a file) or `catalog` (then `path` is the name of a file attached to the event).
    `size` and `mtime` are those of the file when it was sent.
    """

    kind: str
    flavor: str
    path: str
    size: int = 0
    mtime: float = 0.0
    done: bool = False


@dataclass
class Upload:
    """How far one recording is on its way to the core. Times are seconds since the epoch.

    `failures` counts since something last went well, `attempts` from the beginning. `gone_since`: the node does not
    answer since then. `final_sent`: the first final call that may have been accepted; `final_last`: the last one;
    `asked_since`: when the core first answered a question about it. `doubted`: a program that remembered nothing tried
    it before, and perhaps the core has it. `resumed`: how often the recording had gone on when the elements were noted.
    """

    version: int = VERSION
    attempts: int = 0
    failures: int = 0
    node: str = ''
    gone_since: float | None = None
    package: str = ''
    package_id: str = ''
    package_elements: int = 0
    elements: list[Element] = field(default_factory=list)
    resumed: int = 0
    workflow: str = ''
    final_sent: float | None = None
    final_last: float | None = None
    asked_since: float | None = None
    repeats: int = 0
    refusals: int = 0
    begun_anew: int = 0
    accepted: float | None = None
    held: bool = False
    doubted: bool = False
    next_try: float | None = None
    error: str = ''
    inquiries: list[dict[str, Any]] = field(default_factory=list)

    def media_package(self) -> MediaPackage:
        return MediaPackage(self.package, self.package_id, self.package_elements)

    def grown(self, package: MediaPackage) -> None:
        """Take the media package that the core gave back; something went well."""
        self.package, self.package_id, self.package_elements = package.xml, package.id, package.elements
        self.went_well()

    def went_well(self) -> None:
        self.failures, self.gone_since, self.next_try, self.error = 0, None, None, ''

    def missing(self) -> Element | None:
        """The first element that the core does not have yet."""
        return next((element for element in self.elements if not element.done), None)

    def forget_package(self) -> None:
        """Go back to before the media package was made."""
        self.node, self.package, self.package_id, self.package_elements = '', '', '', 0
        self.gone_since, self.elements = None, []

    def forget_final(self) -> None:
        """The final call has surely not been accepted."""
        self.final_sent = self.final_last = self.asked_since = None
        self.repeats = 0


class Uploads:
    """The remembered steps of all uploads, each in its recording's folder under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, name: str) -> Path:
        return self.root / name

    def delivered(self, name: str) -> Path:
        """What remains of a recording whose folder was deleted after the upload."""
        return self.root / DELIVERED / f'{name}.json'

    def has(self, name: str) -> bool:
        """Whether an upload of this recording was begun."""
        return (self.folder(name) / JOURNAL).exists()

    def load(self, name: str) -> Upload | None:
        """None if there was no upload yet. Raises Damaged."""
        path = self.folder(name) / JOURNAL
        if self.has(name):
            upload = _from_json(read_json(path))
            if upload is None:
                raise Damaged(f'{path} is damaged, so it is unknown whether the core has this recording.')
            return upload
        rest = read_json(self.delivered(name))
        return _from_json(rest.get('upload')) if isinstance(rest, dict) else None

    def save(self, name: str, upload: Upload) -> None:
        """It is on the disk when this returns. Raises OSError or RecordingsUnusable."""
        path, content = self.folder(name) / JOURNAL, asdict(upload)
        try:
            write_json(path, content)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            path.with_name(f'.{path.name}.new').unlink(missing_ok=True)
            (self.root / RESERVE).unlink(missing_ok=True)
            write_json(path, content)

    def set_aside(self, name: str) -> None:
        """Put a damaged journal out of the way, so that a person's decision starts from the beginning."""
        path = self.folder(name) / JOURNAL
        try:
            path.replace(path.with_suffix('.damaged.json'))
        except OSError as error:
            logger.error('%s is damaged and cannot be put aside: %s', path, error)


def _from_json(value: Any) -> Upload | None:
    """None if it is no upload of a version that this code knows."""
    if not isinstance(value, Mapping) or value.get('version') != VERSION:
        return None
    try:
        elements = [Element(**_known(Element, element)) for element in value.get('elements', [])]
        return Upload(**{**_known(Upload, value), 'elements': elements})
    except (TypeError, AttributeError):
        return None


def _known(kind: type[Element] | type[Upload], value: Mapping[str, Any]) -> dict[str, Any]:
    names = {entry.name for entry in fields(kind)}
    return {key: value[key] for key in value if key in names}
