"""The exceptions of the agent, named for what the caller does next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class PycaError(Exception):
    """Whatever the agent raises itself; its text is a sentence for a person."""


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong in a configuration file."""

    file: str
    section: str
    key: str
    text: str

    def __str__(self) -> str:
        place = ' '.join(part for part in (f'[{self.section}]' if self.section else '', self.key) if part)
        return ': '.join(part for part in (self.file, place, self.text) if part)


class ConfigurationError(PycaError):
    """The configuration cannot be used; `mistakes` has every reason found."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__('\n'.join(str(mistake) for mistake in mistakes))
        self.mistakes = tuple(mistakes)


class AlreadyRunning(PycaError):
    """Another agent works on the same recordings."""


class RecordingsUnusable(PycaError):
    """The recordings folder cannot be written: missing, read-only, full, not mounted."""


class StorageError(PycaError):
    """The database did not do what it was asked; nothing of that question has been changed."""


class NothingToDecide(PycaError):
    """A person wants something done with a recording that cannot be done; the text says why."""


class Interrupted(PycaError):
    """The program was told to stop while it waited for somebody else."""


class CoreError(PycaError):
    """A question to the core did not get the answer that it needed."""


class Unreachable(CoreError):
    """No answer, or not a whole one: try again.

    `sent` tells whether the request may have been received as a whole, so that the core may have done the work.
    """

    def __init__(self, text: str, *, sent: bool = False) -> None:
        super().__init__(text)
        self.sent = sent


class Overloaded(CoreError):
    """The core, or what stands before it, has no room now (502, 503, 504, 429, no node online): try later.

    `retry_after` is the wait in seconds that the answer asked for, or None. `sent` as in `Unreachable`: 502, 503
    and 504 may come from a proxy and are silent about what the core behind it did.
    """

    def __init__(self, text: str, *, retry_after: float | None = None, sent: bool = False) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.sent = sent


class Refused(CoreError):
    """The core understood and said no; the same request will not do better. Its words are in the text."""

    def __init__(self, text: str, *, status: int, body: str = '') -> None:
        super().__init__(text)
        self.status = status
        self.body = body


class LoginFailed(CoreError):
    """The core does not take the account; the text says which method was used."""


class NotUnderstood(CoreError):
    """An answer came, but not the kind that was asked for (a login page, another media package, half a calendar)."""
