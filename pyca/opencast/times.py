"""Times as the core writes them."""

from __future__ import annotations

import re
import zoneinfo
from datetime import date, datetime, time, timezone, tzinfo
from email.utils import parsedate_to_datetime

from dateutil import parser, tz

_NAME = re.compile(r'[A-Za-z_]+(?:/[A-Za-z_+-]+){1,2}')


def epoch(text: str) -> int:
    """Seconds since the epoch of an ISO 8601 time (`technical.json`); one without a zone is UTC.

    Raises ValueError for anything else.
    """
    try:
        moment = parser.isoparse(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=tz.UTC)).timestamp())
    except (TypeError, OverflowError, OSError) as error:
        raise ValueError(f'{text!r} is no time') from error


def http_date(text: str) -> float | None:
    """Seconds since the epoch of a date in a header; one without a zone is UTC. None if it is no date."""
    try:
        when = parsedate_to_datetime(text)
        return when.replace(tzinfo=when.tzinfo or timezone.utc).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def zone(name: str) -> tzinfo | None:
    """The zone of this id, from the system or else from dateutil's own list; None if nobody knows it."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # dateutil takes more than names: files, and rules such as `EST5EDT`.
        return tz.gettz(name) if _NAME.fullmatch(name) else None


def moment(value: date, where: tzinfo) -> int:
    """Seconds since the epoch of a date (its first second there) or of a time; one without a zone is a time there.

    Raises ValueError for a year that no clock reaches.
    """
    whole = value if isinstance(value, datetime) else datetime.combine(value, time())
    try:
        return int((whole if whole.tzinfo else whole.replace(tzinfo=where)).timestamp())
    except (OverflowError, OSError) as error:
        raise ValueError(f'{value} is out of range') from error
