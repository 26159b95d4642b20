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
from pyca.recording.former import former
from pyca.recording.journal import UPLOAD
from pyca.recording.store import DELIVERED, RESERVE

logger = logging.getLogger(__name__)

VERSION = 1
MULTI, SINGLE, ZIP = 'multi', 'single', 'zip'
"""The methods of an upload: a request for each file, then the final call; or all in the final call, plain or as zip."""


class Damaged(PycaError):
    """The remembered steps of an upload cannot be read, so it is unknown how far it was."""


@dataclass
class Element:
    """One file of the media package.

    `kind` is `track`, `attachment` or `catalog`; `path` is a file, or for a catalog of the calendar its flavor again.
    `size` and `mtime` are those of the file when it was sent, `digest` is the SHA-256 of those bytes, made afterwards,
    `crc` their CRC-32, made beforehand where a zip needs it. `refusals`: how often the core said no to it.
    """

    kind: str
    flavor: str
    path: str
    size: int = 0
    mtime: float = 0.0
    done: bool = False
    digest: str = ''
    crc: int | None = None
    refusals: int = 0

    @property
    def of_calendar(self) -> bool:
        """Whether it is no file, but a catalog that came with the event."""
        return self.path == self.flavor


@dataclass
class Upload:
    """How far one recording is on its way to the core. Times are seconds since the epoch.

    `failures` counts since something last went well, `attempts` from the beginning. `gone_since`: the node does not
    answer since then. `id_refused`: the core does not take the event's id for the media package since then, and
    `id_refusals` is how often it said so in a row, the last time as failure number `id_failures`.

    `final_sent`: the first final call that may have been accepted; `final_last`: the last one;
    `asked_since`: when the core first answered a question about it. `archived`: since when the core is known to have it
    for good, or to be one that cannot be asked. `doubted`: a program that remembered nothing tried it before, and
    perhaps the core has it. `approved`: a person wants it uploaded as it is. `released`: it was held before its upload
    began, and is to be uploaded all the same. `resumed`: how often the recording had gone on when the elements were
    noted. `left_out`: in words, what of it stays in the folder. `method`: how the elements are sent. `taken`: the core
    said that a workflow is at work on this event already. `refused`: each final call was answered, and none with
    a yes, so that what the core archives then may not be from here (contract 7.7): then nothing is deleted here.
    """

    version: int = VERSION
    attempts: int = 0
    failures: int = 0
    node: str = ''
    gone_since: float | None = None
    id_refused: float | None = None
    id_refusals: int = 0
    id_failures: int = 0
    package: str = ''
    package_id: str = ''
    package_elements: int = 0
    elements: list[Element] = field(default_factory=list)
    resumed: int = 0
    left_out: str = ''
    method: str = MULTI
    taken: bool = False
    refused: bool = False
    workflow: str = ''
    final_sent: float | None = None
    final_last: float | None = None
    asked_since: float | None = None
    repeats: int = 0
    refusals: int = 0
    begun_anew: int = 0
    accepted: float | None = None
    archived: float | None = None
    held: bool = False
    approved: bool = False
    released: bool = False
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

    @property
    def sends_files(self) -> bool:
        """Whether the next step may send a file, and not just a question or the end of what is there."""
        noted = self.accepted is not None or self.final_sent is not None
        return not noted and bool(self.elements) and self.missing() is not None

    @property
    def settles(self) -> bool:
        """Whether its next steps settle a final call that was made, without sending a file again."""
        return self.final_sent is not None and (self.method == MULTI or self.accepted is not None)

    def forget_package(self) -> None:
        """Go back to before the media package was made."""
        self.node, self.package, self.package_id, self.package_elements = '', '', '', 0
        self.gone_since, self.elements = None, []

    def forget_final(self) -> None:
        """The final call has surely not been accepted."""
        self.final_sent = self.final_last = self.asked_since = None
        self.repeats, self.taken, self.refused = 0, False, False


class Uploads:
    """The remembered steps of all uploads, each in its recording's folder: under `root`, or under `standby`."""

    def __init__(self, root: Path, standby: Path | None = None) -> None:
        self.root = root
        self.places = tuple(place for place in (standby, root) if place is not None)

    def folder(self, name: str) -> Path:
        found = next((place / name for place in self.places if (place / name).is_dir()), None)
        return found or former(self.root, name) or self.root / name

    def names(self) -> list[str]:
        """The folders that may be recordings, oldest start first."""
        found = (path for place in self.places for path in place.glob('recording-*'))
        return sorted({path.name for path in found if path.is_dir() and not path.is_symlink()})

    def delivered(self, name: str) -> Path:
        """What remains of a recording whose folder was deleted after the upload."""
        return self.root / DELIVERED / f'{name}.json'

    def has(self, name: str) -> bool:
        """Whether an upload of this recording was begun."""
        return (self.folder(name) / UPLOAD).exists()

    def load(self, name: str) -> Upload | None:
        """None if there was no upload yet. Raises Damaged."""
        path = self.folder(name) / UPLOAD
        if self.has(name):
            upload = _from_json(read_json(path))
            if upload is None:
                raise Damaged(f'{path} is damaged, so it is unknown whether the core has this recording.')
            return upload
        rest = read_json(self.delivered(name))
        return _from_json(rest.get('upload')) if isinstance(rest, dict) else None

    def remembered(self, name: str) -> Upload | None:
        """What the folder itself says; None if it says nothing that can be read."""
        return _from_json(read_json(self.folder(name) / UPLOAD))

    def save(self, name: str, upload: Upload) -> None:
        """It is on the disk when this returns. Raises OSError or RecordingsUnusable."""
        path, content = self.folder(name) / UPLOAD, asdict(upload)
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
        path = self.folder(name) / UPLOAD
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
