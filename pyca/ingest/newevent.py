"""What the core is told of a recording that it did not schedule: it makes a new event of it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pyca.ingest.outside import Outside, Recorded
from pyca.opencast.episode import FLAVOR, Episode, catalog
from pyca.order import unscheduled_title


def catalogs(outside: Outside, recorded: Recorded, package_id: str) -> Mapping[str, str]:
    """By flavor: the one catalog from which the event gets its title, place and time."""
    event, ended = recorded.event, outside.ended(recorded)
    end = event.end if ended is None else min(event.end, math.ceil(ended))
    title = event.title or unscheduled_title(outside.agent, event.start)
    episode = Episode(outside.agent, event.start, max(event.start + 1, end), title)  # ended in the second of its start
    return {FLAVOR: catalog(episode, package_id or event.uid)}


def fields(workflow: str) -> dict[str, str]:
    """The fields of its final call. An instance id would name an event that there is not (trap 27)."""
    return {'workflowDefinitionId': workflow} if workflow else {}
