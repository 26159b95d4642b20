"""Running a program that helps with finished files (ffmpeg, ffprobe) within limits."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from pyca.errors import Interrupted

_NICE = 10
_POLL = 0.1
_TEXT = 300


class ToolFailed(Exception):
    """The program is not there, did not end in time, or failed; the text says so in a sentence."""


def never() -> bool:
    return False


def run(words: Sequence[str], *, limit: float, interrupted: Callable[[], bool] = never) -> bytes:
    """What the program prints. It runs with low priority, since a recording may be under way.

    `limit` in seconds. ToolFailed when it did not succeed, Interrupted when the agent is to stop meanwhile.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        except OSError as error:
            raise ToolFailed(f'{words[0]} cannot be started: {error.strerror}') from error
        with process:
            try:
                _wait(process, words[0], limit, interrupted)
            finally:
                process.kill()
        if process.returncode != 0:
            errors.seek(0)
            said = errors.read().decode('utf-8', 'replace').strip()[-_TEXT:]
            raise ToolFailed(f'{words[0]} failed (exit code {process.returncode}): {said}')
        output.seek(0)
        return output.read()


def _wait(process: subprocess.Popen[bytes], name: str, limit: float, interrupted: Callable[[], bool]) -> None:
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
    deadline = time.monotonic() + limit
    while True:
        try:
            process.wait(_POLL)
            return
        except subprocess.TimeoutExpired:
            pass
        if interrupted():
            raise Interrupted(f'{name} was ended, since the agent stops')
        if time.monotonic() > deadline:
            raise ToolFailed(f'{name} did not end within {limit:.0f} s')
