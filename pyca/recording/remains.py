"""What a recorder leaves running when it ends. For the keeper: it imports nothing of the agent."""

from __future__ import annotations

import os
import signal
import time

GRACE = 10.0
"""Seconds that it has to obey TERM, then to be gone after KILL."""
LOOK = 0.1
"""Seconds between two looks at what is left."""


def end_group(leader: int) -> None:
    """End what else lives in the process group of a recorder that has ended: TERM, then KILL for what does not obey.

    The recorder must not have been waited for: nobody else gets its number until then.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        if left_in_group(leader):
            _send(leader, number)
        deadline = time.monotonic() + GRACE
        while left_in_group(leader) and time.monotonic() < deadline:
            time.sleep(LOOK)


def _send(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except OSError:
        return  # it is gone, or belongs to somebody else


def left_in_group(leader: int) -> bool:
    """Whether a process group has members that live, other than its leader."""
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{name}/stat', 'rb') as file:
                state, _, group = file.read().rpartition(b')')[2].split()[:3]
        except (OSError, ValueError):
            continue  # it is gone
        if int(group) == leader and int(name) != leader and state not in b'ZX':
            return True
    return False
