"""The journal of a recording that is to begin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyca.event import Event
from pyca.recording.journal import Journal
from pyca.settings import Capture
from pyca.settings_inputs import choose, legs


def fresh(folder: Path, event: Event, settings: Capture, wanted: Sequence[str] = ()) -> Journal:
    """For an event that wants these inputs; none: all that there are."""
    choice = choose(settings, wanted)
    plan = legs(settings, choice.inputs)
    flavors = tuple(flavor for leg in plan for flavor in leg.settings.flavors)
    journal = Journal(folder, event, flavors, inputs=choice.inputs, remark=choice.complaint)
    journal.legs = tuple(leg.name for leg in plan)
    return journal
