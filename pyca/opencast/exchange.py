"""One request with the answer to it while they are on their way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from pyca.errors import CoreError, Interrupted, NotUnderstood, Unreachable
from pyca.opencast.body import Body
from pyca.opencast.causes import UNKNOWN_CODING, cause
from pyca.opencast.watch import Verdict, Watch

MOST = 64 * 2**20
"""Bytes of an answer that is not announced to be large."""
_SAFE = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True)
class Upload:
    """A file to send. `name` is what the core calls it: ASCII, 75 characters at most (trap 25).

    `progress` hears bytes sent and bytes in all. `answer_limit`: seconds for the answer, after the last byte.
    """

    path: Path
    name: str
    progress: Callable[[int, int], bool | None] | None = None
    answer_limit: float = 600.0


@dataclass(frozen=True)
class Request:
    """What is asked. `once` = on a connection of its own, since libcurl repeats what dies on a kept one."""

    method: str
    url: str
    headers: tuple[str, ...] = ()
    body: bytes | None = None
    form: Body | None = None
    progress: Callable[[int, int], bool | None] | None = None
    once: bool = False
    most: int = MOST
    answer_limit: float | None = None

    @property
    def wire_url(self) -> str:
        """The address in ASCII."""
        return quote(self.url, safe=_SAFE)

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return self.form.length if self.form else len(self.body or b'')

    @property
    def place(self) -> str:
        """The request in a sentence, without whatever account an address may carry."""
        try:
            shown = urlsplit(self.url)
        except ValueError:
            return f'{self.method} {self.url!r}'
        return f'{self.method} {shown._replace(netloc=shown.netloc.rpartition("@")[2]).geturl()}'


@dataclass
class Answer:
    """Collects an answer while it arrives. `full` = it is larger than it may be."""

    most: int
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: list[bytes] = field(default_factory=list)
    size: int = 0
    ended: bool = False
    full: bool = False

    def header(self, line: bytes) -> None:
        """Take one line; a status line begins anew (100, or the answer of a proxy to CONNECT, came before)."""
        text = line.decode('utf-8', 'replace').strip()
        name, colon, value = text.partition(':')
        if text.startswith('HTTP/') and ' ' in name:
            code = text.split(' ')[1]
            self.status, self.headers, self.ended = int(code) if code.isdecimal() else 0, {}, False
        elif not text:
            self.ended = self.status >= 200
        elif colon:
            key = name.strip().lower()
            self.headers[key] = ', '.join(filter(None, (self.headers.get(key, ''), value.strip())))

    def write(self, block: bytes) -> int | None:
        """Take a part of the body; 0 ends the transfer."""
        self.size += len(block)
        self.full = self.size > self.most
        self.body.append(block)
        return 0 if self.full else None


@dataclass(frozen=True)
class Failure:
    """How a transfer ended without an answer: libcurl's number and words, and how far it had come."""

    number: int
    text: str
    connected: bool
    sent: bool

    def error(self, request: Request, watch: Watch, answer: Answer) -> CoreError | Interrupted:
        """The exception to raise."""
        if watch.verdict is Verdict.INTERRUPTED:
            return Interrupted(f'{request.place}: ended, the program is to stop')
        if watch.verdict is Verdict.STALLED:
            return Unreachable(f'{request.place}: no byte could be sent for {watch.stall:.0f} s; it is tried again')
        if watch.verdict is Verdict.UNANSWERED:
            said = f'{request.place}: sent, but no answer for {watch.answer_limit:.0f} s'
            return Unreachable(f'{said}; the core is asked later what became of it', sent=True)
        if answer.full:
            return NotUnderstood(f'{request.place}: the answer is larger than {request.most} bytes')
        if self.number == UNKNOWN_CODING:
            coding = answer.headers.get('content-encoding', 'an unknown way')
            said = f'the answer is compressed by {coding}, which cannot be read here'
            return NotUnderstood(f'{request.place}: {said}; have the server, or the proxy before it, send it plain')
        return Unreachable(
            f'{request.place}: {cause(self.number, self.text, connected=self.connected)}', sent=self.sent
        )
