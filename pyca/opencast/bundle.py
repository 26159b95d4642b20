"""Everything of a recording for one request: as a form with all its files, or as a zip in a form (contract 7.9)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from mimetypes import guess_type
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from pyca.opencast.archive import Member, archive
from pyca.opencast.body import Body, Stretch
from pyca.opencast.catalogs import DEFINITION_FIELD, EPISODE, INSTANCE_FIELD, SERIES
from pyca.opencast.mediapackage import NAMESPACE, tree
from pyca.opencast.multipart import Field, FilePart, Form
from pyca.opencast.names import upload_name

logger = logging.getLogger(__name__)

_GROUPS = {'track': 'media', 'catalog': 'metadata', 'attachment': 'attachments'}
_TERMS = '{http://purl.org/dc/terms/}'
_OTHERS = 'flavor tag mediaUri episodeDCCatalogUri episodeDCCatalog seriesDCCatalogUri seriesDCCatalog acl'
_METADATA = (
    'abstract accessRights accrualMethod accrualPeriodicity accrualPolicy alternative audience available'
    ' bibliographicCitation conformsTo contributor coverage created creator date dateAccepted dateCopyrighted'
    ' dateSubmitted description educationLevel extent format hasFormat hasPart hasVersion identifier'
    ' instructionalMethod isFormatOf isPartOf isReferencedBy isReplacedBy isRequiredBy isVersionOf issued language'
    ' license mediator medium modified provenance publisher references relation replaces requires rights rightsHolder'
    ' source spatial subject tableOfContents temporal title type valid'
)
TERMS = frozenset(_METADATA.split())
"""The terms of Dublin Core: a field of such a name becomes part of the episode's catalog."""
FIELDS = TERMS | frozenset(_OTHERS.split())
"""What `addMediaPackage` understands itself; any other field is a parameter of the workflow."""


@dataclass(frozen=True)
class Item:
    """A file of a recording: one on the disk with its CRC-32, or a catalog with its text."""

    kind: str
    flavor: str
    path: Path | None = None
    crc: int = 0
    text: str = ''


@dataclass(frozen=True)
class Bundle:
    """A recording with all its files. `id` is that of its event and of its media package.

    `fields` are those of the final call, with the workflow's parameters. `title` and `start` are the event's.
    """

    id: str
    title: str
    start: int
    items: Sequence[Item]
    fields: Mapping[str, str] = field(default_factory=dict)
    made: float = 0.0

    @property
    def workflow(self) -> str:
        """The id of the workflow definition; empty leaves the choice to the core."""
        return self.fields.get(DEFINITION_FIELD, '')


def single(bundle: Bundle) -> Body:
    """The form of `addMediaPackage`: the id first, since the files are stored under it; a flavor before each file.

    Raises OSError when a file cannot be opened.
    """
    parts: list[Field | FilePart] = [('identifier', bundle.id), *_metadata(bundle)]
    if bundle.workflow:  # it stands in the path; without one the core drops the parameters (trap 31)
        parts += _free(bundle)
    for item in bundle.items:
        if item.path is not None:
            parts.append(('flavor', item.flavor))
            parts.append(FilePart(upload_name(item.path.name), [Stretch(item.path)]))
    return Form(parts)


def zipped(bundle: Bundle) -> Body:
    """The form of `addZippedMediaPackage`: the fields, then the zip, behind which the core reads nothing more.

    Raises OSError when a file cannot be opened.
    """
    names = _names(bundle.items)
    members = [Member.of('manifest.xml', manifest(bundle).encode())]
    for item, name in zip(bundle.items, names, strict=True):
        if item.path is None:
            members.append(Member.of(name, item.text.encode()))
        else:
            members.append(Member(name, Stretch(item.path), item.crc))
    body = FilePart('mediapackage.zip', archive(members, bundle.made))
    return Form([*bundle.fields.items(), body])


def manifest(bundle: Bundle) -> str:
    """The media package, whose addresses name the files of the zip."""
    names = dict(zip(bundle.items, _names(bundle.items), strict=True))
    start = datetime.fromtimestamp(bundle.start, timezone.utc).strftime('%Y-%m-%dT%H:%M:%SZ')
    groups = (
        f'<{group}>{"".join(_element(item, names[item], number) for number, item in _of(bundle, kind))}</{group}>'
        for kind, group in _GROUPS.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<mediapackage id={quoteattr(bundle.id)} start="{start}" xmlns="{NAMESPACE}">'
        f'{"".join(groups)}<publications/></mediapackage>'
    )


def _of(bundle: Bundle, kind: str) -> Iterator[tuple[int, Item]]:
    return ((number, item) for number, item in enumerate(bundle.items) if item.kind == kind)


def _element(item: Item, name: str, number: int) -> str:
    kind, _ = guess_type(name)
    mime = f'<mimetype>{escape(kind)}</mimetype>' if kind else ''
    return f'<{item.kind} id="{item.kind}-{number}" type={quoteattr(item.flavor)}>{mime}<url>{name}</url></{item.kind}>'


def _names(items: Sequence[Item]) -> list[str]:
    """A name of its own for each file; none that the core would take for the manifest."""
    names: list[str] = []
    for number, item in enumerate(items):
        name = upload_name(item.path.name) if item.path is not None else f'{item.flavor.rpartition("/")[2]}.xml'
        if name in names or name.endswith(('manifest.xml', 'index.xml')):
            name = upload_name(f'{number}-{name.replace(".xml", "-.xml")}')
        names.append(name)
    return names


def _metadata(bundle: Bundle) -> Iterator[Field]:
    """The episode's metadata term by term; without any, or without a title, the core takes nothing.

    A whole catalog beside the id would be a second one: the id makes the first.
    """
    terms = [term for item in bundle.items if item.flavor == EPISODE for term in _terms(item.text)]
    if not any(name == 'title' for name, _ in terms):
        yield 'title', bundle.title.strip() or untitled(bundle.start)
    yield from terms
    yield from (('seriesDCCatalog', item.text) for item in bundle.items if item.flavor == SERIES)


def untitled(start: int) -> str:
    """The title of an event that has none."""
    return f'Recording of {datetime.fromtimestamp(start, timezone.utc):%Y-%m-%d %H:%M} UTC'


def _terms(catalog: str) -> Iterator[Field]:
    for element in tree(catalog):
        name, text = element.tag.removeprefix(_TERMS), (element.text or '').strip()
        if name in TERMS and name != 'identifier' and text:
            yield name, text


def _free(bundle: Bundle) -> Iterator[Field]:
    """The workflow's parameters, without those that would pass for something else."""
    for name, value in bundle.fields.items():
        if name in (DEFINITION_FIELD, INSTANCE_FIELD):
            continue
        if name in FIELDS:
            logger.warning(
                'Event %s has a workflow parameter named %s, which is a field of this request. Left out.',
                bundle.id,
                name,
            )
        else:
            yield name, value
