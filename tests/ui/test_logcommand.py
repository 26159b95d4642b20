"""The log command within its limits."""

from __future__ import annotations

import time
from pathlib import Path

from pyca.clock import SystemClock
from pyca.ui.logcommand import LogCommand


def run(command: str, limit: float = 30.0) -> tuple[tuple[str, ...], str]:
    log = LogCommand(command, SystemClock(), str, limit=limit).read()
    return log.lines, log.trouble


def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    """H63."""
    lines, trouble = run(f'sleep 1000 & echo $! > {tmp_path}/child; echo x; wait', limit=1.0)
    assert (lines, trouble) == ((), 'it took longer than 1 s')
    child = Path('/proc') / (tmp_path / 'child').read_text().strip()
    deadline = time.monotonic() + 10
    while child.exists() and 'Z' not in (child / 'stat').read_text().split()[2]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_that_never_stops_printing_is_ended() -> None:
    assert run('yes', limit=0.5)[1] == 'it took longer than 0 s'


def test_a_long_log_is_cut_at_its_beginning() -> None:
    lines, trouble = run('head -c 3000000 /dev/zero | tr "\\0" x; echo; echo last')
    assert trouble == ''
    assert lines[-1] == 'last'
    assert sum(map(len, lines)) < 1_100_000
