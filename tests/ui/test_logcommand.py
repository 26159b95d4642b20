"""The log command within its limits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyca.clock import SystemClock
from pyca.recording.processes import stat
from pyca.ui.logcommand import FRESH, RECENT, LogCommand
from tests.program.agent import wait_for
from tests.storage.clocks import HandClock


def run(command: str, limit: float = 30.0) -> tuple[tuple[str, ...], str]:
    log = LogCommand(command, SystemClock(), str, limit=limit).read()
    return log.lines, log.trouble


class Hurry(HandClock):
    """A second is left of the limit once a child has said its number, however long that took; before, all of it."""

    def __init__(self, said: Path, limit: float) -> None:
        super().__init__()
        self._said, self._gone, self._begun = said, limit - 1.0, False

    def monotonic(self) -> float:
        begun, self._begun = self._begun, True
        return self.time + (self._gone if begun and self._said.exists() and self._said.read_text() else 0.0)


def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    """H63."""
    said = tmp_path / 'child'
    command = f'sleep 1000 & echo $! > {said}; echo x; wait'
    log = LogCommand(command, Hurry(said, 1000), str, limit=1000).read()
    assert (log.lines, log.trouble) == ((), 'it took longer than 1000 s')
    pid = int(said.read_text())
    wait_for(lambda: (now := stat(pid)) is None or now.state in 'ZX')


def test_one_that_never_stops_printing_is_ended() -> None:
    assert run('yes', limit=0.5)[1] == 'it took longer than 0 s'


def test_a_long_log_is_cut_at_its_beginning() -> None:
    lines, trouble = run('head -c 3000000 /dev/zero | tr "\\0" x; echo; echo last')
    assert trouble == ''
    assert lines[-1] == 'last'
    assert sum(map(len, lines)) < 1_100_000


class Slow:
    """A log command that goes on until it may end; each run says another line."""

    def __init__(self, folder: Path, patience: float = 1000) -> None:
        self.clock = HandClock()
        self._runs, self._leave = folder / 'runs', folder / 'leave'
        self._runs.touch()
        command = f'echo x >> {self._runs}; until [ -e {self._leave} ]; do sleep 0.05; done; wc -l < {self._runs}'
        self.log = LogCommand(command, self.clock, str, limit=1000, patience=patience)

    def runs(self) -> int:
        return len(self._runs.read_text().splitlines())

    def begins(self) -> None:
        self._leave.unlink(missing_ok=True)

    def may_end(self) -> None:
        self._leave.touch()


def test_all_who_wait_share_one_run_however_long_it_takes(tmp_path: Path) -> None:
    slow = Slow(tmp_path)
    with ThreadPoolExecutor(4) as viewers:
        asked = [viewers.submit(slow.log.read) for _ in range(4)]
        wait_for(lambda: slow.runs() == 1)
        slow.clock.time += FRESH + 1
        slow.may_end()
        assert [(one.result().lines, one.result().trouble) for one in asked] == [(('1',), '')] * 4
    slow.clock.time += FRESH - 1
    assert slow.log.read().lines == ('1',)
    slow.clock.time += 1
    assert slow.log.read().lines == ('2',)


def test_nobody_waits_long_for_what_it_says_to_another(tmp_path: Path) -> None:
    """Or one slow command would keep every thread of the web server."""
    slow = Slow(tmp_path, patience=0.1)
    with ThreadPoolExecutor(1) as viewers:
        first = viewers.submit(slow.log.read)
        wait_for(lambda: slow.runs() == 1)
        try:
            assert 'for somebody else' in slow.log.read().trouble
            assert not first.done()
        finally:
            slow.may_end()
        assert first.result().lines == ('1',)


def test_while_it_is_at_work_others_see_what_it_said_before(tmp_path: Path) -> None:
    """Or one slow command would keep every thread of the web server."""
    slow = Slow(tmp_path)
    slow.may_end()
    slow.log.read()
    slow.clock.time += FRESH
    with ThreadPoolExecutor(2) as viewers:
        slow.begins()
        first = viewers.submit(slow.log.read)
        wait_for(lambda: slow.runs() == 2)
        assert slow.log.read().lines == ('1',)  # whoever waits here waits for what comes below
        slow.clock.time += RECENT - FRESH
        late = viewers.submit(slow.log.read)
        slow.may_end()
        assert (first.result().lines, late.result().lines) == (('2',), ('2',))
