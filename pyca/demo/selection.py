"""The inputs of an agent that an event selects, as the admin interface schedules it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyca.demo.records import Event

if TYPE_CHECKING:
    from pyca.demo.model import Model

INPUTS = 'capture.device.names'


def selecting(model: Model, uid: str, inputs: Sequence[str]) -> Event:
    """The event with the whole configuration of its agent as it is now, the selection in the place of the names
    (contract 5.5)."""
    event = model.events[uid]
    agent = model.agents.get(event.agent)
    configuration = agent.configuration if agent is not None else {}
    return replace(event, properties={**event.properties, **configuration, INPUTS: ','.join(inputs)})
