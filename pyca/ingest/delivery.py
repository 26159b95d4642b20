"""The steps of an upload before its final call."""

from __future__ import annotations

import logging
from pathlib import Path

from pyca.errors import CoreError, RecordingsUnusable, Refused
from pyca.ingest.case import HEARD, MORE, Case, Kind, Result
from pyca.ingest.final import FinalCall, lost
from pyca.ingest.journal import Element
from pyca.ingest.outside import Outside
from pyca.ingest.takeover import settle

logger = logging.getLogger(__name__)

NODE_GONE_AFTER = 1800.0
"""Seconds without success on a node before another one is looked for."""
ANEW_AT_MOST = 5


class Delivery:
    """Brings one recording to the core, one missing step at a time."""

    def __init__(self, outside: Outside, case: Case, *, catalogs: bool) -> None:
        self._outside = outside
        self._case = case
        self._upload = case.upload
        self._catalogs = catalogs
        self._final = FinalCall(outside, case)
        self._checked = False

    def step(self) -> Result:
        """Do the next missing step. Raises CoreError, OSError, RecordingsUnusable, StorageError, Interrupted."""
        upload = self._upload
        if upload.accepted is not None:
            return Result(Kind.DELIVERED)
        if upload.final_sent is not None:
            return self._final.ask()
        if upload.doubted:
            return settle(self._outside, self._case)
        return self._resume() or self._grow()

    def _resume(self) -> Result | None:
        """What a new try has to do first: see whether what the core has so far is still of use."""
        if self._checked:
            return None
        self._checked = True
        node = self._other_node()
        if node:
            return self._move(node)
        longer = bool(self._upload.elements) and self._upload.resumed != self._case.standing.resumed
        return self._anew() if longer or any(_changed(element) for element in self._upload.elements) else None

    def _grow(self) -> Result:
        upload = self._upload
        if not upload.elements:
            return self._plan()
        cause = self._vanished()
        if cause:
            return Result(Kind.HOLD, cause)
        if not upload.package:
            return self._create()
        try:
            element = upload.missing()
            return self._final.send() if element is None else self._add(element)
        except Refused as error:
            if lost(error):
                return self._lost(error)
            raise

    def _plan(self) -> Result:
        """Note what is to be sent."""
        self._upload.resumed = self._case.standing.resumed
        tracks = self._outside.prepare(self._case.recorded)
        if not tracks:
            return Result(Kind.HOLD, 'Nothing was recorded, so there is nothing to upload.')
        catalogs = self._dublin_core().items() if self._catalogs else ()
        elements = [Element('catalog', flavor, flavor, size=len(text.encode())) for flavor, text in catalogs]
        elements += [Element('track', track.flavor, str(track.path)) for track in tracks]
        self._upload.elements = elements
        cause = self._vanished()
        if cause:
            self._upload.elements = []
            return Result(Kind.HOLD, cause)
        for element in elements:
            _measure(element)
        self._case.save()
        return MORE

    def _dublin_core(self) -> dict[str, str]:
        return dict(self._outside.catalogs.dublin_core(self._case.event))

    def _create(self) -> Result:
        node = self._outside.core.ingest_node()
        package = self._outside.core.create_mediapackage(node, self._case.event.uid)
        self._upload.node = node
        self._upload.grown(package)
        self._case.save()
        logger.info('Upload of %s goes to %s as media package %s', self._case.event.uid, node, package.id)
        self._case.announce()
        return HEARD

    def _add(self, element: Element) -> Result:
        """Send one element. A try that fails leaves the media package from before it (contract 7.3)."""
        upload, core = self._upload, self._outside.core
        if element.kind == 'catalog':
            text = self._dublin_core()[element.flavor]
            grown = core.add_catalog(upload.node, upload.media_package(), element.flavor, text)
        else:
            _measure(element)
            path = Path(element.path)
            grown = core.add_track(upload.node, upload.media_package(), element.flavor, path, self._case.sending)
        element.done = True
        upload.grown(grown)
        self._case.save()
        self._case.sent()
        logger.info('Upload of %s: %s has been sent as %s', self._case.event.uid, element.path, element.flavor)
        return HEARD

    def _vanished(self) -> str:
        """A sentence about the first file that is still to be sent and is not there, or nothing."""
        for element in self._upload.elements:
            if element.done or element.kind == 'catalog':
                continue
            path = Path(element.path)
            try:
                size = path.stat().st_size
            except (FileNotFoundError, NotADirectoryError):
                self._check_root()
                return f'The file {path} ({element.flavor}) has vanished, so the recording is not uploaded without it.'
            if size == 0:
                return f'The file {path} ({element.flavor}) is empty, so the recording is not uploaded.'
        return ''

    def _check_root(self) -> None:
        """Tell a lost file from a lost disk: no recording at all under the root means that it is not mounted."""
        root = self._outside.uploads.root
        if not any(root.glob('recording-*')):
            raise RecordingsUnusable(f'{root} has no recordings any more: is its disk mounted?')

    def _other_node(self) -> str:
        """Another node, if ours has been gone for long and the registry has one; else ours is tried on."""
        upload = self._upload
        if upload.gone_since is None or self._outside.clock.now() - upload.gone_since < NODE_GONE_AFTER:
            return ''
        try:
            node = self._outside.core.ingest_node()
        except CoreError as error:
            logger.debug('No other node could be asked for: %s', error)
            return ''
        return '' if node == upload.node else node

    def _move(self, node: str) -> Result:
        """Begin anew on another node. What the old one has is given up only when the new one has answered."""
        package = self._outside.core.create_mediapackage(node, self._case.event.uid)
        logger.warning('Upload of %s begins anew: %s is gone', self._case.event.uid, self._upload.node)
        self._upload.forget_package()
        self._upload.node = node
        self._upload.grown(package)
        self._case.save()
        return HEARD

    def _lost(self, error: Refused) -> Result:
        """The node no longer has the files. After some rounds it is no accident: gigabytes are not sent for ever."""
        self._upload.begun_anew += 1
        if self._upload.begun_anew > ANEW_AT_MOST:
            self._upload.begun_anew = 0
            times = f'The core lost the uploaded files {ANEW_AT_MOST + 1} times'
            return Result(Kind.HOLD, f'{times}; do the requests reach different nodes? {error}')
        return self._anew()

    def _anew(self) -> Result:
        upload = self._upload
        logger.warning('Upload of %s begins anew: its media package is of no use', self._case.event.uid)
        node, package = upload.node, upload.media_package()
        upload.forget_package()
        self._case.save()
        if not package.id:
            return MORE
        try:
            self._outside.core.discard(node, package)
        except CoreError as error:
            logger.debug('The lost media package could not be discarded: %s', error)
        return MORE


def _measure(element: Element) -> None:
    if element.kind == 'track':
        status = Path(element.path).stat()
        element.size, element.mtime = status.st_size, status.st_mtime


def _changed(element: Element) -> bool:
    if element.kind != 'track' or not element.done:
        return False
    try:
        status = Path(element.path).stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime) != (element.size, element.mtime)
