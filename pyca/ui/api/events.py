"""Events as the API shows them."""

from __future__ import annotations

from typing import Any

from pyca.event import Event
from pyca.states import EventStatus
from pyca.storage.recorded import Recorded


def upcoming(event: Event) -> dict[str, Any]:
    return _object(event, EventStatus.UPCOMING)


def recorded(row: Recorded) -> dict[str, Any]:
    return _object(row.event, row.status)


def accounted(row: Recorded) -> dict[str, Any]:
    """With what became of it. New attributes, for those who asked in a new way."""
    shown = recorded(row)
    shown['attributes'] |= {
        'outcome': row.outcome.value if row.outcome else None,
        'phase': row.phase,
        'cause': row.cause,
        'attempts': row.attempts,
        'next_try': row.next_try,
        'sent': row.sent,
        'total': row.total,
    }
    return shown


def _object(event: Event, status: EventStatus) -> dict[str, Any]:
    return {
        'type': 'event',
        'id': event.uid,
        'attributes': {
            'start': event.start,
            'end': event.end,
            'uid': event.uid,
            'title': event.title or None,
            'data': dict(event.data),
            'status': status.label,
        },
    }
