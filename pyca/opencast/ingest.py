"""The calls of an upload, in their order (contract section 7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from pyca.errors import NotUnderstood, Refused
from pyca.opencast.bundle import Bundle, single, zipped
from pyca.opencast.endpoints import INGEST, Endpoints
from pyca.opencast.exchange import Upload
from pyca.opencast.http import Http, Response
from pyca.opencast.mediapackage import MediaPackage, parse, tree
from pyca.opencast.names import can_be_package, upload_name

ANSWER_LIMIT = 600.0
"""Seconds that the core may think about a whole upload or the final call."""
UNPACKING_LIMIT = 3600.0
"""The same for a zip, which is unpacked and stored anew before the answer."""
Progress = Callable[[int, int], bool | None] | None
UNTAKEN = frozenset({400, 403, 404, 405, 500})
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
        if uid and can_be_package(uid):
            try:
                return self.create_with_id(node, uid)
            except Refused as error:
                if error.status not in UNTAKEN:
                    raise
        return parse(_xml(self._http.get(f'{self._node(node)}/createMediaPackage')))

    def create_with_id(self, node: str, uid: str) -> MediaPackage:
        """An empty media package with just this id. Refused with one of `UNTAKEN` by a core that has no such call."""
        response = self._http.put(f'{self._node(node)}/createMediaPackageWithID/{quote(uid, safe="")}')
        return parse(_xml(response), expect_id=uid)

    def add_track(
        self,
        node: str,
        package: MediaPackage,
        flavor: str,
        path: Path,
        progress: Progress,
    ) -> MediaPackage:
        """Send a file. A failed call is repeated with the package from before it (contract 7.3).

        `progress` hears bytes sent and bytes in all, twice a second. Raises OSError when the file cannot be read.
        """
        file = Upload(path, upload_name(path.name), progress, ANSWER_LIMIT)
        return self._add_file(f'{self._node(node)}/addTrack', package, flavor, file)

    def add_attachment(
        self,
        node: str,
        package: MediaPackage,
        flavor: str,
        path: Path,
        progress: Progress,
    ) -> MediaPackage:
        """Send a file that is no media, as `add_track` does."""
        file = Upload(path, upload_name(path.name), progress, ANSWER_LIMIT)
        return self._add_file(f'{self._node(node)}/addAttachment', package, flavor, file)

    def _add_file(self, url: str, package: MediaPackage, flavor: str, file: Upload) -> MediaPackage:
        response = self._http.upload(url, [('mediaPackage', package.xml), ('flavor', flavor)], file)
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
        return _workflow(self._http.post(f'{self._node(node)}/ingest', form, once=True, answer_limit=ANSWER_LIMIT))

    def ingest_single(self, node: str, bundle: Bundle, progress: Progress, before_end: Callable[[], None]) -> str:
        """Send all files in one request, which is the final call as well (contract 7.9).

        Until `before_end` is called nothing can have come of it. Raises OSError when a file cannot be read.
        """
        way = f'addMediaPackage/{quote(bundle.workflow, safe="")}' if bundle.workflow else 'addMediaPackage'
        with single(bundle) as body:
            body.before_end = before_end
            return _workflow(self._http.send(f'{self._node(node)}/{way}', body, progress, ANSWER_LIMIT))

    def ingest_zip(self, node: str, bundle: Bundle, progress: Progress, before_end: Callable[[], None]) -> str:
        """The same with all files in a zip, which the core unpacks before it answers."""
        with zipped(bundle) as body:
            body.before_end = before_end
            url = f'{self._node(node)}/addZippedMediaPackage'
            return _workflow(self._http.send(url, body, progress, UNPACKING_LIMIT))

    def schedule(self, node: str, package: MediaPackage, workflow: str = '') -> None:
        """Make an event of a media package whose one catalog names agent and time (7.9); Refused 409 = a conflict."""
        path = f'schedule/{quote(workflow, safe="")}' if workflow else 'schedule'
        self._http.post(f'{self._node(node)}/{path}', {'mediaPackage': package.xml}, once=True)

    def discard(self, node: str, package: MediaPackage) -> None:
        """Have the files of an upload that is given up deleted."""
        self._http.post(f'{self._node(node)}/discardMediaPackage', {'mediaPackage': package.xml}, once=True)

    def _node(self, node: str) -> str:
        """A node named by the registry, maybe before a restart: it gets the credentials."""
        self._http.trust(node)
        return node.rstrip('/')


def _workflow(response: Response) -> str:
    root = tree(_xml(response))
    if root.tag.rpartition('}')[2] != 'workflow':
        raise NotUnderstood(f'POST {response.url}: the answer is <{root.tag}> instead of a workflow')
    return root.get('id', '')


def _xml(response: Response) -> str:
    """The body as the very text it is, since it goes back byte for byte."""
    try:
        return response.body.decode('utf-8')
    except UnicodeDecodeError as error:
        raise NotUnderstood(f'{response.url}: the answer is no UTF-8') from error
