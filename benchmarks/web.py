"""How long the page and its data take with thousands of recorded events: `python -m benchmarks.web`."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pyca.clock import SystemClock
from pyca.event import Event, Outcome
from pyca.settings import Agent, Capture, Settings, Ui
from pyca.states import EventStatus, ServiceStatus, ServiceType
from pyca.storage.database import Database
from pyca.storage.recorded import Recordings, Said
from pyca.storage.services import Services
from pyca.storage.upcoming import Upcoming
from pyca.ui.application import create_app

DATA = {'attach': [{'fmttype': 'application/xml', 'x-apple-filename': 'episode.xml', 'data': 'x' * 8000}]}
"""What the core sends with each event, about as large as in real life."""
LIMITS = {
    '/api/status': 20.0,
    '/api/status, unchanged': 5.0,
    '/api/status?q=lecture 4999': 60.0,
    '/status': 60.0,
    '/status, unchanged': 5.0,
    '/status?outcome=failed': 60.0,
}
"""Milliseconds by the wall clock, the median of many. The processor's own time stands beside it: that is what the
answer costs where other programs are at work as well."""


class Taken(NamedTuple):
    """How long calls took, by both clocks."""

    wall: list[float]
    processor: list[float]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--events', type=int, default=5000, help='recorded events')
    parser.add_argument('--times', type=int, default=100, help='requests of each kind')
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder), options.events, options.times)


def measure(folder: Path, events: int, times: int) -> int:
    settings = Settings(agent=Agent(name='hall-1'), capture=Capture(directory=str(folder)), ui=Ui(password=''))
    clock = SystemClock()
    database = Database(f'sqlite:///{folder}/pyca.db', clock)
    fill(database, events, int(clock.now()))
    client = create_app(settings, database, clock).test_client()
    late = 0
    for name, limit in LIMITS.items():
        path, _, held = name.partition(', ')
        headers = {'If-None-Match': client.get(path).headers['ETag']} if held else {}
        taken = timed(lambda path=path, headers=headers: client.get(path, headers=headers), times)  # type: ignore[misc]
        median, slowest = statistics.median(taken.wall), max(taken.wall)
        late += median > limit
        print(  # noqa: T201
            f'{name:30} median {median:5.1f} ms, slowest {slowest:5.1f} ms (limit {limit:.0f} ms), '
            f'processor {statistics.median(taken.processor):5.1f} ms'
        )
    database.close()
    return int(late > 0)


def fill(database: Database, events: int, now: int) -> None:
    """A year of lectures, most of them delivered; the next days' schedule; an upload, a recording."""
    recordings = Recordings(database)
    for number in range(events):
        start = now - 7200 * (events - number)
        event = Event(f'event-{number}', start, start + 5400, f'Lecture {number}', DATA)
        said = Said(EventStatus.FINISHED_UPLOADING, 'delivered', outcome=Outcome.DELIVERED)
        recordings.mirror(event, said)
    recordings.mirror(
        Event('waiting', now - 9000, now - 3600, 'Waits', DATA), Said(EventStatus.FINISHED_RECORDING, 'finished')
    )
    recordings.mirror(Event('now', now - 600, now + 3600, 'Now', DATA), Said(EventStatus.RECORDING, 'recording'))
    coming = [Event(f'next-{n}', now + 7200 * n, now + 7200 * n + 5400, f'Next {n}', DATA) for n in range(1, 150)]
    Upcoming(database).replace(coming, 'http://core', now)
    Services(database).beat(dict.fromkeys(ServiceType, ServiceStatus.IDLE))


def timed(call: Callable[[], object], times: int) -> Taken:
    """Each call in milliseconds."""
    taken = Taken([], [])
    for _ in range(times):
        began, worked = time.perf_counter(), time.process_time()
        call()
        taken.wall.append(1000 * (time.perf_counter() - began))
        taken.processor.append(1000 * (time.process_time() - worked))
    return taken


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
