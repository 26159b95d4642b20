"""Log files as far as they are about one event, without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from pyca.ui.tail import clean, tail

SEARCHED = 4 << 20
"""Bytes at the end of the agent's log that are searched."""
SHOWN = 16 << 10
"""Bytes of what a recorder printed."""
LINES = 200


def about(path: Path, uid: str, mask: Callable[[str], str]) -> tuple[str, ...] | None:
    """The last lines that name the event; None if the log cannot be read."""
    try:
        text = tail(path, SEARCHED)
    except OSError:
        return None
    return tuple(clean(mask(line)) for line in naming(text.splitlines(), uid)[-LINES:])


def naming(lines: Iterable[str], uid: str) -> list[str]:
    """The lines that name the event; an id that only begins so is another one's."""
    name = re.compile(rf'(?<![\w-]){re.escape(uid)}(?![\w-])')
    return [line for line in lines if uid in line and name.search(line)]


def output(path: Path, mask: Callable[[str], str]) -> tuple[str, ...]:
    """The last lines of a program's output. One that shows its progress writes over its last line again and again."""
    try:
        text = tail(path, SHOWN)
    except OSError:
        return ()
    lines = [line.rsplit('\r', 1)[-1] for line in text.replace('\r\n', '\n').split('\n')]
    return tuple(clean(mask(line)) for line in lines if line.strip())[-LINES:]
