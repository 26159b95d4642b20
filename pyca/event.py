"""The calendar's events."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import quote

UNSCHEDULED = 'x-pyca-unscheduled'
"""The mark, among an event's data, of one that a person here began and the core knows nothing of."""

ANNOUNCED = 'x-pyca-announced'
"""The mark of one that a person here began and the agent itself has put into the core's schedule. It goes when the
calendar has brought the event."""

_NO_TITLE = frozenset({'Cc', 'Cs', 'Zl', 'Zp'})
"""Control characters, halves of characters, ends of lines and paragraphs."""

_PLAIN = re.compile(r'[\w.:@%+=,-]{1,180}')


@dataclass(frozen=True)
class Track:
    """One output file with its flavor (`presenter/source`)."""

    flavor: str
    path: Path


@dataclass(frozen=True)
class Attachment:
    """A file that a calendar entry carries."""

    name: str
    mime: str
    text: str


@dataclass(frozen=True)
class Event:
    """What the calendar schedules.

    `start` and `end` are whole seconds since the epoch, UTC. `data` is the calendar entry under its lower-cased
    names, in the form that existing installations keep in their database (`attach` is a list of objects with
    `fmttype`, `x-apple-filename` and `data`).
    """

    uid: str
    start: int
    end: int
    title: str = ''
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def unscheduled(self) -> bool:
        """Whether the core knows nothing of it."""
        return self.data.get(UNSCHEDULED) is True

    @property
    def impromptu(self) -> bool:
        """Whether a person here began it, and no calendar has brought it since."""
        return self.unscheduled or self.data.get(ANNOUNCED) is True

    @property
    def series(self) -> str:
        """The id of its series; empty if it has none."""
        found = (value for key, value in self.data.items() if key.partition(';')[0] == 'related-to')
        return str(next(found, ''))

    @property
    def name(self) -> str:
        """The name of its recording: `recording-<start>-<uid>`.

        A uid that is no plain file name (the core may send anything) is encoded, so that it can never lead out of
        the recordings folder, nor pass for a placeholder of the command, nor mean anything to a shell in it.
        """
        return f'recording-{self.start}-{plain(self.uid)}'

    @property
    def attachments(self) -> list[Attachment]:
        """The attached files, in the order of the calendar; entries of another shape are left out."""
        entries = self.data.get('attach')
        if not isinstance(entries, list):
            return []
        return [
            Attachment(str(entry.get('x-apple-filename', '')), str(entry.get('fmttype', '')), entry['data'])
            for entry in entries
            if isinstance(entry, dict) and isinstance(entry.get('data'), str)
        ]

    def attachment(self, name: str) -> str | None:
        """The text of the attached file of this name."""
        return next((entry.text for entry in self.attachments if entry.name == name), None)


def together(*causes: str) -> str:
    """Several causes as one sentence, each of them once."""
    return '; '.join(dict.fromkeys(cause for cause in causes if cause))


def plain(uid: str) -> str:
    """A uid as part of a file name: itself if it is one already, else percent-encoded with a digest behind it."""
    if _PLAIN.fullmatch(uid) and len(uid.encode()) <= 180:
        return uid
    digest = hashlib.sha256(uid.encode('utf-8', 'surrogatepass')).hexdigest()[:16]
    return f'{quote(uid, safe="", errors="replace")[:120]}-{digest}'


class Outcome(str, Enum):
    """How an event that this agent saw in a calendar ended."""

    DELIVERED = 'delivered'
    DELIVERED_WITH_GAPS = 'delivered with gaps'
    HELD = 'held'
    FAILED = 'failed'
    MISSED = 'missed'


def as_title(text: str) -> str | None:
    """The title that somebody wrote, with every kind of blank as the ordinary one; None for what is not one line.

    Whatever a language or an emoji is put together with stays, what this Python has never heard of as well.
    """
    kinds = list(map(unicodedata.category, text))
    if not _NO_TITLE.isdisjoint(kinds):
        return None
    return ''.join(' ' if kind == 'Zs' else letter for letter, kind in zip(text, kinds, strict=True)).strip()
