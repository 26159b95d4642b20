"""Processes as /proc shows them."""

from __future__ import annotations

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
    child = subprocess.Popen(['sleep', '1000'])
    wait_for(lambda: words(child.pid)[:2] == ['sleep', '1000'])
    child.kill()
    child.wait()
    assert words(child.pid) == []
