"""An authority that signs certificates, made by the test that needs one."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

NEW = ('-newkey', 'rsa:2048', '-nodes')


def openssl(*words: object, given: str = '') -> None:
    subprocess.run(['openssl', *map(str, words)], input=given.encode(), check=True, capture_output=True)


class Authority:
    """`file` is what an administrator would name in `certificate`."""

    def __init__(self, folder: Path, name: str = 'the university') -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file, self._key, self._folder = folder / 'ca.pem', folder / 'ca.key', folder
        openssl('req', '-x509', *NEW, '-subj', f'/CN={name}', '-keyout', self._key, '-out', self.file, '-days', 2)

    def server(self, *, alternative: str = 'IP:127.0.0.1', days: int = 2) -> ssl.SSLContext:
        """A server's side of TLS, with a certificate for these names, good for so many days from now."""
        key, request, cert = (self._folder / name for name in ('core.key', 'core.csr', 'core.pem'))
        openssl('req', *NEW, '-subj', '/CN=core', '-keyout', key, '-out', request)
        signed = ('-CA', self.file, '-CAkey', self._key, '-out', cert, '-days', days, '-extfile', '/dev/stdin')
        openssl('x509', '-req', '-in', request, *signed, given=f'subjectAltName={alternative}')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context
