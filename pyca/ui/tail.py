"""The ends of text files, made harmless to look at."""

from __future__ import annotations

import os
from pathlib import Path


def tail(path: Path, most: int) -> str:
    """At most so many bytes, from the beginning of a line on if there is more. Raises OSError."""
    with path.open('rb') as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - most))
        text = file.read(most).decode('utf-8', 'replace')
    return text.partition('\n')[2] if size > most and '\n' in text else text


def clean(line: str) -> str:
    """Without what moves a cursor, changes colours, or turns the direction of what follows."""
    return ''.join(letter if letter.isprintable() or letter == '\t' else ' ' for letter in line)
