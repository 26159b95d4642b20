"""An agent's database and folder with the web application over them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pyca.event import Event, Outcome
from pyca.recording.journal import Journal, Phase, Segment
from pyca.recording.verdict import End
from pyca.settings import Agent, Capture, Settings, Ui
from pyca.states import EventStatus, ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.edits import Edit, Edits
from pyca.storage.recorded import Recordings, Said
from pyca.storage.services import Services
from pyca.storage.upcoming import Upcoming
from pyca.ui.application import create_app
from tests.storage.clocks import HandClock

NOW = 1_800_000_000
JSON = 'application/vnd.api+json'


class Site:
    """One agent. Its clock stands at NOW."""

    def __init__(self, folder: Path, **sections: Any) -> None:
        self.root = folder / 'recordings'
        self.root.mkdir()
        given: dict[str, Any] = {
            'agent': Agent(name='hall-1'),
            'capture': Capture(directory=str(self.root), preview_dir=str(folder)),
            'ui': Ui(password=''),
        }
        self.settings = Settings(**{**given, **sections})
        self.clock = HandClock(float(NOW))
        self.database = Database(f'sqlite:///{folder}/pyca.db', self.clock, timeout=60)
        self.recordings = Recordings(self.database)
        self.app = create_app(self.settings, self.database, self.clock)
        self.client: FlaskClient = self.app.test_client()

    def visit(self, app: Flask | None = None) -> FlaskClient:
        """A browser that is logged in, where there is a password."""
        client, ui = (app or self.app).test_client(), self.settings.ui
        if ui.password:
            login = base64.b64encode(f'{ui.username}:{ui.password}'.encode()).decode()
            client.environ_base['HTTP_AUTHORIZATION'] = f'Basic {login}'
        return client

    def close(self) -> None:
        self.database.close()

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers)

    def send(self, method: str, path: str, body: Any = None) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body)
        return self.client.open(path, method=method, data=data, headers={'Content-Type': JSON})

    def all_well(self) -> None:
        Services(self.database).beat(dict.fromkeys(ServiceType, ServiceStatus.IDLE), NOW - 5)
        self.plan()

    def plan(self, *events: Event) -> None:
        Upcoming(self.database).replace(events, 'http://core', NOW - 30)

    def recorded(self, event: Event, said: Said, status: EventStatus | None = None) -> None:
        self.recordings.mirror(event, said)
        if status is not None:
            Edits(self.database).change(event.uid, Edit(status=status))

    def runs(self, event: Event, data: Mapping[str, bytes] | None = None, started: float | None = None) -> Journal:
        """A recording that is under way, with these files."""
        folder = self.root / event.name
        folder.mkdir()
        for name, content in (data or {'camera.webm': b'x' * 1000}).items():
            (folder / name).write_bytes(content)
        segment = Segment(0, event.start, event.end, list(data or {'camera.webm': b''}))
        segment.started = float(event.start) if started is None else started
        journal = Journal(folder, event, ('presenter/source',), Phase.RECORDING, [segment])
        journal.save()
        self.recordings.mirror(event, Said(EventStatus.RECORDING, 'recording'))
        return journal

    def finishes(self, journal: Journal, at: float, said: Said | None = None) -> None:
        """The recording is over."""
        journal.phase = Phase.FINISHED
        journal.segments[-1].ended, journal.segments[-1].end = at, End.GOOD
        journal.save()
        self.recordings.mirror(journal.event, said or Said(EventStatus.FINISHED_RECORDING, 'finished'))


def lecture(uid: str = 'u1', start: int = NOW - 600, minutes: int = 40, title: str = 'Analysis I') -> Event:
    return Event(uid, start, start + 60 * minutes, title, {'summary': title, 'dtstart': start})


def failed(cause: str = 'the agent was off') -> Said:
    return Said(EventStatus.FAILED_RECORDING, 'missed', outcome=Outcome.MISSED, cause=cause)
