"""All routes of the API."""

from __future__ import annotations

from flask import Blueprint

from pyca.masking import Redaction
from pyca.ui.api import description, scheduling, status
from pyca.ui.api.actions import Actions
from pyca.ui.api.classic import Classic
from pyca.ui.logcommand import LogCommand
from pyca.ui.orders import Counter
from pyca.ui.overview.sources import Sources


def routes(sources: Sources, counter: Counter | None = None) -> list[Blueprint]:
    settings = sources.settings
    logs = LogCommand(settings.ui.log_command, sources.clock, Redaction.of(settings))
    actions = Actions(sources, counter or Counter(sources))
    return [
        Classic(sources, logs).routes(),
        status.routes(sources),
        actions.routes(),
        scheduling.routes(sources),
        description.routes(),
    ]
