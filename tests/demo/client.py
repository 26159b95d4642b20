"""A small HTTP client for the tests of the stand-in core, on the standard library."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FormPart = tuple[str, 'str | None', bytes]
"""Name, file name or None, content."""


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self, now: float = 1_749_110_400.0) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._now

    def move(self, seconds: float) -> None:
        self._now += seconds


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks one host; keeps its cookie."""

    def __init__(self, url: str, user: str = 'admin', password: str = 'opencast', *, cookies: bool = True) -> None:
        self.host = urllib.parse.urlsplit(url).netloc
        self.login = {'Authorization': 'Basic ' + base64.b64encode(f'{user}:{password}'.encode()).decode()}
        if not user:
            self.login = {}
        self._cookies = cookies
        self._cookie = ''

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            cookie = {'Cookie': self._cookie} if self._cookie else {}
            connection.request(method, path, body, {**self.login, **cookie, **(headers or {})})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            if self._cookies and 'set-cookie' in names:
                self._cookie = names['set-cookie'].partition(';')[0]
            return Reply(answer.status, names, answer.read())
        finally:
            connection.close()

    def get(self, path: str, headers: Mapping[str, str] | None = None, **query: str) -> Reply:
        return self.ask('GET', path + ('?' + urllib.parse.urlencode(query) if query else ''), None, headers)

    def post(self, path: str, **fields: str) -> Reply:
        body = urllib.parse.urlencode(fields).encode()
        return self.ask('POST', path, body, {'Content-Type': 'application/x-www-form-urlencoded'})

    def form(self, path: str, parts: Sequence[FormPart]) -> Reply:
        body, kind = multipart(parts)
        return self.ask('POST', path, body, {'Content-Type': kind})

    # -- whole stories --------------------------------------------------------------------------------------------

    def begin(self, uid: str = '') -> str:
        """Ask for the ingest endpoint, make a media package."""
        self.get('/services/available.json', serviceType='org.opencastproject.ingest')
        if uid:
            return self.ask('PUT', f'/ingest/createMediaPackageWithID/{uid}').text
        return self.get('/ingest/createMediaPackage').text

    def track(self, package: str, content: bytes = b'video', flavor: str = 'presenter/source', **more: str) -> Reply:
        fields: list[FormPart] = [('flavor', None, flavor.encode())]
        fields += [(name, None, value.encode()) for name, value in more.items()]
        fields += [('mediaPackage', None, package.encode()), ('BODY', 'camera.mp4', content)]
        return self.form('/ingest/addTrack', fields)

    def deliver(self, uid: str, *, own_id: bool = True, content: bytes = b'video') -> Reply:
        """A whole upload, by way 1 (own id) or way 2 (`workflowInstanceId`)."""
        package = self.track(self.begin(uid if own_id else ''), content).text
        return self.post('/ingest/ingest', mediaPackage=package, workflowInstanceId=uid)


def multipart(parts: Sequence[FormPart]) -> tuple[bytes, str]:
    body = b''
    for name, filename, content in parts:
        body += f'--frontier\r\nContent-Disposition: form-data; name="{name}"'.encode()
        body += f'; filename="{filename}"'.encode() if filename is not None else b''
        body += b'\r\n\r\n' + content + b'\r\n'
    return body + b'--frontier--\r\n', 'multipart/form-data; boundary=frontier'


def digest(reply: Reply, user: str, password: str, method: str, uri: str) -> dict[str, str]:
    """The headers that answer a digest challenge."""
    found = re.search(r'nonce="([^"]+)"', reply.headers['www-authenticate'])
    assert found
    nonce = found.group(1)

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    first, second = md5(f'{user}:Opencast:{password}'), md5(f'{method}:{uri}')
    response = md5(f'{first}:{nonce}:00000001:abc:auth:{second}')
    value = (
        f'Digest username="{user}", realm="Opencast", nonce="{nonce}", uri="{uri}", qop=auth, nc=00000001,'
        f' cnonce="abc", response="{response}"'
    )
    return {'Authorization': value, 'X-Requested-Auth': 'Digest'}
