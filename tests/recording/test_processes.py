"""Processes as /proc shows them."""

from __future__ import annotations

import os
import subprocess
import sys

from pyca.recording.processes import stat, words
from tests.program.agent import wait_for


def test_a_zombie_has_no_command_line() -> None:
    """A keeper that has just ended must not pass for a recorder."""
    child = subprocess.Popen([sys.executable, '-c', ''])
    wait_for(lambda: (now := stat(child.pid)) is not None and now.state == 'Z')

    assert words(child.pid) == []

    child.wait()


def test_the_command_line_of_a_living_process_is_known() -> None:
    assert 'pytest' in ' '.join(words(os.getpid())) or 'execnet' in ' '.join(words(os.getpid()))
