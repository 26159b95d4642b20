"""The log as the page shows it: the newest lines last, each with its severity."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pyca.clock import Clock
from pyca.masking import Redaction
from pyca.settings import Settings
from pyca.ui.logcommand import LogCommand
from pyca.ui.story.texts import naming
from pyca.ui.tail import clean, tail

SHOWN, DISABLED, EMPTY, ERROR = 'shown', 'disabled', 'empty', 'error'
SENTENCES = {
    SHOWN: '',
    DISABLED: 'No log is shown: set "log_command" in [ui], or "file" in [logging].',
    EMPTY: 'The log is empty.',
    ERROR: 'The log cannot be shown.',
}
"""What to say of each state; `LogView.reason` is said after it."""
SEVERITIES = ('debug', 'info', 'warning', 'error', 'critical')
LINES = 200
MOST = 1 << 20
"""Bytes at the end of the agent's log that are read."""

_LEVEL = re.compile(r'\b(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b')


@dataclass(frozen=True)
class LogLine:
    """`severity` is one of SEVERITIES; empty where a line does not say."""

    text: str
    severity: str = ''


@dataclass(frozen=True)
class LogView:
    """What there is to see at the time `at`. `state` is a key of SENTENCES, `reason` the cause of an error.

    `source` is `command`, `file`, or empty; `lines` are the last ones of `total`.
    """

    at: float
    state: str
    source: str = ''
    lines: tuple[LogLine, ...] = ()
    total: int = 0
    reason: str = ''


class LogViews:
    """Reads the log: what the administrator's command prints, else the agent's own file, if it writes one."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._mask: Callable[[str], str] = Redaction.of(settings)
        self._clock = clock
        self.command = LogCommand(settings.ui.log_command, clock, self._mask)
        self._file = settings.logging.file

    @property
    def enabled(self) -> bool:
        return self.command.configured or bool(self._file)

    def read(self, most: int = LINES, uid: str = '') -> LogView:
        """The last lines, or the last ones that name an event.

        It may take as long as the command does: ten seconds at most, and nothing for who asks soon after another.
        """
        if self.command.configured:
            seen = self.command.read()
            return _view(LogView(seen.at, SHOWN, 'command', reason=clean(seen.trouble)), seen.lines, most, uid)
        at = self._clock.now()
        if not self._file:
            return LogView(at, DISABLED)
        try:
            text = tail(Path(self._file), MOST)
        except FileNotFoundError:
            text = ''
        except OSError as error:
            return LogView(at, ERROR, 'file', reason=f'{self._file}: {error.strerror}')
        return _view(LogView(at, SHOWN, 'file'), self._mask(text).splitlines(), most, uid)


def _view(view: LogView, lines: Iterable[str], most: int, uid: str) -> LogView:
    if view.reason:
        return LogView(view.at, ERROR, view.source, reason=view.reason)
    found = naming(lines, uid) if uid else [line for line in lines if line.strip()]
    shown = tuple(_with_severity(found, continued=view.source == 'file' and not uid))[-most:]
    return LogView(view.at, SHOWN if shown else EMPTY, view.source, shown, len(found))


def _with_severity(lines: Iterable[str], *, continued: bool) -> Iterable[LogLine]:
    """In our own file, what says no level goes on with the message before it (a stack trace)."""
    severity = ''
    for line in lines:
        level = _LEVEL.search(line)
        severity = level[1].lower() if level else severity if continued else ''
        yield LogLine(clean(line), severity)
