"""All routes of the API."""

from __future__ import annotations

from flask import Blueprint

from pyca.storage.counter import Counter
from pyca.ui.api import description, scheduling, status
from pyca.ui.api.actions import Actions
from pyca.ui.api.classic import Classic
from pyca.ui.commands import Commands
from pyca.ui.languages import Words
from pyca.ui.logcommand import LogCommand
from pyca.ui.overview.sources import Sources


def routes(sources: Sources, counter: Counter, english: Words, logs: LogCommand) -> list[Blueprint]:
    commands = Commands(sources, counter)
    return [
        Classic(sources, logs, commands).routes(),
        status.routes(sources, english),
        Actions(sources, commands).routes(),
        scheduling.routes(sources),
        description.routes(),
    ]
