"""Sends log messages where the configuration wants them, without passwords.

A place that cannot be written (a missing folder, a full disk, no syslog) is said once on standard error and tried
again with each message; it never disturbs who logs.
"""

from __future__ import annotations

import logging
import logging.handlers
import re
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from pyca import settings

_SYSLOG_WAIT = 0.1
"""Seconds that a syslog which does not read may hold up who logs."""
_PRIORITY = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
_USER = 1 << 3
_CONTROL = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029]')
_CHATTY = ('alembic',)
"""Packages whose progress is of no interest to somebody who runs a capture agent."""


class Logs:
    """The handlers that were set up, to be reopened (SIGHUP) or closed."""

    def __init__(self, root: logging.Logger, handlers: list[logging.Handler], level: str) -> None:
        self._root = root
        self._before = root.level
        root.setLevel(level)
        self._handlers = handlers
        for handler in handlers:
            root.addHandler(handler)

    def reopen(self) -> None:
        """Begin a new log file after somebody moved the old one; the next message creates it."""
        for handler in self._handlers:
            if isinstance(handler, logging.FileHandler):
                handler.close()

    def close(self) -> None:
        for handler in self._handlers:
            self._root.removeHandler(handler)
            handler.close()
        self._handlers = []
        self._root.setLevel(self._before)


def setup(
    options: settings.Logging,
    redact: Callable[[str], str],
    *,
    root: logging.Logger | None = None,
    stderr: TextIO | None = None,
    syslog: str = '/dev/log',
) -> Logs:
    """Log as configured. `redact` takes secrets out of each finished line; `syslog` is the path of its socket.

    Call it once, or `close` what it returned before calling it again.
    """
    root = logging.getLogger() if root is None else root
    stream = sys.stderr if stderr is None else stderr
    handlers: list[_Steady] = []
    if options.stderr:
        handlers.append(_Stream(stream))
    if options.file:
        file = _File(options.file, encoding='utf-8', errors='backslashreplace', delay=True)
        file.target = options.file
        handlers.append(file)
    if options.syslog:
        handlers.append(_Syslog(syslog))
    for handler in handlers:
        handler.setFormatter(_Formatter(options.format, redact))
        handler.complaints = _Complaints(stream, redact)
        if options.level != 'debug':
            handler.addFilter(_matters)
    return Logs(root, [*handlers], options.level.upper())


def _matters(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or record.name.partition('.')[0] not in _CHATTY


class _Formatter(logging.Formatter):
    """Redacts the whole line, the text of an exception included.

    Control characters are written out: an event's id, or what a core answers, must not begin a line that looks like
    one of ours, nor do anything to a terminal. A message that does not fit its arguments is logged as it is.
    """

    def __init__(self, layout: str, redact: Callable[[str], str]) -> None:
        super().__init__(layout)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        try:
            text = super().format(record)
        except (TypeError, ValueError, KeyError, IndexError) as error:
            text = f'{record.name}:{record.lineno}: {record.msg!r} does not fit its arguments {record.args!r} ({error})'
        return self._redact(text)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is that of logging
        record.message = _CONTROL.sub(lambda found: found[0].encode('unicode_escape').decode(), record.message)
        return super().formatMessage(record)


class _Complaints:
    """Where trouble with logging itself is said."""

    def __init__(self, stream: TextIO, redact: Callable[[str], str]) -> None:
        self._stream = stream
        self._redact = redact

    def say(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(f'{self._redact(text)}\n')
            self._stream.flush()


class _Steady(logging.Handler):
    """A handler that raises nothing, and says once that it cannot write.

    The standard ones raise (a log file whose folder vanished), or print the message with its arguments and a stack
    trace each time.
    """

    target = 'standard error'
    complaints: _Complaints | None = None
    _failed = False
    _said = False

    def emit(self, record: logging.LogRecord) -> None:
        self._failed = False
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)
        if not self._failed:
            self._said = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is that of logging
        error = sys.exc_info()[1]
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        self._failed = True
        if not self._said and self.complaints:
            self._said = True
            self.complaints.say(f'Cannot log to {self.target} ({reason}); going on without it.')

    def close(self) -> None:
        with suppress(OSError):  # what is still to be written, onto a full disk
            super().close()


class _Stream(_Steady, logging.StreamHandler):  # type: ignore[type-arg]
    pass


class _File(_Steady, logging.handlers.WatchedFileHandler):
    pass


class _Socket(logging.Handler):
    """The local syslog, connected with the first message.

    The standard handler waits for ever when the daemon has stopped reading.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        self.target = path
        self._socket: socket.socket | None = None

    def emit(self, record: logging.LogRecord) -> None:
        priority = _USER | _PRIORITY.get(record.levelno, 5)
        message = f'<{priority}>pyca: {self.format(record)}\0'.encode('utf-8', 'backslashreplace')
        if self._socket is not None:
            try:
                self._socket.sendall(message)
            except OSError:  # the daemon was restarted
                self._disconnect()
            else:
                return
        try:
            self._socket = self._connected(socket.SOCK_DGRAM)
        except OSError:
            self._socket = self._connected(socket.SOCK_STREAM)
        self._socket.sendall(message)

    def _connected(self, kind: socket.SocketKind) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, kind)
        connection.settimeout(_SYSLOG_WAIT)
        try:
            connection.connect(self.target)
        except OSError:
            connection.close()
            raise
        return connection

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        self.acquire()
        try:
            self._disconnect()
        finally:
            self.release()
        super().close()


class _Syslog(_Steady, _Socket):
    pass
