"""What an agent may be going through, as its database and its folders have it.

Together the scenes show each block of the page in each of its states.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyca.event import Outcome
from pyca.recording.journal import Journal
from pyca.recording.segment import Segment
from pyca.settings import Ui
from pyca.states import EventStatus, Fault, ServiceStatus, ServiceType
from pyca.storage.contacts import Contacts
from pyca.storage.faults import Faults
from pyca.storage.recorded import Said
from pyca.storage.services import Services
from tests.browser.pictures import picture
from tests.browser.served import Served
from tests.ui.site import NOW, failed, lecture

HOUR, DAY = 3600, 86_400
WAITING = Said(EventStatus.FINISHED_RECORDING, 'finished')
HELD = Said(EventStatus.PAUSED_AFTER_RECORDING, 'held', outcome=Outcome.HELD, cause='the core has cancelled the event')
HOSTILE = (
    '<script>document.title = "run"</script>',
    '"><img src=x onerror="document.title = \'run\'">',
    '</title><svg/onload=alert(1)>',
    "javascript:alert(1)//' onfocus=alert(1) autofocus='",
    '{{ 7 * 7 }}{% raw %}',
    'Statistik\u202egnp.exe\u202c \u2067nevel\u2069',
    'Zahlentheorie' * 12,
    'محاضرة في التفاضل والتكامل',
)


@dataclass(frozen=True)
class Scene:
    """`options` are sections of the settings."""

    name: str
    fill: Callable[[Served], None]
    options: Mapping[str, Any] = field(default_factory=dict)
    path: str = '/status'
    status: int = 200
    login: tuple[str, str] | None = None

    def serve(self, folder: Path) -> Served:
        """The scene on a port of its own."""
        served = Served(folder, **self.options)
        self.fill(served)
        return served


def grown(journal: Journal, size: int) -> Journal:
    """As if the files were that large; they take no room."""
    for segment in journal.segments:
        for name in segment.files:
            journal.path(name).touch()
            os.truncate(journal.path(name), size)
    return journal


def at_work(served: Served) -> None:
    """All services live, the core has been heard."""
    served.all_well()
    contacts = Contacts(served.database)
    contacts.posted(NOW - 20.0)
    contacts.accepted(NOW - 2.0 * HOUR)
    contacts.offset(0.2)
    Services(served.database, contacts).beat(dict.fromkeys(ServiceType, ServiceStatus.IDLE), NOW - 5)


def semester(served: Served) -> None:
    """What a hall has to record."""
    served.plan(
        lecture('n1', NOW + 45 * 60, 90, 'Linear Algebra I'),
        lecture('n2', NOW + 3 * HOUR, 90, 'Introduction to Philosophy'),
        lecture('n3', NOW + 5 * HOUR, 45, 'Colloquium: What the Bees Know'),
        lecture('n4', NOW + DAY, 90, 'Organic Chemistry'),
        lecture('n5', NOW + DAY + 2 * HOUR, 90, 'Operating Systems'),
    )


def past(served: Served) -> None:
    """One of each that may have become of a lecture."""
    served.recorded(lecture('p1', NOW - 3 * HOUR, 90, 'Thermodynamics'), WAITING)
    served.recordings.uploaded('p1', NOW - 3 * HOUR, NOW - HOUR)
    served.recorded(lecture('p2', NOW - DAY, 90, 'Databases'), Said(WAITING.status, 'finished', gaps=True))
    served.recordings.uploaded('p2', NOW - DAY, NOW - DAY + 2 * HOUR, 'begins 312 s late')
    served.recorded(lecture('p3', NOW - DAY - 4 * HOUR, 90, 'Medieval History'), failed('the agent was switched off'))
    broken = Said(EventStatus.FAILED_RECORDING, 'failed', outcome=Outcome.FAILED, cause='ffmpeg: no such device')
    served.recorded(lecture('p4', NOW - 2 * DAY, 90, 'Machine Learning'), broken)


def idle(served: Served) -> None:
    at_work(served)


def nothing(served: Served) -> None:
    """An agent that never ran."""


def ready(served: Served) -> None:
    at_work(served)
    semester(served)
    past(served)


def recording(served: Served) -> None:
    ready(served)
    event = lecture('now', NOW - 25 * 60, 60, 'Analysis I: Series with a Limit')
    grown(served.runs(event, {'camera.webm': b'', 'slides.webm': b''}), 1_250_000_000)
    picture(served.folder / 'camera.png', NOW - 3.0, (90, 150, 200))
    picture(served.folder / 'slides.png', NOW - 4.0, (240, 220, 180))
    uploading(served)


def uploading(served: Served) -> None:
    served.recorded(lecture('up', NOW - 5 * HOUR, 90, 'Roman Law'), WAITING)
    served.recordings.claim(NOW)
    Contacts(served.database).sending('up', NOW - 5 * HOUR, NOW - 60.0, 0)
    served.recordings.progress('up', NOW - 5 * HOUR, 900_000_000, 1_400_000_000)


def waiting(served: Served) -> None:
    served.recorded(lecture('w1', NOW - 6 * HOUR, 90, 'Botany'), WAITING)
    served.recordings.claim(NOW)
    served.recordings.upload_failed('w1', NOW - 6 * HOUR, NOW + 240.0, 'core.example.org: connection refused')
    served.recorded(lecture('w2', NOW - 8 * HOUR, 90, 'Zoology'), WAITING)
    served.recorded(lecture('w3', NOW - 9 * HOUR, 90, 'Mycology'), HELD)


def troubled(served: Served) -> None:
    """A recording goes on, while much is wrong beside it."""
    recording(served)
    waiting(served)
    served.plan(lecture('n1', NOW + 3 * HOUR, 90, 'Rhetoric'), lecture('n2', NOW + 4 * HOUR, 90, 'Also in this hall'))
    faults = Faults(served.database)
    faults.raise_(ServiceType.INGEST, Fault.UPLOAD, 'core.example.org: connection refused', NOW - 1800)
    faults.raise_(ServiceType.SCHEDULE, Fault.LOGIN_REFUSED, '401 for /recordings/calendars', NOW - 2 * HOUR)
    Contacts(served.database).offset(-75.0)


def stuck(served: Served) -> None:
    at_work(served)
    semester(served)
    waiting(served)
    faults = Faults(served.database)
    faults.raise_(ServiceType.CAPTURE, Fault.PROGRAM_MISSING, 'ffmpeg: command not found', NOW - 300)
    faults.raise_(ServiceType.CAPTURE, Fault.DISK_FULL, '3 MB left on /srv', NOW - 180)


def interrupted(served: Served) -> None:
    at_work(served)
    semester(served)
    journal = served.runs(lecture('now', title='Astronomy'), {'camera.webm': b''}, started=NOW - 560.0)
    journal.segments[0].ended = NOW - 300.0
    journal.segments.append(Segment(1, NOW - 200, NOW + 1800, ['camera-1.webm'], started=NOW - 200.0))
    grown(journal, 90_000_000).save()


def failing(served: Served) -> None:
    at_work(served)
    journal = served.runs(lecture('now', title='Astronomy'))
    journal.segments[0].ended = NOW - 100.0
    journal.save()
    served.recordings.mirror(journal.event, Said(EventStatus.RECORDING, 'failing', cause='ffmpeg: exit code 1'))


def finishing(served: Served) -> None:
    at_work(served)
    grown(served.runs(lecture('now', NOW - HOUR - 12, 60, 'Geometry')), 700_000_000)


def silent(served: Served) -> None:
    """The agent has not been heard of for ten minutes."""
    recording(served)
    Services(served.database).beat(dict.fromkeys(ServiceType, ServiceStatus.BUSY), NOW - 600)


def soon(served: Served) -> None:
    at_work(served)
    served.plan(lecture('n1', NOW + 540, 90, 'Linear Algebra I'), lecture('n2', NOW + 1800, 90, 'Guests from Oslo'))


def archive(served: Served) -> None:
    """Every status with every outcome, and so many that they need pages."""
    at_work(served)
    number = 0
    for status in (*EventStatus, *EventStatus):
        for outcome in (None, *Outcome):
            number += 1
            event = lecture(f'a{number}', NOW - number * 7 * HOUR, 90, f'Lecture {number}')
            served.recorded(event, Said(status, 'x', outcome=outcome, cause='' if number % 3 else 'as it happens'))


def hostile(served: Served) -> None:
    at_work(served)
    coming = [lecture(f'h{n}', NOW + HOUR * (n + 2), 45, title) for n, title in enumerate(HOSTILE)]
    served.plan(*coming)
    for number, title in enumerate(HOSTILE):
        served.recorded(lecture(f'g{number}', NOW - HOUR * (number + 2), 45, title), failed(title))
    served.recorded(lecture('w', NOW - 30 * HOUR, 45, HOSTILE[0]), HELD)
    served.runs(lecture('now', title=HOSTILE[1]))
    Faults(served.database).raise_(ServiceType.INGEST, Fault.UPLOAD, HOSTILE[2], NOW - 60)


def backup(served: Served) -> None:
    at_work(served)
    served.recorded(lecture('w3', NOW - 9 * HOUR, 90, 'Mycology'), HELD)


def unreadable(served: Served) -> None:
    served.database.close()
    (served.folder / 'pyca.db').unlink(missing_ok=True)
    (served.folder / 'pyca.db').mkdir()


def open_to(**more: Any) -> Mapping[str, Any]:
    """The section [ui] of a scene."""
    return {'ui': Ui(password='', refresh_rate=1, **more)}
