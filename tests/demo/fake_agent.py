"""A tiny agent, written from the protocol alone, that plays the program of `pyca demo`.

`python fake_agent.py <behaviour> -c <pyca.conf> run|ui`. Behaviours: good, bad (does everything wrong), dies,
endless (has a child of its own, does not end).
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from http.cookiejar import CookieJar
from pathlib import Path
from types import FrameType

BEHAVIOUR = sys.argv[1]
NAME = 'demo-hall'
stopped = threading.Event()


class Core:
    """The few calls that a recording needs."""

    def __init__(self, conf: str) -> None:
        self.url = option(conf, 'url')
        login = f'{option(conf, "username")}:{option(conf, "password")}'
        self._auth = 'Basic ' + base64.b64encode(login.encode()).decode()
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(jar, urllib.request.ProxyHandler())

    def ask(self, method: str, path: str, data: bytes | None = None, kind: str = '') -> str:
        headers = {'Authorization': self._auth, **({'Content-Type': kind} if kind else {})}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with self._opener.open(request, timeout=60) as answer:
            return str(answer.read().decode())

    def post(self, path: str, **fields: str) -> str:
        data = urllib.parse.urlencode(fields).encode()
        return self.ask('POST', path, data, 'application/x-www-form-urlencoded')

    def agent(self, state: str) -> None:
        self.post(f'/capture-admin/agents/{NAME}', state=state, address='http://127.0.0.1')

    def recording(self, uid: str, state: str) -> None:
        self.post(f'/capture-admin/recordings/{uid}', state=state)

    def upload(self, uid: str, file: Path) -> None:
        self.ask('GET', '/services/available.json?serviceType=org.opencastproject.ingest')
        package = self.ask('PUT', f'/ingest/createMediaPackageWithID/{uid}')
        package = self.ask('POST', '/ingest/addTrack', *multipart(package, file))
        self.post('/ingest/ingest', mediaPackage=package, workflowInstanceId=uid)


def option(conf: str, key: str) -> str:
    found = re.search(rf'^{key} = (?:"""(.*)"""|\'(.*)\'|(.*))$', conf, re.MULTILINE)
    assert found
    return next(group for group in found.groups() if group is not None)


def multipart(package: str, file: Path) -> tuple[bytes, str]:
    fields = {'flavor': 'presenter/source', 'mediaPackage': package}
    head = ''.join(f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items())
    head += f'--b\r\nContent-Disposition: form-data; name="BODY"; filename="{file.name}"\r\n\r\n'
    return head.encode() + file.read_bytes() + b'\r\n--b--\r\n', 'multipart/form-data; boundary=b'


def schedule(core: Core) -> list[tuple[int, int, str]]:
    text = core.ask('GET', f'/recordings/calendars?agentid={NAME}')

    def epochs(name: str) -> list[int]:
        return [
            int(datetime.strptime(found, '%Y%m%dT%H%M%SZ').replace(tzinfo=timezone.utc).timestamp())
            for found in re.findall(rf'^{name}:(\S+)', text, re.MULTILINE)
        ]

    return sorted(zip(epochs('DTSTART'), epochs('DTEND'), re.findall(r'^UID:(\S+)', text, re.MULTILINE), strict=True))


def record(conf: str, start: int, end: int, uid: str) -> Path:
    stopped.wait(max(0.0, start - time.time()))
    name = f'recording-{start}-{uid}'
    folder = Path(option(conf, 'directory')) / name
    folder.mkdir(parents=True)
    words = {'time': str(max(1, int(end - time.time() + 0.5))), 'dir': str(folder), 'name': name}
    command = option(conf, 'command')
    for word, value in words.items():
        command = command.replace('{{' + word + '}}', value)
    recorder = subprocess.Popen(shlex.split(command), start_new_session=True)
    with contextlib.suppress(subprocess.TimeoutExpired):
        recorder.wait(120)
    return folder / f'{name}.mkv'


def one(core: Core, conf: str, event: tuple[int, int, str]) -> None:
    start, end, uid = event
    stopped.wait(max(0.0, start - time.time()))
    core.agent('capturing')
    if BEHAVIOUR != 'bad':
        core.recording(uid, 'capturing')
    file = record(conf, start, end, uid)
    core.recording(uid, 'capture_finished')
    core.recording(uid, 'uploading')
    core.upload(uid, file)
    if BEHAVIOUR == 'bad':
        core.ask('GET', '/services/available.json?serviceType=org.opencastproject.ingest')
        package = core.ask('GET', '/ingest/createMediaPackage')
        core.post('/ingest/ingest', mediaPackage=package)
    if BEHAVIOUR == 'bad':
        file.write_bytes(file.read_bytes()[:-1] + b'!')
    core.recording(uid, 'upload_finished')


def main() -> None:
    conf = Path(sys.argv[3]).read_text()
    if BEHAVIOUR == 'dies':
        sys.stdout.write('the reason of its death\n')
        sys.exit(3)
    core = Core(conf)

    def goodbye(number: int, frame: FrameType | None) -> None:
        if BEHAVIOUR not in ('bad', 'endless'):
            core.agent('offline')
            os._exit(0)

    signal.signal(signal.SIGTERM, goodbye)
    if sys.argv[4] == 'run':
        core.agent('idle')
        if BEHAVIOUR == 'endless':
            subprocess.Popen(['sleep', '1000'], start_new_session=True)
        for event in schedule(core):
            one(core, conf, event)
        core.agent('idle')
    while not stopped.wait(0.2):
        pass


main()
