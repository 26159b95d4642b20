"""What can be seen from outside after a fault run."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Container
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.fault_run.hall import Hall
from benchmarks.fault_run.ledger import Run, Stamp, read, stamps
from pyca.recording.processes import words
from tests.program.agent import ROOT

UNDER_WAY = frozenset({2, 4, 5, 8})
"""The states of a row that cannot be the last: recording, finished, uploading, interrupted."""
GOING = 10.0
"""Seconds that a process may take to end after its work, on a busy machine."""
PASSING = ('*.new', '*.part', '*.tmp', '*.damaged', 'joined-*')
"""Files that nobody must leave behind."""


@dataclass(frozen=True)
class Arrived:
    """One accepted final call."""

    at: float
    matched: bool
    tracks: tuple[tuple[str, tuple[Stamp, ...]], ...]
    """Each flavor with its lines."""
    broken: int = 0
    """Lines that are not whole."""


@dataclass(frozen=True)
class Row:
    """What the agent says of an event."""

    start: int
    status: int
    outcome: str
    cause: str

    @property
    def under_way(self) -> bool:
        """Whether this cannot be its last word; 6 is an upload that waits for its next try while it has no outcome."""
        return self.status in UNDER_WAY or (self.status == 6 and not self.outcome)


@dataclass
class Evidence:
    """By the event's id, where nothing else is said."""

    runs: dict[str, list[Run]] = field(default_factory=dict)
    arrived: dict[str, list[Arrived]] = field(default_factory=dict)
    kept: dict[str, list[Stamp]] = field(default_factory=dict)
    """What lies in the folders of recordings."""
    states: dict[str, list[str]] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=dict)
    report: dict[str, Any] | None = None
    """What `pyca report --all --json` says; None where it says nothing."""
    untold: int = 0
    """States that the core has not been told, of events that it has."""
    left: list[str] = field(default_factory=list)
    """Processes, files and exceptions that should not be there."""
    violations: list[str] = field(default_factory=list)


def gather(hall: Hall) -> Evidence:
    """Look at everything; the agent has been stopped."""
    core, found = hall.core, Evidence()
    for uid in hall.chronicle.versions:
        ledger = hall.ledger / uid
        found.runs[uid] = read(ledger, hall.offset) if ledger.exists() else []
        found.states[uid] = [state for _, state in core.recordings.get(uid, [])]
        files = sorted(hall.agent.recordings.glob(f'recording-*-{uid}/*.dat*'))
        found.kept[uid] = [stamp for path in files for stamp in stamps(path.read_bytes(), hall.offset)[0]]
    for delivery in core.deliveries:
        contents = [(track.flavor, *stamps(track.path.read_bytes(), hall.offset)) for track in delivery.tracks]
        tracks = tuple((flavor, tuple(lines)) for flavor, lines, _ in contents)
        arrived = Arrived(delivery.at, delivery.matched_event, tracks, sum(broken for _, _, broken in contents))
        found.arrived.setdefault(_event_of(arrived, delivery.uid), []).append(arrived)
    found.rows, found.untold = rows(hall.database, core.events)
    found.report = _report(hall)
    found.violations = list(core.violations)
    found.left = [*_processes(hall), *_files(hall), *_exceptions(hall.agent.logged())]
    return found


def _event_of(arrived: Arrived, uid: str) -> str:
    """The event whose lines these are, also where the core made a new event of them."""
    return next((stamp.uid for _, lines in arrived.tracks for stamp in lines), uid)


def rows(database: Path, known: Container[str]) -> tuple[dict[str, list[Row]], int]:
    """The agent's recordings, with how many states wait to be told. Nothing while the database cannot be read.

    `known`: the events that the core has. About others nothing is owed to it; the agent believes a 404 after minutes.
    """
    found: dict[str, list[Row]] = {}
    try:
        with closing(sqlite3.connect(f'file:{database}?mode=ro', uri=True, timeout=5)) as connection:
            answer = connection.execute(
                'SELECT uid, start, status, outcome, cause FROM recorded_event LEFT JOIN pyca_recording'
                ' USING (uid, start) ORDER BY start'
            )
            for uid, start, status, outcome, cause in answer:
                found.setdefault(uid, []).append(Row(start, status, outcome or '', cause or ''))
            return found, sum(uid in known for (uid,) in connection.execute('SELECT uid FROM pyca_report'))
    except sqlite3.Error:
        return {}, 0


def _report(hall: Hall) -> dict[str, Any] | None:
    words = [sys.executable, '-m', 'pyca', '-c', str(hall.agent.folder / 'pyca.conf'), 'report', '--all', '--json']
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    done = subprocess.run(words, check=False, capture_output=True, text=True, env=environment, timeout=60)
    content = json.loads(done.stdout) if done.returncode == 0 else None
    return content if isinstance(content, dict) else None


def _processes(hall: Hall) -> list[str]:
    """Those that stay; what has done its work may need a moment to end."""
    limit = time.monotonic() + GOING
    while (left := hall.agent.processes()) and time.monotonic() < limit:
        time.sleep(0.1)
    return [f'the process {pid} is left: {" ".join(words(pid))}' for pid in left]


def _files(hall: Hall) -> list[str]:
    root = hall.agent.recordings
    return [f'{path.relative_to(root)} is left' for pattern in PASSING for path in sorted(root.rglob(pattern))]


def _exceptions(log: str) -> list[str]:
    """The last line of each trace in the log, once."""
    found: list[str] = []
    inside = False
    for line in log.splitlines():
        if line.startswith('Traceback '):
            inside = True
        elif inside and line and not line.startswith((' ', 'During ', 'The above ')):
            inside = False
            if (said := f'the log has an exception: {line}') not in found:
                found.append(said)
    return found
