"""Waiting for a condition, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar('T')


def wait_for(condition: Callable[[], T | None], seconds: float = 90) -> T:
    """The first true answer of the condition; an assertion error when the time is over."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f'waited {seconds} s for {condition}'
        time.sleep(0.02)
    return answer
