"""What the core has been told of a recording, by whoever records it (contract 5.9)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pyca.errors import NotUnderstood

UPDATE = 'recording-state-update'


@dataclass(frozen=True)
class Heard:
    """The last state, and the seconds since the core was told of it."""

    state: str
    ago: float


def heard(body: bytes, uid: str, url: str) -> Heard:
    """Read an answer of the core. Raises NotUnderstood unless it is about this recording."""
    try:
        answer: Any = json.loads(body)[UPDATE]
        name, state, ago = str(answer['name']), str(answer['state']), float(answer['time-since-last-update']) / 1000
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotUnderstood(f'GET {url}: this says nothing about a recording: {body[:100]!r}') from error
    if name != uid:
        raise NotUnderstood(f'GET {url}: the answer is about recording {name}')
    return Heard(state, ago)
