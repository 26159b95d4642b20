"""All scenes: what the browser is shown of each page."""

from __future__ import annotations

import json

from pyca.recording.segment import Segment
from pyca.recording.verdict import End
from pyca.settings import Agent, Logging, Ui
from pyca.states import EventStatus
from pyca.storage.recorded import Said
from tests.browser import scenes
from tests.browser.scenes import HOUR, Scene, open_to
from tests.browser.served import Served
from tests.ui.site import NOW, lecture

GUARDED = {'ui': Ui(password='secret', viewer_password='look', refresh_rate=1, room=True)}
TALE = lecture('tale', NOW - 3 * HOUR, 90, 'Thermodynamics')
ENTRIES = (
    '[pyca.schedule.service:88:step()] [INFO] 5 events are known',
    '[pyca.recording.run:67:look()] [DEBUG] looking for something to record',
    '[pyca.recording.run:91:begin()] [INFO] Starting recorder of tale: ffmpeg -i /dev/video0 -t 5400 camera.webm',
    '[pyca.recording.verdict:40:judge()] [WARNING] tale: the recorder ended with status 1 after 1200 s',
    '[pyca.ingest.service:112:step()] [ERROR] tale: core.example.org: connection refused',
    'Traceback (most recent call last):',
    '  File "/usr/lib/python3/dist-packages/pyca/opencast/http.py", line 88, in send',
    'ConnectionRefusedError: [Errno 111] Connection refused',
    '[pyca.ingest.service:98:step()] [INFO] tale: accepted by the core',
)
OUTPUT = (
    "Input #0, video4linux2,v4l2, from '/dev/video0':",
    '  Stream #0:0: Video: mjpeg, yuvj422p(pc), 1920x1080, 30 fps',
    'frame=36000 fps= 30 q=28.0 size= 1433600KiB time=00:20:00.00 bitrate=9786.1kbits/s speed=1x',
    '/dev/video0: No such device',
)


def tale(served: Served) -> None:
    """A recording that was interrupted, went on, was delivered; with all that is known of it."""
    scenes.at_work(served)
    journal = served.runs(TALE, {'camera.webm': b'', 'slides.webm': b''}, started=TALE.start + 2.0)
    first = journal.segments[0]
    first.ended, first.end, first.status, first.cause = TALE.start + 1202.0, End.FAILED, 1, 'exit code 1'
    names = ['camera-1.webm', 'slides-1.webm']
    journal.segments.append(Segment(1, TALE.start + 1204, TALE.end, names, started=TALE.start + 1204.0, status=0))
    journal.segments[1].signals.append((15, float(TALE.end)))
    scenes.grown(journal, 612_000_000)
    served.finishes(journal, TALE.end + 1.0, Said(EventStatus.FINISHED_RECORDING, 'finished', gaps=True))
    served.recordings.uploaded(TALE.uid, TALE.start, NOW - HOUR, 'gap of 2 s')
    elements = [
        {'kind': 'track', 'flavor': flavor, 'path': str(journal.path(name)), 'done': True, 'digest': digest * 16}
        for segment in journal.segments
        for name, flavor, digest in zip(
            segment.files, ('presenter/source', 'presentation/source'), ('9f3c', '07ab'), strict=True
        )
    ]
    asked = {'at': NOW - HOUR, 'said': 'The core has it, its workflow is running.'}
    told = {'version': 1, 'elements': elements, 'final_sent': NOW - HOUR - 40.0, 'accepted': NOW - HOUR}
    (journal.folder / 'upload.json').write_text(json.dumps({**told, 'inquiries': [asked]}))
    (journal.folder / 'recorder.log').write_text('\n'.join(OUTPUT))
    called = {
        'arguments': ['ffmpeg', '-f', 'v4l2', '-i', '/dev/video0', '-t', '5400', str(journal.path('camera.webm'))]
    }
    (journal.folder / 'keeper-0.json').write_text(json.dumps(called))
    logged(served)


def logged(served: Served) -> None:
    """A log as the agent writes it."""
    scenes.at_work(served)
    (served.folder / 'pyca.log').write_text('\n'.join(ENTRIES * 30))


def stalled(served: Served) -> None:
    """More waits than a page should show at once."""
    scenes.at_work(served)
    scenes.semester(served)
    for number in range(12):
        served.recorded(lecture(f's{number}', NOW - (number + 3) * HOUR, 45, f'Lecture {number}'), scenes.WAITING)


SCENES = (
    Scene('nothing', scenes.nothing, {'logging': Logging()}),
    Scene('idle', scenes.idle, open_to(log_command='true')),
    Scene('ready', scenes.ready, open_to(log_command='seq -f "line %g of the log" 300')),
    Scene('soon', scenes.soon),
    Scene('recording', scenes.recording, open_to(log_command='echo "recording now"')),
    Scene('guarded', scenes.recording, GUARDED, login=('admin', 'secret')),
    Scene('viewer', scenes.recording, GUARDED, login=('viewer', 'look')),
    Scene('troubled', scenes.troubled, open_to(log_command='echo broken >&2; exit 3')),
    Scene('stuck', scenes.stuck),
    Scene('stalled', stalled),
    Scene('interrupted', scenes.interrupted),
    Scene('failing', scenes.failing),
    Scene('finishing', scenes.finishing),
    Scene('silent', scenes.silent),
    Scene('archive', scenes.archive),
    Scene('found', scenes.ready, path='/status?q=logy&outcome=held'),
    Scene('hostile', scenes.hostile),
    Scene('backup', scenes.backup, {'agent': Agent(name='backup-1', backup_mode=True)}),
    Scene('unreadable', scenes.unreadable, status=503),
    Scene('refused', scenes.recording, path='/status?said=changed'),
    Scene('room', scenes.recording, GUARDED, '/room'),
    Scene('room-ready', scenes.ready, GUARDED, '/room'),
    Scene('room-silent', scenes.silent, GUARDED, '/room'),
    Scene('story', tale, path='/events/tale'),
    Scene('story-running', scenes.recording, path='/events/now'),
    Scene('story-planned', scenes.ready, path='/events/n1'),
    Scene('story-nobody', scenes.ready, path='/events/nobody', status=404),
    Scene('ask-end', scenes.recording, path='/events/now/end'),
    Scene('ask-delete', scenes.waiting, path='/events/w3/delete'),
    Scene('log', logged, path='/log'),
    Scene('log-event', logged, path='/log?event=tale'),
    Scene('log-error', scenes.idle, open_to(log_command='echo broken >&2; exit 3'), '/log'),
)


def scene(name: str) -> Scene:
    return next(one for one in SCENES if one.name == name)
