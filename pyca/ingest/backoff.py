"""How long an upload that failed waits before its next try."""

from __future__ import annotations

from collections.abc import Callable

from pyca.backoff import doubled
from pyca.errors import LoginFailed, Overloaded, PycaError, Refused

FIRST = 5.0
"""Seconds; the shortest wait."""
LONGEST = 600.0
"""Seconds; the longest wait. Tries go on at this distance for ever."""
LOGIN = 15.0
"""Seconds; the shortest wait after a refused login: a core that restarts shows its login page for a while, but one
that means it may lock an account that fails often."""
REFUSED = 30.0
"""Seconds; the shortest wait after a refusal: a core that restarts answers 404 to everything for a while, but one that
means it should not be sent the same gigabytes every few seconds."""

Spread = Callable[[float, float], float]
"""A random number between two (`random.uniform`), so that agents which failed together do not return together."""


def wait(failures: int, spread: Spread, *, first: float = FIRST) -> float:
    """Seconds to wait after this many failures in a row (1 or more), doubled with each one."""
    longest = min(LONGEST, 2 * doubled(failures, first, LONGEST))
    return spread(max(first, longest / 2), longest)


def after(error: PycaError, failures: int, spread: Spread) -> float:
    """Seconds to wait after this error, which was the `failures`th in a row."""
    if isinstance(error, LoginFailed):
        return wait(failures, spread, first=LOGIN)
    if isinstance(error, Refused) and error.status < 500:
        return wait(failures, spread, first=REFUSED)
    seconds = wait(failures, spread)
    if isinstance(error, Overloaded) and error.retry_after is not None:
        return max(seconds, min(error.retry_after, LONGEST))
    return seconds
