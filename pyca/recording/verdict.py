"""Judging how a recorder ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from signal import SIGKILL, Signals


class End(str, Enum):
    """How one run of the recorder ended.

    After `FORCED` (we killed it) or `UNKNOWN` (nobody saw its status) only a look into the files tells more.
    """

    GOOD = 'good'
    FAILED = 'failed'
    FORCED = 'forced'
    UNKNOWN = 'unknown'


@dataclass(frozen=True)
class Verdict:
    """`cause` is a sentence, empty when all is good."""

    end: End
    cause: str = ''


def sizes(files: Sequence[Path]) -> dict[Path, int | None]:
    """The size of each file, None for one that is not there."""
    found: dict[Path, int | None] = {}
    for file in files:
        try:
            found[file] = file.stat().st_size
        except OSError:
            found[file] = None
    return found


def judge(status: int | None, exit_code: int, signals_sent: Sequence[int], files: Mapping[Path, int | None]) -> Verdict:
    """What to think of a recorder's end.

    `status` is its exit code, or minus the signal that ended it, None when nobody saw it; `exit_code` the additional
    good one; `files` what it was to write, as `sizes` gives it.
    """
    end, cause = _end(status, exit_code, signals_sent)
    lacking = '; '.join(
        f'{file} is {"missing" if size is None else "empty"}' for file, size in files.items() if not size
    )
    if lacking:
        return Verdict(End.FAILED, '; '.join(part for part in (cause, lacking) if part))
    return Verdict(end, cause)


def _end(status: int | None, exit_code: int, sent: Sequence[int]) -> tuple[End, str]:
    if status is None:
        return End.UNKNOWN, 'nobody saw how the recorder ended, since its keeper was gone; the files decide'
    if status in (0, exit_code):
        return End.GOOD, ''
    if SIGKILL in sent:
        return End.FORCED, 'the recorder was ended by force (SIGKILL), since it did not end when asked'
    if status < 0 and -status not in sent:
        hint = ' (short of memory?)' if -status == SIGKILL else ''
        return End.FAILED, f'the recorder was ended by {signal_name(-status)}, which this agent did not send{hint}'
    if status > 0 and not sent:
        return End.FAILED, f'the recorder ended with exit code {status}'
    return End.GOOD, ''


def signal_name(number: int) -> str:
    """`SIGTERM` for 15."""
    try:
        return Signals(number).name
    except ValueError:
        return f'signal {number}'
