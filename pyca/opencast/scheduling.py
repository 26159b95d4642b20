"""An event that the agent itself puts into the core's schedule (contract 7.9)."""

from __future__ import annotations

import logging

from pyca.errors import CoreError, Interrupted, Refused
from pyca.opencast.episode import FLAVOR, Episode, catalog
from pyca.opencast.ingest import IngestNode
from pyca.opencast.mediapackage import MediaPackage

logger = logging.getLogger(__name__)


def schedule(core: IngestNode, wanted: Episode, uid: str | None = None, workflow: str = '') -> str:
    """Put it there, under this uid if the core takes it; gives the uid that it has.

    Refused with 409 if the agent has another event at that time; any CoreError else.
    """
    node, package = prepare(core, wanted, uid)
    commit(core, node, package, workflow)
    return package.id


def prepare(core: IngestNode, wanted: Episode, uid: str | None = None) -> tuple[str, MediaPackage]:
    """All but the last request: the node, with what it is to schedule. Until then nothing can be in the schedule."""
    node = core.ingest_node()
    package = core.create_mediapackage(node, uid)
    return node, core.add_catalog(node, package, FLAVOR, catalog(wanted, package.id))


def commit(core: IngestNode, node: str, package: MediaPackage, workflow: str = '') -> None:
    """The last request, which puts it into the schedule. What is refused leaves no catalog behind."""
    try:
        core.schedule(node, package, workflow)
    except Refused:
        _tidy(core, node, package)
        raise


def _tidy(core: IngestNode, node: str, package: MediaPackage) -> None:
    """Have the catalog deleted that nothing came of. Whoever waits wants to hear of the refusal, not of this."""
    try:
        core.discard(node, package)
    except (CoreError, Interrupted) as error:
        logger.info('a catalog stays on the core for nothing: %s', error)
