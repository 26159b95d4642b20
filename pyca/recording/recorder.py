"""One run of the recorder, seen from the agent."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any

from pyca.recording import keeper
from pyca.recording.atomic import read_json
from pyca.recording.disk import NO_ROOM, no_room
from pyca.recording.processes import Process, all_processes, has_variable, stat, words
from pyca.recording.spec import VARIABLE, KeeperState, Phase, Spec, keeper_words, state_path

logger = logging.getLogger(__name__)

__all__ = ['VARIABLE', 'KeeperState', 'Recorder', 'Spec', 'state_path']


class Recorder:
    """A recorder under its keeper. For one thread."""

    def __init__(self, path: Path, child: int | None = None) -> None:
        """By its state file; `child` is the keeper's pid when it is a child of this process. See `spawn`, `find`."""
        self._path = path
        self._child = child
        self._exit: int | None = None
        self._cancelled = False
        self._stamp: tuple[int, int] | None = None
        self._written: Mapping[str, Any] = {}
        self._keeper: Process | None = None
        self._recorder: Process | None = None
        self._last: KeeperState | None = None
        self._ours = child is not None
        if child is not None and (now := stat(child)) is not None:
            self._keeper = Process(child, now.ticks)

    @classmethod
    def spawn(cls, spec: Spec) -> Recorder:
        """Start a keeper, best some seconds ahead. The folder must be there. OSError when no process can be made."""
        receive, give = os.pipe()
        try:
            child = os.posix_spawn(
                sys.executable,
                keeper_words(),
                {**os.environ, **spec.environment()},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, receive, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                ],
                setsid=True,
                setsigmask=[],
            )
            os.close(receive)
            receive = -1
            _give(give, json.dumps(spec.orders()).encode())
        finally:
            os.close(give)
            if receive >= 0:
                os.close(receive)
        return cls(spec.state, child)

    @classmethod
    def find(cls, folder: Path, number: int, leg: str = '') -> Recorder | None:
        """The run that an earlier agent began; None when there is no trace of it."""
        recorder = cls(state_path(folder, number, leg))
        recorder._read()
        if not recorder._written:
            recorder._search()
        return recorder if recorder._written or recorder._keeper or recorder._recorder else None

    @property
    def pid(self) -> int | None:
        """The recorder's, once it is known."""
        return self._recorder.pid if self._recorder else None

    def state(self) -> KeeperState:
        """How it is now; cheap enough to ask twice a second. Asked again after the end it also clears up the keeper."""
        self._reap()
        if self._last is None:
            now = self._look()
            if now.phase in ('ended', 'lost'):
                self._last = now
            return now
        return self._last

    def signal(self, number: int) -> bool:
        """Send a signal to the recorder alone; whether it was there."""
        self.state()
        return self._recorder is not None and self._recorder.signal(number)

    def kill_group(self, number: int = SIGKILL) -> None:
        """Send a signal to all that the recorder started in its group, also when it is gone itself."""
        self.state()
        if self._recorder is None or not (self._recorder.exists or self.leftovers()):
            return
        try:
            os.killpg(self._recorder.pid, number)
        except (ProcessLookupError, PermissionError) as error:
            logger.warning('The group of recorder %d got no signal %d: %s', self._recorder.pid, number, error.strerror)

    def leftovers(self) -> list[int]:
        """The pids in the recorder's group other than its own.

        A group's number is not used again while it has members, so one that carries our variable vouches for all.
        """
        self._reap()
        if self._recorder is None:
            return []
        leader = self._recorder.pid
        members = [pid for pid, now in all_processes() if now.group == leader and pid != leader and now.state != 'Z']
        ours = self._recorder.exists or any(has_variable(pid, VARIABLE, str(self._path)) for pid in members)
        return members if ours else []

    def cancel(self) -> None:
        """Let it not start; if it has started already, ask the recorder to end (TERM)."""
        if self.state().phase == 'running' and self.signal(SIGTERM):
            return
        self._cancelled = True
        if self._keeper is not None:
            self._keeper.signal(SIGTERM)

    def _look(self) -> KeeperState:
        self._read()
        if not self._written:
            self._search()  # the keeper cannot write, or has not yet
        if not self._over() and (phase := self._living()):
            return self._told(phase)
        self._read()  # read after the keeper was seen to be gone, this is its last word
        if not self._over():
            self._search()  # a recorder that it had no time to note
            if phase := self._living():
                return self._told(phase)
            return self._gone()
        return self._told('ended')

    def _living(self) -> Phase | None:
        """The phase by the processes alone, None when there is none left."""
        if self._recorder is not None and self._recorder.alive:
            return 'running'
        if self._keeper is not None and self._keeper.alive:
            return 'waiting' if self._recorder is None else 'running'
        return None

    def _told(self, phase: Phase, error: str = '') -> KeeperState:
        written = self._written
        started = written.get('started')
        if started is None and self._recorder is not None:
            started = self._recorder.began()
        return KeeperState(
            phase,
            self.pid,
            started,
            written.get('ended'),
            written.get('status'),
            error or written.get('error', ''),
            tuple(written.get('arguments', ())),
            bool(written.get('told')),
        )

    def _gone(self) -> KeeperState:
        self._reap()
        if self._cancelled and self._recorder is None:
            return self._told('ended', keeper.CANCELLED)
        text = f' with exit code {self._exit}' if self._exit else ''
        text += f'; {NO_ROOM}' if not self._exit and self.full() else ''
        return self._told('lost', f'the keeper ended without a word{text}')

    def full(self) -> bool:
        """Whether the disk had no room for what it was to write."""
        return no_room(self._path.parent)

    def _over(self) -> bool:
        return self._written.get('phase') in ('ended', 'failed', 'cancelled')

    def _reap(self) -> None:
        """Take the exit status of a keeper that is our child, so that no zombie stays."""
        if self._child is None:
            return
        try:
            done, status = os.waitpid(self._child, os.WNOHANG)
        except ChildProcessError:
            self._child = None
            return
        if done:
            self._child, self._exit = None, os.waitstatus_to_exitcode(status)

    def _read(self) -> None:
        """Take in the state file, if it is another than the last time."""
        try:
            now = os.stat(self._path)
        except OSError:
            return
        if (now.st_mtime_ns, now.st_ino) == self._stamp:
            return
        self._stamp = (now.st_mtime_ns, now.st_ino)
        written = read_json(self._path)
        if not isinstance(written, dict) or written.get('version') != keeper.VERSION:
            return
        if self._ours and _process(written.get('keeper')) != self._keeper:
            return  # left by an earlier run
        self._written = written
        if written.get('boot') == keeper.boot_id():
            self._keeper = _process(written.get('keeper')) or self._keeper
            self._recorder = _process(written.get('recorder')) or self._recorder

    def _search(self) -> None:
        """Find keeper or recorder by the environment: where the file is missing, damaged, or not up to date."""
        found = {
            pid: now
            for pid, now in all_processes()
            if now.session == pid and now.state != 'Z' and has_variable(pid, VARIABLE, str(self._path))
        }
        commands = {pid: words(pid) for pid in found}
        keepers = {pid for pid, command in commands.items() if keeper.__file__ in command}
        for pid, now in found.items():
            if pid in keepers:
                # a keeper's child that is just about to become the recorder looks like a keeper
                if now.parent not in keepers and not (self._keeper and self._keeper.alive):
                    self._keeper = Process(pid, now.ticks)
            elif commands[pid]:  # none: it is gone
                self._recorder = Process(pid, now.ticks)


def _process(entry: object) -> Process | None:
    if isinstance(entry, dict) and isinstance(entry.get('pid'), int) and isinstance(entry.get('ticks'), int):
        return Process(entry['pid'], entry['ticks'])
    return None


def _give(pipe: int, orders: bytes) -> None:
    try:
        while orders:
            orders = orders[os.write(pipe, orders) :]
    except BrokenPipeError:
        logger.error('The keeper ended before it heard what to do')
