"""The body of a request for libcurl: from memory, from the disk by itself, or block by block through us."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pycurl

from pyca.opencast.exchange import Request
from pyca.opencast.multipart import Multipart

BLOCK, SMALLEST_BLOCK = 512 * 1024, 16 * 1024
"""Bytes that libcurl reads from a file at a time, without and with a rate limit."""
_LENGTH = getattr(pycurl, 'CONTENT_LENGTH_UPLOAD_T', pycurl.CONTENT_LENGTH_UPLOAD)
_SIZE = getattr(pycurl, 'SIZE_UPLOAD_T', pycurl.SIZE_UPLOAD)
"""The older ones are deprecated, the newer ones not everywhere."""


def attach(curl: Any, request: Request, rate: int) -> list[str]:
    """Give `curl` the body; the header lines that it needs. `rate`: bytes per second, 0 is no limit."""
    if request.body is not None:
        curl.setopt(pycurl.POSTFIELDS, request.body)
    if request.form is None:
        return []
    curl.setopt(pycurl.UPLOAD_BUFFERSIZE, min(BLOCK, max(SMALLEST_BLOCK, rate)) if rate else BLOCK)
    request.form.rewind()
    if request.form.path is not None and hasattr(pycurl, 'CurlMime'):
        curl.setopt(pycurl.MIMEPOST, _mime(curl, request.form))
        return []
    curl.setopt(pycurl.POST, 1)
    curl.setopt(pycurl.POSTFIELDSIZE_LARGE, request.form.length)
    curl.setopt(pycurl.READFUNCTION, _reader(request.form))
    return [f'Content-Type: {request.form.content_type}']


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


def _reader(form: Multipart) -> Callable[[int], bytes | int]:
    def read(size: int) -> bytes | int:
        block = form.read(size)
        return pycurl.READFUNC_ABORT if block is None else block

    return read
