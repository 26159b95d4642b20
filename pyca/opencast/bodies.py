"""The body of a request for libcurl: from memory, from the disk by itself, or block by block through us."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pycurl

from pyca.clock import Clock
from pyca.opencast.body import Body
from pyca.opencast.exchange import Request
from pyca.opencast.multipart import Multipart

BLOCK, SMALLEST_BLOCK = 512 * 1024, 16 * 1024
"""Bytes that libcurl reads from a file at a time, without and with a rate limit."""
_LENGTH = getattr(pycurl, 'CONTENT_LENGTH_UPLOAD_T', pycurl.CONTENT_LENGTH_UPLOAD)
_SIZE = getattr(pycurl, 'SIZE_UPLOAD_T', pycurl.SIZE_UPLOAD)
"""The older ones are deprecated, the newer ones not everywhere."""


TRICKLE, TRICKLE_EVERY = SMALLEST_BLOCK, 4.0
"""Bytes that go out in so many seconds while a body is held back: the core closes a connection that is silent."""
Held = Callable[[], bool]


def attach(curl: Any, request: Request, rate: int, held: Held | None, clock: Clock) -> list[str]:
    """Give `curl` the body; the header lines that it needs. `rate`: bytes per second, 0 is no limit.

    While `held` says so, next to nothing of a form goes out.
    """
    if request.body is not None:
        curl.setopt(pycurl.POSTFIELDS, request.body)
    if request.form is None:
        return []
    curl.setopt(pycurl.UPLOAD_BUFFERSIZE, min(BLOCK, max(SMALLEST_BLOCK, rate)) if rate else BLOCK)
    request.form.rewind()
    if held is None and isinstance(request.form, Multipart) and request.form.path and hasattr(pycurl, 'CurlMime'):
        curl.setopt(pycurl.MIMEPOST, _mime(curl, request.form))
        return []
    curl.setopt(pycurl.POST, 1)
    curl.setopt(pycurl.POSTFIELDSIZE_LARGE, request.form.length)
    curl.setopt(pycurl.READFUNCTION, _reader(request.form) if held is None else Tap(request.form, held, clock))
    return [f'Content-Type: {request.form.content_type}']


class Tap:
    """Lets a body through, or while it is held back a little of it now and then."""

    def __init__(self, form: Body, held: Held, clock: Clock) -> None:
        self._form = form
        self._held = held
        self._clock = clock
        self._last: float | None = None

    def __call__(self, size: int) -> bytes | int:
        if self._held():
            now = self._clock.monotonic()
            if self._last is not None and now - self._last < TRICKLE_EVERY:
                self._form.paused = True
                return pycurl.READFUNC_PAUSE
            self._last, size = now, min(size, TRICKLE)
        block = self._form.read(size)
        return pycurl.READFUNC_ABORT if block is None else block


def wake(curl: Any, form: Body) -> None:
    """Ask again whether a body that was held back may go on."""
    if form.paused:
        form.paused = False
        curl.pause(pycurl.PAUSE_CONT)


def gone_out(curl: Any, request: Request) -> bool:
    """Whether the core may have the whole request."""
    if curl.getinfo(pycurl.PRETRANSFER_TIME) <= 0 or curl.getinfo(pycurl.REQUEST_SIZE) <= 0:
        return False
    length = curl.getinfo(_LENGTH)
    return bool(curl.getinfo(_SIZE) >= (length if length > 0 else request.length))


def _mime(curl: Any, form: Multipart) -> Any:
    """The same form for libcurl to read by itself: a fifth faster than through Python, where a pycurl can do it."""
    mime = pycurl.CurlMime(curl)
    for name, value in form.fields:
        mime.add_field(name, value.encode('utf-8', 'replace'))
    part = mime.add(name='BODY1', filename=form.name, content_type='application/octet-stream')
    part.filedata(os.fsencode(form.path or ''))
    part.filename(form.name)
    return mime


def _reader(form: Body) -> Callable[[int], bytes | int]:
    def read(size: int) -> bytes | int:
        block = form.read(size)
        return pycurl.READFUNC_ABORT if block is None else block

    return read
