"""The names that every core takes: of files, of media packages."""

from __future__ import annotations

import re

LONGEST_NAME = 75
_ID = re.compile(r'[\w\-.:;()]+', re.ASCII)


def upload_name(name: str) -> str:
    """A file name that every core takes: ASCII, 75 characters, its extension kept (trap 25)."""
    plain = re.sub(r'[^\w.-]', '_', name, flags=re.ASCII)
    stem, dot, extension = plain.rpartition('.')
    if len(plain) <= LONGEST_NAME or not stem or len(extension) > LONGEST_NAME // 2:
        return plain[:LONGEST_NAME]
    return stem[: LONGEST_NAME - len(extension) - 1] + dot + extension


def can_be_package(uid: str) -> bool:
    """Whether the id of an event can be that of its media package (contract 7.2)."""
    return bool(_ID.fullmatch(uid) and uid.strip('.'))
