"""The routes that existing installations know (peers 1.7)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from flask import Blueprint, Response, request

from pyca.recording.command import preview_files
from pyca.states import EventStatus
from pyca.storage.edits import Edits
from pyca.storage.listing import Filter
from pyca.ui.api import events, given
from pyca.ui.api.answers import Wrong, answer, blueprint, nothing
from pyca.ui.commands import Commands
from pyca.ui.logcommand import LogCommand
from pyca.ui.overview.sources import Sources

UNKNOWN = 'No event with specified uid'
RUNNING = (EventStatus.RECORDING, EventStatus.UPLOADING)


class Classic:
    """What the routes do."""

    def __init__(self, sources: Sources, logs: LogCommand, commands: Commands) -> None:
        self._sources = sources
        self._logs = logs
        self._edits = Edits(sources.database)
        self._commands = commands

    def routes(self) -> Blueprint:
        api = blueprint('classic')
        api.get('/api/name')(self.name)
        api.get('/api/previews')(self.previews)
        api.get('/api/services')(self.services)
        api.get('/api/events')(self.events)
        api.get('/api/events/<uid>')(self.event)
        api.delete('/api/events/<uid>')(self.delete)
        api.patch('/api/events/<uid>')(self.patch)
        api.get('/api/metrics')(self.metrics)
        api.get('/api/logs')(self.logs)
        return api

    def name(self) -> Response:
        return answer({'meta': {'name': self._sources.settings.agent.name}})

    def previews(self) -> Response:
        """Only those whose file is there; the others keep their numbers."""
        capture = self._sources.settings.capture
        files = enumerate(preview_files(capture.preview, capture.preview_dir))
        there = [number for number, file in files if file.is_file()]
        return answer({'data': [{'attributes': {'id': n}, 'id': str(n), 'type': 'preview'} for n in there]})

    def services(self) -> Response:
        rows = self._sources.services.all().values()
        return answer({'meta': {'services': {row.service.label: row.status.label for row in rows}}})

    def events(self) -> Response:
        """All of them, as ever; a page of them, with what became of each, for who asks for a part."""
        if not {'limit', 'offset', 'outcome', 'q'} & set(request.args):
            shown = [events.upcoming(event) for event in self._sources.upcoming.all()]
            shown += [events.recorded(row) for row in self._sources.recordings.all()]
            return answer({'data': shown})
        wanted = given.query_filter()
        limit = given.query_number('limit', given.LONGEST_LIST, given.LONGEST_LIST)
        offset = given.query_number('offset', 0, given.LAST_SECOND)
        return self._page(wanted, limit or 0, offset or 0)

    def _page(self, wanted: Filter, limit: int, offset: int) -> Response:
        coming = [events.upcoming(event) for event in self._upcoming(wanted)]
        page = coming[offset : offset + limit]
        past = Filter(wanted.text, tuple(s for s in wanted.statuses if s is not EventStatus.UPCOMING), wanted.outcomes)
        total = len(coming)
        if past == wanted or past.statuses or past.outcomes:
            listing, room = self._sources.listing, limit - len(page)
            total += listing.count(past)
            if room:
                rows = listing.whole(past, room, max(0, offset - len(coming)))
                page += [events.accounted(row) for row in rows]
        return answer({'data': page, 'meta': {'total': total, 'limit': limit, 'offset': offset}})

    def _upcoming(self, wanted: Filter) -> list[Any]:
        if (wanted.statuses or wanted.outcomes) and EventStatus.UPCOMING not in wanted.statuses:
            return []
        text = wanted.text.lower()
        found = self._sources.upcoming.all()
        return [event for event in found if text in event.title.lower() or text in event.uid.lower()]

    def event(self, uid: str) -> Response:
        """What was recorded of it counts more than what is planned."""
        row = self._sources.recordings.get(uid)
        if row is not None:
            return answer({'data': [events.recorded(row)]})
        event = self._sources.upcoming.get(uid)
        if event is None:
            raise Wrong(404, UNKNOWN)
        return answer({'data': [events.upcoming(event)]})

    def delete(self, uid: str) -> Response:
        self._commands.delete(uid, files=request.args.get('hard') == 'true')
        return nothing()

    def patch(self, uid: str) -> Response:
        edit = given.edit(uid)
        row = self._sources.recordings.get(uid)
        if row is None:
            raise Wrong(404, UNKNOWN)
        if edit.start is not None or edit.end is not None:
            start = row.event.start if edit.start is None else edit.start
            given.in_order(start, row.event.end if edit.end is None else edit.end)
        if edit.status in RUNNING:
            raise Wrong(409, 'Only the agent itself begins to record or to upload', 'finished recording: upload it now')
        changed = self._edits.change(uid, edit)
        if changed is None:
            raise Wrong(404, UNKNOWN)
        return answer({'data': [events.recorded(changed)]})

    def metrics(self) -> Response:
        sources = self._sources
        services = [row for row in sources.services.all().values() if row.listed]
        memory, load, space = sources.hardware.memory(), sources.hardware.load(), sources.store.space()
        synced = sources.upcoming.synced()
        at = None if synced is None else datetime.fromtimestamp(synced, timezone.utc).replace(tzinfo=None).isoformat()
        names = ('total', 'available', 'used', 'free', 'cached', 'buffers')
        return answer(
            {
                'meta': {
                    'services': [{'name': row.service.label, 'status': row.status.label} for row in services],
                    'disk_usage_in_bytes': {n: getattr(space, n, None) for n in ('total', 'used', 'free')},
                    'memory_usage_in_bytes': {n: getattr(memory, n, None) for n in names},
                    'load': dict(zip(('1m', '5m', '15m'), load or (None, None, None), strict=True)),
                    'upstream': {'last_synchronized': at},
                }
            }
        )

    def logs(self) -> Response:
        """What the configured command says; it has a time limit, and many viewers share one run (H63)."""
        if not self._logs.configured:
            raise Wrong(404, 'Logs are disabled.')
        seen = self._logs.read()
        if seen.trouble:
            raise Wrong(503, 'The log command failed', seen.trouble)
        lines = {'lines': list(seen.lines)}
        return answer({'data': [{'id': str(int(seen.at)), 'type': 'logs', 'attributes': lines}]})
