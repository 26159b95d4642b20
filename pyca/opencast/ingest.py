"""The calls of an upload, in their order (contract section 7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from pyca.errors import NotUnderstood, Refused
from pyca.opencast.endpoints import INGEST, Endpoints
from pyca.opencast.exchange import Upload
from pyca.opencast.http import Http, Response
from pyca.opencast.mediapackage import MediaPackage, parse, tree

ANSWER_LIMIT = 600.0
"""Seconds that the core may think about a whole upload or the final call."""
LONGEST_NAME = 75
_ID = re.compile(r'[\w\-.:;()]+', re.ASCII)
_UNTAKEN = frozenset({400, 403, 404, 405, 500})
"""What a core says to `createMediaPackageWithID` that does not have it or does not take the id."""


class IngestNode:
    """Uploads to one node. All calls of one upload go to the same one: its files are on that node's disk (7.10)."""

    def __init__(self, http: Http, endpoints: Endpoints) -> None:
        self._http = http
        self._endpoints = endpoints

    def ingest_node(self) -> str:
        """The address of a node for a new upload, asked for anew each time (trap 10)."""
        return self._endpoints.get(INGEST, fresh=True)

    def create_mediapackage(self, node: str, uid: str | None) -> MediaPackage:
        """An empty media package with the event's id, else (or for None) with one that the core makes up."""
        base = self._node(node)
        if uid and _ID.fullmatch(uid) and uid.strip('.'):
            try:
                response = self._http.put(f'{base}/createMediaPackageWithID/{quote(uid, safe="")}')
            except Refused as error:
                if error.status not in _UNTAKEN:
                    raise
            else:
                return parse(_xml(response), expect_id=uid)
        return parse(_xml(self._http.get(f'{base}/createMediaPackage')))

    def add_track(
        self,
        node: str,
        package: MediaPackage,
        flavor: str,
        path: Path,
        progress: Callable[[int, int], bool | None] | None,
    ) -> MediaPackage:
        """Send a file. A failed call is repeated with the package from before it (contract 7.3).

        `progress` hears bytes sent and bytes in all, twice a second. Raises OSError when the file cannot be read.
        """
        fields = [('mediaPackage', package.xml), ('flavor', flavor)]
        file = Upload(path, upload_name(path.name), progress, ANSWER_LIMIT)
        response = self._http.upload(f'{self._node(node)}/addTrack', fields, file)
        return parse(_xml(response), expect_id=package.id, grown_from=package)

    def add_catalog(self, node: str, package: MediaPackage, flavor: str, text: str) -> MediaPackage:
        """Send a Dublin Core catalog (contract 7.5)."""
        fields = {'mediaPackage': package.xml, 'dublinCore': text, 'flavor': flavor}
        response = self._http.post(f'{self._node(node)}/addDCCatalog', fields, once=True)
        return parse(_xml(response), expect_id=package.id, grown_from=package)

    def ingest(self, node: str, package: MediaPackage, fields: Mapping[str, str]) -> str:
        """The final call: start the workflow. Gives its number, empty if the core does not say it.

        It must never be repeated blindly (trap 29): errors with `sent`, a Refused 500 (trap 28) and NotUnderstood
        all leave open what the core did.
        """
        form = {**fields, 'mediaPackage': package.xml}
        response = self._http.post(f'{self._node(node)}/ingest', form, once=True, answer_limit=ANSWER_LIMIT)
        root = tree(_xml(response))
        if root.tag.rpartition('}')[2] != 'workflow':
            raise NotUnderstood(f'POST {response.url}: the answer is <{root.tag}> instead of a workflow')
        return root.get('id', '')

    def schedule(self, node: str, package: MediaPackage) -> None:
        """Make an event of a media package whose one catalog names agent and time (7.9); Refused 409 = a conflict."""
        self._http.post(f'{self._node(node)}/schedule', {'mediaPackage': package.xml}, once=True)

    def discard(self, node: str, package: MediaPackage) -> None:
        """Have the files of an upload that is given up deleted."""
        self._http.post(f'{self._node(node)}/discardMediaPackage', {'mediaPackage': package.xml}, once=True)

    def _node(self, node: str) -> str:
        """A node named by the registry, maybe before a restart: it gets the credentials."""
        self._http.trust(node)
        return node.rstrip('/')


def upload_name(name: str) -> str:
    """A file name that every core takes: ASCII, 75 characters, its extension kept (trap 25)."""
    plain = re.sub(r'[^\w.-]', '_', name, flags=re.ASCII)
    stem, dot, extension = plain.rpartition('.')
    if len(plain) <= LONGEST_NAME or not stem or len(extension) > LONGEST_NAME // 2:
        return plain[:LONGEST_NAME]
    return stem[: LONGEST_NAME - len(extension) - 1] + dot + extension


def _xml(response: Response) -> str:
    """The body as the very text it is, since it goes back byte for byte."""
    try:
        return response.body.decode('utf-8')
    except UnicodeDecodeError as error:
        raise NotUnderstood(f'{response.url}: the answer is no UTF-8') from error
