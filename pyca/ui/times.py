"""Times as people read them."""

from __future__ import annotations

from datetime import datetime

from flask import Flask

_UNITS = ((86_400, 'd'), (3_600, 'h'), (60, 'min'))


def register(app: Flask) -> None:
    """Make the filters known to the templates."""
    app.jinja_env.filters.update(moment=moment, day=day, clock=clock, duration=duration, iso=iso)


def moment(at: float) -> str:
    """Day with time, in the zone of this machine."""
    return f'{day(at)}, {clock(at)}'


def day(at: float) -> str:
    return _local(at).strftime('%a %d %b %Y')


def clock(at: float) -> str:
    return _local(at).strftime('%H:%M')


def iso(at: float) -> str:
    """For machines, with the offset."""
    return _local(at).isoformat(timespec='seconds')


def zone(at: float) -> str:
    return _local(at).tzname() or ''


def duration(seconds: float) -> str:
    """How long, in its largest unit, rounded down: `45 s`, `3 min`, `2 h`, `5 d`."""
    for size, unit in _UNITS:
        if seconds >= size:
            return f'{int(seconds // size)} {unit}'
    return f'{max(0, int(seconds))} s'


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at).astimezone()
