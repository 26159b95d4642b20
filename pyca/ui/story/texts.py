"""Log files as people may see them: their ends, without secrets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

SEARCHED = 4 << 20
"""Bytes at the end of the agent's log that are searched."""
SHOWN = 16 << 10
"""Bytes of what a recorder printed."""
LINES = 200


def about(path: Path, uid: str, mask: Callable[[str], str]) -> tuple[str, ...] | None:
    """The last lines that name the event; None if the log cannot be read."""
    text = _end(path, SEARCHED)
    if text is None:
        return None
    found = [line for line in text.splitlines() if uid in line]
    return tuple(_clean(mask(line)) for line in found[-LINES:])


def output(path: Path, mask: Callable[[str], str]) -> tuple[str, ...]:
    """The last lines of a program's output. One that shows its progress writes over its last line again and again."""
    text = _end(path, SHOWN) or ''
    lines = [line.rsplit('\r', 1)[-1] for line in text.replace('\r\n', '\n').split('\n')]
    return tuple(_clean(mask(line)) for line in lines if line.strip())[-LINES:]


def _end(path: Path, most: int) -> str | None:
    try:
        with path.open('rb') as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most))
            content = file.read(most)
    except OSError:
        return None
    text = content.decode('utf-8', 'replace')
    return text.partition('\n')[2] if size > most and '\n' in text else text


def _clean(line: str) -> str:
    """Without what moves a cursor or changes colours."""
    return ''.join(letter if letter.isprintable() or letter == '\t' else ' ' for letter in line)
