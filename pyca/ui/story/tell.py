"""Tells the story of an event."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pyca.event import Event, Outcome
from pyca.masking import Redaction
from pyca.recording.atomic import read_json
from pyca.recording.journal import FILE, UPLOAD, Journal, load, load_delivered
from pyca.recording.spec import log_path, state_path
from pyca.states import WAITING_FOR_UPLOAD, EventStatus, ServiceStatus, ServiceType
from pyca.storage.edits import in_use
from pyca.storage.recorded import Recorded
from pyca.storage.reports import Report, Reports
from pyca.ui.overview.sources import Sources
from pyca.ui.story.files import files
from pyca.ui.story.model import Run, Story
from pyca.ui.story.texts import about, output
from pyca.ui.story.timeline import numbered, steps

KEPT = frozenset({EventStatus.PAUSED_AFTER_RECORDING, EventStatus.FAILED_RECORDING})
"""What is not uploaded by itself."""


class Stories:
    """Puts together what database, folder and logs say of one event."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._mask = Redaction.of(sources.settings)
        self._reports = Reports(sources.database)

    def of(self, uid: str, start: int | None = None) -> Story | None:
        """The newest recording of the event, or the one of this start; None for what nobody knows."""
        row = self._sources.recordings.get(uid, start)
        if row is not None:
            return self._recorded(row)
        event = self._sources.upcoming.get(uid)
        if event is None or start not in (None, event.start):
            return None
        planned = Recorded(event, EventStatus.UPCOMING, (), event.name, '', None, '', 0, None, 0, 0, ours=False)
        return self._told(planned, None, {})

    def _recorded(self, row: Recorded) -> Story:
        store = self._sources.store
        folder = store.find(row.name)
        if (folder / FILE).exists():
            return self._told(row, load(folder), _mapping(read_json(folder / UPLOAD)))
        remains = store.delivered(row.name)
        return self._told(row, load_delivered(remains, folder), _mapping(_mapping(read_json(remains)).get('upload')))

    def _told(self, row: Recorded, journal: Journal | None, upload: Mapping[str, Any]) -> Story:
        sources, event = self._sources, row.event
        folder = sources.store.find(row.name)
        log = sources.settings.logging.file
        pending: list[Report] = [report for report in self._reports.pending() if report.uid == event.uid]
        return Story(
            uid=event.uid,
            start=event.start,
            end=event.end,
            title=event.title,
            now=sources.clock.now(),
            status=row.status.label,
            phase=row.phase,
            outcome=row.outcome.value if row.outcome else None,
            cause=row.cause,
            folder=folder.name if folder.is_dir() else '',
            unscheduled=event.unscheduled,
            core_event=_core_event(event, upload),
            attempts=row.attempts,
            next_try=row.next_try,
            steps=steps(row, journal, upload, pending),
            runs=tuple(_runs(journal, self._mask)),
            files=files(folder, journal, upload, row.tracks),
            actions=tuple(self._actions(row)),
            log=about(Path(log), event.uid, self._mask) if log else None,
            output=self._output(folder, journal) or (None if journal is None and _had_recorder(row) else ()),
        )

    def _output(self, folder: Path, journal: Journal | None) -> tuple[str, ...]:
        """What the recorders printed; where there are several, each under its name."""
        legs = journal.legs if journal is not None else ('',)
        found = {leg: output(log_path(folder, leg), self._mask) for leg in legs}
        if len(found) < 2:
            return next(iter(found.values()), ())
        return tuple(line for leg, lines in found.items() if lines for line in (f'[{leg or "command"}]', *lines))

    def _actions(self, row: Recorded) -> Iterator[str]:
        """What can be done now."""
        sources, now = self._sources, self._sources.clock.now()
        if row.status is EventStatus.UPCOMING:
            return
        if row.ours and row.status is EventStatus.RECORDING:
            if sources.services.all()[ServiceType.CAPTURE].status is not ServiceStatus.STOPPED and now < row.event.end:
                yield 'end'
                if self._room(row.event):
                    yield 'extend'
        elif row.status in WAITING_FOR_UPLOAD or (row.status in KEPT and row.tracks):
            yield 'retry'
        if not in_use(row, now):
            yield 'delete'

    def _room(self, event: Event) -> bool:
        """Whether there is time until the next event."""
        others = self._sources.listing.upcoming(event.start, limit=5)
        return all(other.start > event.end or other.end <= event.end for other in others if other.uid != event.uid)


def _had_recorder(row: Recorded) -> bool:
    return row.status is not EventStatus.UPCOMING and row.outcome is not Outcome.MISSED


def _core_event(event: Event, upload: Mapping[str, Any]) -> str:
    """A new event has the id of its media package, which the core may have made up."""
    if upload.get('accepted') is None:
        return ''
    return str(upload.get('package_id') or event.uid) if event.unscheduled else event.uid


def _runs(journal: Journal | None, mask: Callable[[str], str]) -> Iterator[Run]:
    for number, segment in numbered(journal) if journal is not None else []:
        path = state_path(journal.folder, segment.number, segment.leg) if journal is not None else Path()
        keeper = _mapping(read_json(path))
        words = keeper.get('arguments')
        yield Run(
            number=number,
            planned=segment.planned,
            started=segment.started,
            ended=segment.ended,
            status=segment.status,
            verdict=segment.end.value if segment.end is not None else '',
            cause=segment.cause or str(keeper.get('error') or ''),
            input=segment.leg,
            command=mask(shlex.join(map(str, words))) if isinstance(words, list) else '',
        )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
