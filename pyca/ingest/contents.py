"""What of a recording is sent, by which method."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pyca import settings
from pyca.errors import NotUnderstood
from pyca.event import together
from pyca.ingest import newevent
from pyca.ingest.attempt import Attempt
from pyca.ingest.journal import MULTI, ZIP, Element
from pyca.ingest.outside import Outside
from pyca.opencast.bundle import Bundle, Item
from pyca.opencast.catalogs import CATALOGS
from pyca.opencast.mediapackage import tree
from pyca.opencast.names import can_be_package

logger = logging.getLogger(__name__)

LARGEST_CATALOG = 4 << 20
"""Bytes; a catalog is read into memory."""
PIECE = 64 << 20
"""Bytes that are read at a step for the checksum of a zip, so that a stop does not wait for gigabytes."""
BLOCK = 1 << 20


class Contents:
    """Finds the files of one recording, and packs them where all go in one request."""

    def __init__(self, outside: Outside, attempt: Attempt, options: settings.Ingest) -> None:
        self._outside = outside
        self._attempt = attempt
        self._options = options
        self._read = self._crc = 0
        self._path = ''

    @property
    def method(self) -> str:
        """The configured method; an id that no media package can have ties only the first one to its event."""
        if self._options.method == MULTI or can_be_package(self._attempt.event.uid):
            return self._options.method
        logger.warning(
            'Upload of %s: no media package can have this id, so its files go one by one', self._attempt.event.uid
        )
        return MULTI

    @property
    def wants_calendar(self) -> bool:
        """Whether catalogs go along that are no file in the folder."""
        return self._options.upload_catalogs or self._attempt.event.unscheduled

    def find(self) -> tuple[list[Element], str]:
        """What is to be sent, metadata first, with a sentence about what is left out; nothing without a track.

        Raises OSError or RecordingsUnusable.
        """
        prepared = self._outside.prepare(self._attempt.recorded)
        if not prepared.tracks:
            return [], ''
        useless: list[str] = []
        elements = list(self._catalogs(useless))
        for track in self._outside.attachments(self._attempt.recorded):
            if track.path.exists():
                elements.append(Element('attachment', track.flavor, str(track.path)))
            else:
                logger.info('Upload of %s: there is no %s to attach', self._attempt.event.uid, track.path)
        elements += [Element('track', track.flavor, str(track.path)) for track in prepared.tracks]
        broken = f'not uploaded, since it is no catalog: {", ".join(useless)}' if useless else ''
        return elements, together(prepared.left_out, broken)

    def _catalogs(self, useless: list[str]) -> Iterator[Element]:
        """Those in the folder of the recording; beside them, where that is wanted, those of the calendar."""
        folder, given = self._outside.uploads.folder(self._attempt.recorded.name), self._given()
        wanted = self.wants_calendar
        for name, flavor in CATALOGS.items():
            path = folder / name
            if path.exists():
                element = Element('catalog', flavor, str(path))
            elif wanted and flavor in given:
                element = Element('catalog', flavor, flavor, size=len(given[flavor].encode()))
            else:
                continue
            if _reads(self.text(element)):
                yield element
            else:
                useless.append(name)

    def _given(self) -> Mapping[str, str]:
        if self._attempt.event.unscheduled:
            return newevent.catalogs(self._outside, self._attempt.recorded, self._attempt.upload.package_id)
        return dict(self._outside.catalogs.dublin_core(self._attempt.event))

    def text(self, element: Element) -> str:
        """The text of a catalog. Raises OSError."""
        if element.of_calendar:
            return self._given()[element.flavor]
        with Path(element.path).open('rb') as file:
            content = file.read(LARGEST_CATALOG + 1)
        return content.decode('utf-8-sig', 'replace') if len(content) <= LARGEST_CATALOG else ''

    def bundle(self, fields: Mapping[str, str]) -> Bundle:
        """Everything, for one request. Raises OSError."""
        event, elements = self._attempt.event, self._attempt.upload.elements
        if self._attempt.upload.method == ZIP:
            self._renew(elements)
        items = [
            Item(element.kind, element.flavor, text=self.text(element))
            if element.kind == 'catalog'
            else Item(element.kind, element.flavor, Path(element.path), element.crc or 0)
            for element in elements
        ]
        return Bundle(event.uid, event.title, event.start, items, fields, self._outside.clock.now())

    def _renew(self, elements: Iterable[Element]) -> None:
        """Sum up what was changed since, before a call that is repeated. All at once, as it hardly ever happens."""
        for element in filter(changed, elements):
            self.sum_up(element)
            while self._path:
                self._outside.beat()
                self.sum_up(element)

    def sum_up(self, element: Element) -> None:
        """Read on for the CRC-32 of a file, which a zip has before its content. Raises OSError."""
        if self._path != element.path:
            self._path, self._read, self._crc = element.path, 0, 0
            measure(element)
        with Path(element.path).open('rb') as file:
            file.seek(self._read)
            until = self._read + PIECE
            while self._read < until and (block := file.read(BLOCK)):
                self._crc = zlib.crc32(block, self._crc)
                self._read += len(block)
        if self._read >= element.size:
            self._path, element.crc = '', self._crc
        elif self._read < until:  # it became shorter: once more from the beginning
            self._path = ''


def measure(element: Element) -> None:
    """Note the size of a file. Raises OSError."""
    if not element.of_calendar:
        status = Path(element.path).stat()
        element.size, element.mtime = status.st_size, status.st_mtime


def changed(element: Element) -> bool:
    """Whether a file is no longer what was measured; one that is gone is not meant."""
    if element.kind == 'catalog':
        return False
    try:
        status = Path(element.path).stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime) != (element.size, element.mtime)


def _reads(catalog: str) -> bool:
    try:
        tree(catalog)
    except NotUnderstood:
        return False
    return True
