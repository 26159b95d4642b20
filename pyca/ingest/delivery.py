"""The steps of an upload before its final call."""

from __future__ import annotations

import logging
from pathlib import Path

from pyca import settings
from pyca.errors import CoreError, Refused
from pyca.ingest.attempt import HEARD, MORE, Attempt, Kind, Result
from pyca.ingest.contents import Contents, changed, measure
from pyca.ingest.final import FinalCall, lost
from pyca.ingest.journal import MULTI, ZIP, Element
from pyca.ingest.leaving import Leaving
from pyca.ingest.newpackage import NewPackage
from pyca.ingest.objections import Objections
from pyca.ingest.outside import Outside
from pyca.ingest.presence import Presence
from pyca.ingest.takeover import settle
from pyca.opencast.mediapackage import MediaPackage

logger = logging.getLogger(__name__)

NODE_GONE_AFTER = 1800.0
"""Seconds without success on a node before another one is looked for."""
ANEW_AT_MOST = 5


class Delivery:
    """Brings one recording to the core, one missing step at a time."""

    def __init__(self, outside: Outside, attempt: Attempt, options: settings.Ingest) -> None:
        self._outside = outside
        self._attempt = attempt
        self._upload = attempt.upload
        self._shortest = options.min_duration
        self._contents = Contents(outside, attempt, options)
        self._objections = Objections(outside, attempt)
        self._new = NewPackage(outside, attempt)
        self._leaving = Leaving(attempt, self._contents)
        self._final = FinalCall(outside, attempt, self._contents, self._objections, options.workflow)
        self._presence = Presence(outside.uploads, attempt.recorded.name)
        self._checked = False

    def step(self) -> Result:
        """Do the next missing step. Raises CoreError, OSError, RecordingsUnusable, StorageError, Interrupted."""
        upload = self._upload
        if upload.accepted is not None:
            return Result(Kind.DELIVERED)
        if upload.final_sent is not None:
            return self._settle()
        if upload.doubted:
            return settle(self._outside, self._attempt)
        return self._resume() or self._grow()

    def _settle(self) -> Result:
        """Find out what became of the final call. Where the core waits for another one, in vain, all is sent anew."""
        result = self._final.ask()
        if result is not None:
            return result
        node = self._other_node() if self._final.awaited else ''
        if node:
            return self._move(node)
        try:
            return self._final.repeat()
        except Refused as error:
            if lost(error) and self._final.awaited:
                return self._lost(error)
            raise

    def _resume(self) -> Result | None:
        """What a new try has to do first: see whether what the core has so far is still of use."""
        if self._checked:
            return None
        self._checked = True
        node = self._other_node()
        if node:
            return self._move(node)
        longer = bool(self._upload.elements) and self._upload.resumed != self._attempt.standing.resumed
        return (
            self._anew()
            if longer or any(element.done and changed(element) for element in self._upload.elements)
            else None
        )

    def _grow(self) -> Result:
        upload = self._upload
        if not upload.elements:
            return self._plan()
        cause = self._presence.lacking(upload.elements)
        if cause:
            return Result(Kind.HOLD, cause)
        cause = self._objections.to_files()
        if cause:
            return Result(Kind.HOLD, cause, heard=True)
        if upload.method != MULTI:
            return self._send_all()
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
        cause = self._too_short()
        if cause:
            return Result(Kind.HOLD, cause)
        self._upload.resumed = self._attempt.standing.resumed
        elements, left_out = self._contents.find()
        if not elements:
            return Result(Kind.HOLD, 'Nothing was recorded, so there is nothing to upload.')
        cause = self._presence.lacking(elements)
        if cause:
            return Result(Kind.HOLD, cause)
        for element in elements:
            measure(element)
        self._upload.elements, self._upload.left_out = elements, left_out
        self._upload.method = self._contents.method
        self._attempt.save()
        return MORE

    def _too_short(self) -> str:
        """A sentence if it is shorter than is worth uploading unasked; a person may say that it is."""
        if not self._shortest or self._wanted:
            return ''
        length = self._outside.length(self._attempt.recorded)
        if length is None or length >= self._shortest:
            return ''
        return f'Too short: {length:.0f} s were recorded, and min_duration is {self._shortest} s.'

    @property
    def _wanted(self) -> bool:
        """Whether a person has decided to upload it, whatever it was held for."""
        upload = self._upload
        return upload.approved or (upload.released and not self._outside.unasked(self._attempt.recorded))

    def _send_all(self) -> Result:
        """Send everything in the final call; a zip has the checksum of each file before it."""
        files = [element for element in self._upload.elements if element.kind != 'catalog']
        if self._upload.method == ZIP:
            for element in files:
                if element.crc is None or changed(element):
                    self._contents.sum_up(element)
                    return MORE
            self._attempt.save()
        else:
            for element in files:
                measure(element)
        return self._final.send()

    def _create(self) -> Result:
        node, package = self._new.make()
        self._upload.node = node
        self._upload.grown(package)
        self._attempt.save()
        logger.info('Upload of %s goes to %s as media package %s', self._attempt.event.uid, node, package.id)
        self._attempt.announce()
        return HEARD

    def _add(self, element: Element) -> Result:
        """Send one element. A try that fails leaves the media package from before it (contract 7.3)."""
        upload = self._upload
        if self._leaving.unwanted(element):
            return MORE
        try:
            grown = self._send(element)
        except Refused as error:
            if lost(error) or not self._leaving.refused(element, error):
                raise
            return HEARD
        element.done = True
        upload.grown(grown)
        self._attempt.save()
        self._attempt.sent()
        logger.info('Upload of %s: %s has been sent as %s', self._attempt.event.uid, element.path, element.flavor)
        return HEARD

    def _send(self, element: Element) -> MediaPackage:
        upload, core = self._upload, self._outside.core
        if element.kind == 'catalog':
            text = self._contents.text(element)
            return core.add_catalog(upload.node, upload.media_package(), element.flavor, text)
        measure(element)
        send = core.add_attachment if element.kind == 'attachment' else core.add_track
        path = Path(element.path)
        return send(upload.node, upload.media_package(), element.flavor, path, self._attempt.sending)

    def _other_node(self) -> str:
        """Another node, if ours has been gone for long and the registry has one; else ours is tried on."""
        upload = self._upload
        if (
            upload.method != MULTI
            or upload.gone_since is None
            or self._outside.clock.now() - upload.gone_since < NODE_GONE_AFTER
        ):
            return ''
        try:
            node = self._outside.core.ingest_node()
        except CoreError as error:
            logger.debug('No other node could be asked for: %s', error)
            return ''
        return '' if node == upload.node else node

    def _move(self, node: str) -> Result:
        """Begin anew on another node. What the old one has is given up only when the new one has answered."""
        _, package = self._new.make(node)
        logger.warning('Upload of %s begins anew: %s is gone', self._attempt.event.uid, self._upload.node)
        self._upload.forget_package()
        self._upload.forget_final()
        self._upload.node = node
        self._upload.grown(package)
        self._attempt.save()
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
        logger.warning('Upload of %s begins anew: its media package is of no use', self._attempt.event.uid)
        node, package, final = upload.node, upload.media_package(), upload.final_sent is not None
        upload.forget_package()
        upload.forget_final()
        self._attempt.save()
        if final or not package.id:  # what may be in use is not discarded
            return MORE
        try:
            self._outside.core.discard(node, package)
        except CoreError as error:
            logger.debug('The lost media package could not be discarded: %s', error)
        return MORE
