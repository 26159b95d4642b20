"""Tells what happens in lines, in a terminal with a moving one below them."""

from __future__ import annotations

import time
from typing import TextIO

WIDTH = 30
ERASE = '\r\x1b[K'


class Display:
    """Writes to a terminal or to anything else; the moving line is for terminals only."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._moves = out.isatty()
        self._moving = ''

    def say(self, text: str = '') -> None:
        """A line that stays."""
        moving = self._moving
        self.clear()
        self._out.write(f'{text}\n')
        self._out.flush()
        if moving:
            self.move(moving)

    def tell(self, text: str) -> None:
        """A line that stays, with the time of day."""
        self.say(f'{time.strftime("%H:%M:%S")}  {text}')

    def move(self, text: str) -> None:
        """Replace the moving line."""
        if self._moves and text != self._moving:
            self._out.write(f'{ERASE}{text}')
            self._out.flush()
            self._moving = text

    def clear(self) -> None:
        """Take the moving line away."""
        if self._moving:
            self._out.write(ERASE)
            self._moving = ''


def bar(name: str, done: float, total: float, unit: str) -> str:
    """A progress bar in plain characters."""
    part = min(1.0, max(0.0, done / total)) if total else 0.0
    full = round(part * WIDTH)
    return f'          {name} [{"#" * full}{"." * (WIDTH - full)}] {part:4.0%} of {total:.0f} {unit}'
