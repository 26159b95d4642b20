"""Passwords as digests that cannot be turned back.

A digest is one word without the characters that mean something in `pyca.conf`: `scrypt:14:8:1:<salt>:<digest>`, the
first number being the power of two.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re

PREFIX = 'scrypt:'
COST = (14, 8, 1)
"""16 MiB, a twentieth of a second on a desktop, a fifth on a Raspberry Pi."""
SIZE = 32
MOST = 1 << 20
"""Eight times what today's digests cost, 128 MiB: a line of the file must not be able to stop the machine."""

_FORM = re.compile(r'scrypt:(\d{1,2}):(\d{1,2}):(\d{1,2}):([\w-]{22}):([\w-]{43})')


def digest_of(password: str) -> str:
    """A digest with a salt of its own."""
    salt = os.urandom(16)
    cost = ':'.join(str(number) for number in COST)
    return f'{PREFIX}{cost}:{_text(salt)}:{_text(_scrypt(password, salt, COST))}'


def is_digest(stored: str) -> bool:
    """Whether this is a digest and no password."""
    return _parts(stored) is not None


def is_broken(stored: str) -> bool:
    """Whether this looks like a digest that was not copied as a whole."""
    return stored.startswith(PREFIX) and not is_digest(stored)


def matches(stored: str, given: str) -> bool:
    """Whether the password is the one that is stored, as itself or as a digest; takes as long if not."""
    parts = _parts(stored)
    if parts is None:
        return hmac.compare_digest(_bytes(stored), _bytes(given))
    cost, salt, digest = parts
    return hmac.compare_digest(digest, _scrypt(given, salt, cost))


def _parts(stored: str) -> tuple[tuple[int, int, int], bytes, bytes] | None:
    found = _FORM.fullmatch(stored)
    if not found:
        return None
    power, size, workers = (int(found[number]) for number in (1, 2, 3))
    if not (power and size and workers) or power >= 16 * size or (size * workers) << power > MOST:
        return None
    return (power, size, workers), _raw(found[4]), _raw(found[5])


def _scrypt(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    power, size, workers = cost
    memory = 128 * size * ((1 << power) + workers + 2) + (1 << 20)
    return hashlib.scrypt(_bytes(password), salt=salt, n=1 << power, r=size, p=workers, maxmem=memory, dklen=SIZE)


def _bytes(text: str) -> bytes:
    return text.encode('utf-8', 'surrogatepass')


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b'=').decode('ascii')


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))
