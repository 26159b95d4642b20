"""Installations of the old program: its configuration files, its database, its folders."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.program.agent import Agent

SCHEMA = """
CREATE TABLE upcoming_event (uid TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, title TEXT,
    data BLOB NOT NULL, status INTEGER NOT NULL, tracks BLOB, PRIMARY KEY (uid, start));
CREATE TABLE recorded_event (uid TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, title TEXT,
    data BLOB NOT NULL, status INTEGER NOT NULL, tracks BLOB, PRIMARY KEY (uid, start));
CREATE TABLE service_states (type INTEGER NOT NULL, status INTEGER NOT NULL, PRIMARY KEY (type));
CREATE TABLE upstream_state (url TEXT NOT NULL, last_synced DATETIME, PRIMARY KEY (url));
"""
TABLES = ('upcoming_event', 'recorded_event', 'service_states', 'upstream_state')
MOMENT = re.compile(r'(\d+)-(\d+)-(\d+) (\d+):(\d+):(\d+)(?:\.(\d+))?')
"""What SQLAlchemy takes for a time in an SQLite file."""

DEBIAN = """\
# settings of the machine in lecture hall 1
[agent]
name             = 'hall-1'
#update_frequency = 60
cal_lookahead    = 14
database         = 'sqlite:///{root}/var/lib/pyca/pyca.db'

[capture]
directory        = '{root}/var/lib/pyca/recordings'
command          = '''{command}'''
flavors          = 'presenter/source',
files            = '{{{{dir}}}}/{{{{name}}}}.dat'
preview_dir      = '{root}/var/lib/pyca/recordings'
preview          = ''
#sigterm_time    = -1

[ingest]
#delay_min       = 0
upload_rate      = '250k'

[server]
url              = '{url}'
# digest, the only method that this file was written for
#auth_method     = digest
username         = 'opencast_system_account'
password         = 'CHANGE_ME'
insecure         = False

[ui]
username         = 'admin'
password         = 'opencast'
refresh_rate     = 2
"""


@dataclass
class Row:
    """One recorded event of the old program; `end` in seconds since the epoch."""

    uid: str
    end: int
    status: int
    title: str | None = 'Lecture'
    tracks: Sequence[tuple[str, Path]] = field(default=())

    @property
    def start(self) -> int:
        return self.end - 3600

    @property
    def name(self) -> str:
        return f'recording-{self.start}-{self.uid}'


def entry(uid: str, start: int, end: int) -> dict[str, Any]:
    """What the old program kept of a calendar entry."""
    properties = 'org.opencastproject.workflow.definition=fast\r\nevent.title=Lecture'
    return {
        'uid': uid,
        'dtstart': start,
        'dtend': end,
        'dtstamp': start - 86400,
        'summary': 'Lecture',
        'location': 'hall-1',
        'organizer;cn="Jane Doe"': 'mailto:jane@example.org',
        'attach': [
            {
                'fmttype': 'application/text',
                'x-apple-filename': 'org.opencastproject.capture.agent.properties',
                'data': properties,
            }
        ],
    }


class OldInstallation:
    """A machine's folders below `root`, with what the old program left there."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.recordings = root / 'var/lib/pyca/recordings'
        self.recordings.mkdir(parents=True)
        self.database = root / 'var/lib/pyca/pyca.db'
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(SCHEMA)

    def upcoming(self, uid: str, start: int, end: int) -> None:
        data = json.dumps(entry(uid, start, end)).encode()
        self._write('INSERT INTO upcoming_event VALUES (?, ?, ?, ?, ?, 1, NULL)', [(uid, start, end, 'Lecture', data)])

    def recorded(self, rows: Iterable[Row]) -> None:
        values = []
        for row in rows:
            tracks = json.dumps([[flavor, str(path)] for flavor, path in row.tracks]).encode() if row.tracks else None
            data = json.dumps(entry(row.uid, row.start, row.end)).encode()
            values.append((row.uid, row.start, row.end, row.title, data, row.status, tracks))
        self._write('INSERT INTO recorded_event VALUES (?, ?, ?, ?, ?, ?, ?)', values)

    def with_file(self, uid: str, status: int, *, age: float) -> Row:
        """A recording that ended `age` seconds ago, with its file."""
        row = Row(uid, int(time.time() - age), status)
        file = self.recordings / row.name / f'{row.name}.dat'
        file.parent.mkdir()
        file.write_bytes(uid.encode() * 1000)
        row.tracks = [('presenter/source', file)]
        self.recorded([row])
        return row

    def states(self) -> None:
        """The services as they were when the old program was switched off."""
        self._write('INSERT INTO service_states VALUES (?, ?)', [(1, 2), (2, 3), (3, 2), (4, 2)])
        self._write('INSERT INTO upstream_state VALUES (?, ?)', [('https://old', '2026-01-02 03:04:05.678901')])

    def _write(self, statement: str, values: Iterable[tuple[object, ...]]) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.executemany(statement, values)

    def tables(self, where: str = '1') -> dict[str, list[tuple[Any, ...]]]:
        """All that the old program knows of; `where` is for recordings."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            answers = {name: connection.execute(f'SELECT * FROM {name}').fetchall() for name in TABLES}
            answers['recorded_event'] = connection.execute(
                f'SELECT * FROM recorded_event WHERE {where} ORDER BY uid'
            ).fetchall()
        return answers


class Successor(Agent):
    """The new program with the old program's configuration file."""

    text = ''

    @property
    def configuration(self) -> Path:
        path = self.folder / 'pyca.conf'
        new = path.with_suffix('.new')
        new.write_text(self.text)
        return new.replace(path)  # an agent may be about to read it
