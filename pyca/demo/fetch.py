"""Downloads what a request only names by its address (contract 7.4)."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.client import HTTPException
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from pyca.demo.multipart import CHUNK

SECONDS = 30.0


class NotFetched(Exception):
    """The download failed, or the address is none."""


class _Straight(urllib.request.HTTPRedirectHandler):
    """Takes a redirect for what it is: no file."""

    def redirect_request(self, *request: object) -> None:
        """Go nowhere."""


class Download:
    """An open download. The name comes from the address, or from what the server says."""

    def __init__(self, address: str) -> None:
        if urlsplit(address).scheme not in ('http', 'https'):
            raise NotFetched(address)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Straight)
        try:
            self._answer = opener.open(address, timeout=SECONDS)
        except urllib.error.HTTPError as error:
            error.close()
            raise NotFetched(address) from error
        except (OSError, HTTPException, ValueError) as error:
            raise NotFetched(address) from error
        said = re.search(r'filename="?([^";]+)', self._answer.headers.get('Content-Disposition', ''))
        self.name = said.group(1) if said else PurePosixPath(urlsplit(address).path).name
        if self._answer.status != 200 or not PurePosixPath(self.name).suffix:
            self._answer.close()
            raise NotFetched(address)

    def chunks(self) -> Iterator[bytes]:
        """The content; the connection is closed at its end."""
        with self._answer:
            try:
                yield from iter(partial(self._answer.read, CHUNK), b'')
            except (OSError, HTTPException) as error:
                raise NotFetched('the download broke off') from error
