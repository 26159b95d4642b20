"""The time zone of this machine, by its IANA name."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

LOCALTIME = Path('/etc/localtime')
FILE = Path('/etc/timezone')


def zone_name(localtime: Path = LOCALTIME, file: Path = FILE, tz: str | None = None) -> str:
    """Looked up anew each time, since it may be changed while the agent runs; empty where it has no such name.

    `tz`: what counts instead of the environment variable of this name.
    """
    given = os.environ.get('TZ', '') if tz is None else tz
    if given:
        return _known(given.removeprefix(':'))
    return _known(_linked(localtime)) or _known(_written(file))


def _linked(localtime: Path) -> str:
    try:
        return os.path.realpath(localtime).rpartition('/zoneinfo/')[2]
    except OSError:
        return ''


def _written(file: Path) -> str:
    try:
        return file.read_text(encoding='ascii', errors='replace').strip()
    except OSError:
        return ''


def _known(name: str) -> str:
    """The name itself; empty for what is none, such as the rules that TZ may have."""
    name = name.removeprefix('posix/').removeprefix('right/')
    try:
        return name if name and ZoneInfo(name) else ''
    except (KeyError, ValueError, OSError):
        return ''
