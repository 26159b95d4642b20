"""What a request brings, looked at before it is believed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import request

from pyca.event import Outcome, as_title
from pyca.states import EventStatus
from pyca.storage.edits import Edit
from pyca.storage.listing import Filter
from pyca.ui.api.answers import Wrong

INVALID = 'Invalid data'
LAST_SECOND = 2**31 - 1
"""The largest number that the columns of a time hold."""
LONGEST_LIST = 1000
LONGEST_TITLE = 500
_KNOWN = {'start', 'end', 'status'}


def item() -> Mapping[str, Any]:
    """The one object in `data`."""
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise Wrong(400, INVALID, 'the body is not JSON') from None
    data = body.get('data') if isinstance(body, dict) else None
    if not isinstance(data, list) or len(data) != 1 or not isinstance(data[0], dict):
        raise Wrong(400, INVALID, 'data must be a list of exactly one object')
    return data[0]


def edit(uid: str) -> Edit:
    """The new values of an event."""
    given = item()
    if given.get('id') != uid or given.get('type') != 'event':
        raise Wrong(400, INVALID, f'id must be "{uid}", type must be "event"')
    attributes = given.get('attributes', {})
    if not isinstance(attributes, dict) or not attributes.keys() <= _KNOWN:
        raise Wrong(400, INVALID, f'attributes may have {", ".join(sorted(_KNOWN))}, and nothing else')
    times = {name: _moment(name, attributes[name]) for name in ('start', 'end') if name in attributes}
    return Edit(**times, status=_status(attributes['status']) if 'status' in attributes else None)


def in_order(start: int, end: int) -> None:
    if end < start:
        raise Wrong(400, INVALID, f'end ({end}) must not be before start ({start})')


def _moment(name: str, value: Any) -> int:
    """Text was stored as it came, once (H58)."""
    moment = whole(value)
    if moment is None or not 0 <= moment <= LAST_SECOND:
        raise Wrong(400, INVALID, f'{name} must be a whole number of seconds since 1970')
    return moment


def _status(value: Any) -> EventStatus:
    status = label(EventStatus, value)
    if status is None:
        names = ', '.join(known.label for known in EventStatus)
        raise Wrong(400, INVALID, f'status must be one of {names}')
    return status


def label(kind: type[EventStatus], value: Any) -> EventStatus | None:
    """A status by its name in any case, with blanks or underscores."""
    word = value.strip().lower().replace('_', ' ') if isinstance(value, str) else ''
    return next((status for status in kind if status.label == word), None)


def number(given: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """A whole number from a body."""
    value = whole(given.get(name))
    if value is None or not least <= value <= most:
        raise Wrong(400, INVALID, f'{name} must be a whole number from {least} to {most}')
    return value


def whole(value: Any) -> int | None:
    """A number without a fraction; in JSON 5.0 is one, too."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if isinstance(value, int) or value.is_integer() else None


def title(given: Mapping[str, Any], name: str, default: str) -> str:
    """A line of text from a body."""
    value = given.get(name, default)
    line = as_title(value) if isinstance(value, str) and len(value) <= LONGEST_TITLE else None
    if line is None:
        raise Wrong(400, INVALID, f'{name} must be one line of at most {LONGEST_TITLE} characters')
    return line or default


def query_number(name: str, default: int | None, most: int) -> int | None:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= most):
        raise Wrong(400, INVALID, f'{name} must be a whole number from 0 to {most}')
    return int(text)


def query_filter() -> Filter:
    """`outcome` may name an outcome or a status, several with commas between."""
    text = request.args.get('q', '')
    if '\0' in text or len(text) > LONGEST_TITLE:
        raise Wrong(400, INVALID, f'q must be a text of at most {LONGEST_TITLE} characters')
    statuses: list[EventStatus] = []
    outcomes: list[Outcome] = []
    words = [part.strip().lower().replace('_', ' ') for part in request.args.get('outcome', '').split(',')]
    for word in filter(None, words):
        status = label(EventStatus, word)
        if word in {outcome.value for outcome in Outcome}:
            outcomes.append(Outcome(word))
        elif status is not None:
            statuses.append(status)
        else:
            raise Wrong(400, INVALID, f'outcome may be {", ".join(o.value for o in Outcome)}, or the name of a status')
    return Filter(text.strip(), tuple(statuses), tuple(outcomes))
