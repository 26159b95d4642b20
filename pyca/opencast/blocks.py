"""The lines of a calendar, cut without understanding them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pyca.errors import NotUnderstood

_PARAMETER = re.compile(r';([^=;:"]+)=("[^"]*"|[^;:",]*(?:,(?:"[^"]*"|[^;:",]*))*)')
_NAME = re.compile(r'[A-Za-z0-9_-]+')
_SHORT = 64
"""Longer lines are no BEGIN and no END."""
LONGEST = 4 << 20
"""Bytes of a property that are read; no catalog comes near it, and each lies in several files for as long as its
event does."""


@dataclass(frozen=True)
class Block:
    """The lines between BEGIN and END of one entry. `closed` is false where its END is missing."""

    lines: Sequence[bytes]
    closed: bool

    @property
    def digest(self) -> bytes:
        """What tells whether an entry has changed; its DTSTAMP is the time of the request (trap 19)."""
        told, skipping = hashlib.blake2b(digest_size=16, person=b'open' if not self.closed else b''), False
        for line in self.lines:
            skipping = line[:7].upper() == b'DTSTAMP' or (skipping and line[:1] in (b' ', b'\t'))
            if not skipping:
                told.update(line)
                told.update(b'\n')
        return told.digest()


@dataclass(frozen=True)
class Line:
    """One property. `head` is its name with parameters, as it stands there; not `whole`: the rest was left out."""

    head: str
    name: str
    parameters: dict[str, str]
    value: str
    whole: bool = True


def entries(body: bytes) -> list[Block]:
    """The VEVENT blocks of a calendar. Raises NotUnderstood unless it is whole, from BEGIN to END (H34)."""
    lines = body.removeprefix(b'\xef\xbb\xbf').strip().split(b'\n')
    if not _is(lines[0], b'BEGIN:VCALENDAR'):
        raise NotUnderstood(f'the core answered with something that is no calendar: {body[:80]!r}')
    if not _is(lines[-1], b'END:VCALENDAR'):
        raise NotUnderstood(f'the core answered with a calendar that is cut off: it ends with {body[-80:]!r}')
    found: list[Block] = []
    start: int | None = None
    for number, line in enumerate(lines):
        if len(line) > _SHORT or line[:1] not in b'BEbe':
            continue
        if _is(line, b'BEGIN:VEVENT') or _is(line, b'END:VCALENDAR'):
            if start is not None:
                found.append(Block(lines[start:number], False))
            start = number + 1 if line[:1] in b'Bb' else None
        elif start is not None and _is(line, b'END:VEVENT'):
            found.append(Block(lines[start:number], True))
            start = None
    return found


def properties(block: Block) -> Iterator[Line]:
    """The properties of an entry, unfolded (blanks or tabs, at any width), without those of an alarm inside it.

    Blank lines are passed over: old servers put one behind each ATTACH (trap 20).
    """
    depth = 0
    for text in _unfolded(block.lines):
        mark = text[:6].upper()
        depth += (mark == 'BEGIN:') - (mark[:4] == 'END:')
        line = _line(text) if depth <= 0 and mark[:4] != 'END:' else None
        if line is not None:
            yield line


def uid(block: Block) -> str:
    """The id in an entry that may be broken otherwise; empty if there is none."""
    return next((line.value.strip() for line in properties(block) if line.name == 'UID'), '')


def _is(line: bytes, word: bytes) -> bool:
    return line.strip().upper() == word


def _unfolded(lines: Sequence[bytes]) -> Iterator[str]:
    """Each property in one line, which ends behind `LONGEST`."""
    parts: list[bytes] = []
    length = 0
    for raw in lines:
        line = raw[: LONGEST + 2].rstrip(b'\r')
        if line[:1] in (b' ', b'\t'):
            if length <= LONGEST:
                parts.append(line[1:])
                length += len(line) - 1
        elif line:
            if parts:
                yield b''.join(parts).decode('utf-8', 'replace')
            parts, length = [line], len(line)
    if parts:
        yield b''.join(parts).decode('utf-8', 'replace')


def _line(text: str) -> Line | None:
    match = _NAME.match(text)
    if match is None:
        return None
    parameters, position = {}, match.end()
    while (found := _PARAMETER.match(text, position)) is not None:
        parameters[found.group(1).strip().upper()] = found.group(2).replace('"', '')
        position = found.end()
    if text[position : position + 1] != ':':
        return None
    return Line(text[:position], match.group().upper(), parameters, text[position + 1 :], len(text) <= LONGEST)
