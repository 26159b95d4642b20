"""The page that shows everything, with its short form for a display at the door."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import TypeVar

from flask import Response, abort, request

from pyca.states import ServiceType
from pyca.storage.listing import Entry, Planned
from pyca.ui import sentences
from pyca.ui.formats import Formats
from pyca.ui.overview.gather import PAGE, gather
from pyca.ui.overview.model import Overview, Running
from pyca.ui.overview.sources import Sources
from pyca.ui.pages.answer import Answers, Content
from pyca.ui.pages.asked import CHOICES, Search
from pyca.ui.reader import Readers

Row = TypeVar('Row', Entry, Planned)

LENGTHS = (5, 10, 15)
"""Minutes by which a recording is made longer at a press."""


class Status:
    """Asks for the overview, puts it on a page."""

    def __init__(self, sources: Sources, answers: Answers, readers: Readers, *, logged: bool) -> None:
        """`logged`: whether there is a log to be shown."""
        self._sources = sources
        self._answers = answers
        self._readers = readers
        self._logged = logged

    def page(self) -> Response:
        return self._answers.page(self._everything)

    def room(self) -> Response:
        """For everybody who passes by: neither actions nor what only staff should know."""
        if not self._sources.settings.ui.room:
            abort(404)
        return self._answers.page(self._short)

    def _everything(self) -> Content:
        search = Search.of(request.args)
        seen = gather(self._sources, search.asked)
        formats = self._readers.reader.formats
        values = {
            **self._values(seen),
            'search': search,
            'choices': CHOICES,
            'lengths': LENGTHS,
            'coming': by_day(seen.recordings.upcoming[:PAGE], formats, seen.now),
            'past': by_day(seen.recordings.recorded, formats, seen.now),
            'hidden': max(0, seen.recordings.upcoming_total - PAGE),
            'live': {(one.uid, one.start) for one in seen.running},
            'busy': self._holder(seen),
            'logged': self._logged,
        }
        return Content('status.html', values, seen.holds_until)

    def _short(self) -> Content:
        seen = gather(self._sources)
        return Content('room.html', self._values(seen), seen.holds_until)

    def _values(self, seen: Overview) -> dict[str, object]:
        """`attended`: whether there is somebody to obey orders; `sending`: to upload; `silent`: nobody at all."""
        words = self._readers.reader.words
        alive = {service.name for service in seen.machine.services if service.runs}
        return {
            'seen': seen,
            'sentences': sentences,
            'verdict': sentences.verdict(words, seen.verdict, seen.problems),
            'attended': ServiceType.CAPTURE.label in alive,
            'sending': ServiceType.INGEST.label in alive,
            'silent': not alive,
        }

    def _holder(self, seen: Overview) -> Running | None:
        """The recording that has the device, if only one can have it."""
        if self._sources.settings.capture.overlap == 'parallel':
            return None
        return next((one for one in seen.running if one.end > seen.now), None)


def by_day(rows: Iterable[Row], formats: Formats, now: float) -> list[tuple[str, list[Row]]]:
    """Rows that are in the order of time, day by day."""
    days = groupby(rows, key=lambda row: formats.near(row.start, now))
    return [(day, list(of_day)) for day, of_day in days]
