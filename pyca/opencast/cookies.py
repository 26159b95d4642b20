"""The cookie file: sessions that survive a restart."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

logger = logging.getLogger(__name__)


class CookieFile:
    """A cookie jar in the format of Netscape, as libcurl writes it.

    Several processes may name the same file (H64): each reads it once, and writes it as a whole under another name
    before it takes the place of the old one. The last writer wins; nobody ever reads half a file.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._warned = False

    def load(self) -> list[str]:
        """The lines of the cookies, none if there is no file yet."""
        if self._path is None:
            return []
        try:
            lines = self._path.read_text(encoding='utf-8', errors='replace').splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            self._warn('cannot be read', error)
            return []
        return [line for line in lines if line.count('\t') == 6 and (line[:1] != '#' or line.startswith('#HttpOnly_'))]

    def save(self, lines: Sequence[str]) -> None:
        """Write the cookies; a file that cannot be written is worth a warning, no more."""
        if self._path is None:
            return
        try:
            handle, name = tempfile.mkstemp(prefix=f'.{self._path.name}.', dir=self._path.parent)
            try:
                with os.fdopen(handle, 'w', encoding='utf-8', errors='replace') as file:
                    file.write('\n'.join(['# Netscape HTTP Cookie File', *lines, '']))
                os.replace(name, self._path)
            except OSError:
                os.unlink(name)
                raise
        except OSError as error:
            self._warn('cannot be written', error)

    def _warn(self, what: str, error: OSError) -> None:
        if not self._warned:
            logger.warning(
                'The cookie file %s %s: %s. The agent logs in anew instead.', self._path, what, error.strerror
            )
        self._warned = True
