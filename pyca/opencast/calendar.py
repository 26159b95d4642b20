"""The calendar of the agent as events."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from dateutil.tz import tzlocal
from icalendar.prop import vDDDTypes

from pyca.event import Event
from pyca.opencast import times
from pyca.opencast.blocks import Block, Line, entries, properties, uid

_VALUE: Callable[[str, str | None], Any] = vDDDTypes.from_ical
_ESCAPE = re.compile(r'\\([\\;,nN])')
_RAW = frozenset({'ORGANIZER', 'ATTENDEE', 'URL', 'SOURCE', 'CONFERENCE', 'GEO', 'RRULE', 'LAST-MODIFIED', 'CREATED'})
"""Properties that are no text, so that a backslash in them is one."""


@dataclass(frozen=True)
class Parsed:
    """The events of a calendar by start, and one sentence for each thing in it that could not be used.

    `lost` are the uids of the entries that had to be left out as a whole, empty for one without a uid.
    """

    events: list[Event]
    bad: list[str]
    lost: list[str]


class _Bad(Exception):
    """An entry that is no event; it costs only itself."""


@dataclass(frozen=True)
class _Entry:
    uid: str
    event: Event | None
    remarks: tuple[str, ...]


class Calendar:
    """Reads calendars; remembers each entry by its digest, so that only changed ones are read again.

    `zone` is where times without a zone are meant: by default where this machine stands.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone or tzlocal()
        self._known: Mapping[bytes, _Entry] = {}

    def parse(self, body: bytes) -> Parsed:
        """All events of a calendar. Raises NotUnderstood unless it is a whole one; then nothing is remembered."""
        known: dict[bytes, _Entry] = {}
        order: list[_Entry] = []
        for block in entries(body):
            digest = block.digest
            if digest not in known:
                known[digest] = self._known.get(digest) or self._read(block)
            order.append(known[digest])
        self._known = known
        return _collect(order)

    def _read(self, block: Block) -> _Entry:
        name = unescaped(uid(block))
        said = f'event {name or "without an id"}'
        try:
            if not name:
                raise _Bad('it has no UID')
            if not block.closed:
                raise _Bad('it has no end line')
            remarks: list[str] = []
            event = self._event(name, block, remarks)
            return _Entry(name, event, tuple(f'{said}: {remark}' for remark in remarks))
        except _Bad as error:
            return _Entry(name, None, (f'{said}: left out, {error}',))

    def _event(self, name: str, block: Block, remarks: list[str]) -> Event:
        data: dict[str, Any] = {}
        moments: dict[str, date | timedelta] = {}
        for line in properties(block):
            if line.name == 'ATTACH':
                _attach(line, data, remarks)
            elif line.name in ('DTSTART', 'DTEND', 'DTSTAMP', 'DURATION'):
                self._time(line, data, moments)
            else:
                data[line.head.lower()] = line.value if line.name in _RAW else unescaped(line.value)
        start, end = self._span(moments)
        data |= {'dtstart': start, 'dtend': end}
        title = next((value for key, value in data.items() if key.partition(';')[0] == 'summary'), '')
        return Event(name, start, end, title, data)

    def _time(self, line: Line, data: dict[str, Any], moments: dict[str, date | timedelta]) -> None:
        """Note a time under its plain name: a zone in the parameters must not change the key (H35)."""
        if line.name in moments:
            raise _Bad(f'it has {line.name} twice')
        zone_id = line.parameters.get('TZID', '')
        try:
            value = _VALUE(line.value.strip(), zone_id or None)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            if line.name == 'DTSTAMP':
                return
            raise _Bad(f'{line.name} is no time: {line.value[:40]!r}') from error
        if isinstance(value, datetime) and value.tzinfo is None and zone_id:
            zone = times.zone(zone_id)
            if zone is None:
                raise _Bad(f'nobody knows the time zone {zone_id[:40]!r}')
            value = value.replace(tzinfo=zone)
        if not isinstance(value, timedelta if line.name == 'DURATION' else date):
            raise _Bad(f'{line.name} is no time: {line.value[:40]!r}')
        moments[line.name] = value
        if isinstance(value, timedelta):
            data['duration'] = line.value
        elif line.name == 'DTSTAMP':
            data['dtstamp'] = self._seconds(value)

    def _span(self, moments: Mapping[str, date | timedelta]) -> tuple[int, int]:
        """Start and end. Without DTEND there may be a DURATION; a date without both is its whole day."""
        begin, finish, lasting = (moments.get(name) for name in ('DTSTART', 'DTEND', 'DURATION'))
        if not isinstance(begin, date):
            raise _Bad('it has no DTSTART')
        start = self._seconds(begin)
        if isinstance(finish, date):
            end = self._seconds(finish)
        elif isinstance(lasting, timedelta):
            end = start + int(lasting.total_seconds())
        elif not isinstance(begin, datetime) and begin < date.max:
            end = self._seconds(begin + timedelta(days=1))
        else:
            raise _Bad('it has neither DTEND nor DURATION')
        if end <= start:
            raise _Bad('it ends before it begins')
        return start, end

    def _seconds(self, value: date) -> int:
        try:
            return times.moment(value, self._zone)
        except ValueError as error:
            raise _Bad(str(error)) from error


def unescaped(text: str) -> str:
    """A text value as it was meant: the four escapes of iCalendar undone."""
    return _ESCAPE.sub(lambda match: '\n' if match[1] in 'nN' else match[1], text) if '\\' in text else text


def _attach(line: Line, data: dict[str, Any], remarks: list[str]) -> None:
    """Decode an attached file. A damaged or huge one costs only itself; a mere link is passed over."""
    name = line.parameters.get('X-APPLE-FILENAME', '')
    if line.parameters.get('ENCODING', '').upper() != 'BASE64' and line.parameters.get('VALUE', '').upper() != 'BINARY':
        return
    if not line.whole:
        remarks.append(f'the attached file {name or "without a name"} is too large and left out')
        return
    try:
        content = base64.b64decode(''.join(line.value.split()).encode(), validate=True)
    except (binascii.Error, ValueError):
        remarks.append(f'the attached file {name or "without a name"} is damaged and left out')
        return
    entry = {'data': content.decode('utf-8', 'replace')}
    entry |= {key.lower(): line.parameters[key] for key in ('FMTTYPE', 'X-APPLE-FILENAME') if key in line.parameters}
    data.setdefault('attach', []).append(entry)


def _collect(known: Iterable[_Entry]) -> Parsed:
    """Put the entries together. Of two with the same id and start the later one counts (H36)."""
    events: dict[tuple[str, int], Event] = {}
    starts: dict[str, int] = {}
    bad: list[str] = []
    lost: list[str] = []
    for entry in known:
        bad.extend(entry.remarks)
        if entry.event is None:
            lost.append(entry.uid)
            continue
        event = entry.event
        if (event.uid, event.start) in events:
            bad.append(f'event {event.uid}: there are two entries with the same start, the later one counts')
        elif event.uid in starts:
            bad.append(f'event {event.uid}: there are entries with different starts, both count')
        events[event.uid, event.start] = event
        starts[event.uid] = event.start
    return Parsed(sorted(events.values(), key=lambda event: (event.start, event.uid)), bad, lost)
