"""The schedule file: what is to come, beside the recordings, so that capture needs no database."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyca.event import Event
from pyca.recording.atomic import read_json, write_json

logger = logging.getLogger(__name__)

_VERSION = 1


@dataclass(frozen=True)
class Plan:
    """The events to come, by start.

    `synced` is when the core's calendar was last heard, `written` when this was saved. `gone` says by uid why events
    that are not there any more were dropped.
    """

    events: tuple[Event, ...]
    synced: float | None
    written: float
    gone: Mapping[str, str] = field(default_factory=dict)


def write_plan(path: Path, plan: Plan) -> None:
    """Replace the schedule file. OSError when it cannot be written."""
    events = [
        {'uid': event.uid, 'start': event.start, 'end': event.end, 'title': event.title, 'data': dict(event.data)}
        for event in plan.events
    ]
    times = {'version': _VERSION, 'written': plan.written, 'synced': plan.synced}
    write_json(path, {**times, 'gone': dict(plan.gone), 'events': events})


def read_plan(path: Path) -> Plan | None:
    """None when there is no schedule file. A damaged one is set aside, logged, and None as well."""
    content = read_json(path)
    try:
        if content is not None:
            return _plan(content)
        if not path.exists() or not os.access(path, os.R_OK):
            return None
    except (KeyError, TypeError, ValueError):
        pass
    aside = path.with_name(f'{path.name}.damaged')
    try:
        os.replace(path, aside)
    except OSError:
        aside = path
    logger.error('%s was damaged; it is now %s. The schedule comes back with the next calendar', path, aside.name)
    return None


def stamp(path: Path) -> tuple[int, int, int] | None:
    """Changes whenever the file does; None while there is none. One cheap question."""
    try:
        now = os.stat(path)
    except OSError:
        return None
    return now.st_mtime_ns, now.st_ino, now.st_size


def _plan(content: Any) -> Plan:
    if content['version'] != _VERSION:
        raise ValueError('another version')
    synced = content['synced']
    events = sorted(_events(content['events']), key=lambda event: event.start)
    gone = {str(uid): str(reason) for uid, reason in dict(content.get('gone', {})).items()}
    return Plan(tuple(events), None if synced is None else float(synced), float(content['written']), gone)


def _events(entries: Iterable[Any]) -> Iterable[Event]:
    for entry in entries:
        if not isinstance(entry['uid'], str) or not isinstance(entry['data'], dict):
            raise TypeError('not an event')
        yield Event(entry['uid'], int(entry['start']), int(entry['end']), str(entry['title']), entry['data'])
