"""The keeper, a small process over one recorder, with next to nothing of the agent in it.

It gets its orders as JSON on standard input (`recorder.py` writes them), waits for the second itself, starts the
recorder in a session of its own, writes its state file at each change of meaning, ends when the recorder ends. It
survives the agent. Signals are blocked, fetched one by one: TERM before the start cancels it, TERM later goes on to
the recorder. Nothing in the recorder's process group outlives the recorder.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time

from pyca.recording.remains import end_group
from pyca.recording.state_file import write

VERSION = 1
CANCELLED = 'cancelled before its start'

_CHUNK = 0.5  # so that a step of the wall clock is noticed
_ROUND = 2.0  # between two looks at the log
_LAST_WORD = 10.0  # for writing the last state while the disk refuses
_LATE = 0.2  # for a TERM that goes to all processes at once, the recorder first
_LOG_LIMIT = 4 << 20
_LOG_KEPT = 512 << 10  # of the beginning, as much of the end
_LOG_CUT = b'\n[... cut by pyCA: the log had grown too long ...]\n'
_HEARD = {signal.SIGTERM, signal.SIGCHLD}


def start_ticks(pid: int) -> int:
    """When a process began, in clock ticks since boot: together with pid and boot id it names the process for ever."""
    with open(f'/proc/{pid}/stat', 'rb') as file:
        return int(file.read().rpartition(b')')[2].split()[19])


def boot_id() -> str:
    with open('/proc/sys/kernel/random/boot_id') as file:
        return file.read().strip()


def cap(log: int, limit: int = _LOG_LIMIT, kept: int = _LOG_KEPT) -> None:
    """Cut the middle out of a log over `limit` bytes.

    The recorder writes straight into the file (in append mode), so that it outlives a killed keeper.
    """
    if os.fstat(log).st_size <= limit:
        return
    with open(f'/proc/self/fd/{log}', 'r+b', buffering=0) as file:
        file.seek(-kept, os.SEEK_END)
        tail = file.read(kept)
        file.seek(kept)
        file.write(_LOG_CUT + tail[tail.find(b'\n') + 1 :])
        file.truncate()


def failure(program: str, error: OSError) -> str:
    """Why a program could not be started."""
    if isinstance(error, FileNotFoundError):
        interpreter = ' (or the interpreter that its first line names)' if os.path.exists(program) else ''
        return f'program not found: {program}{interpreter}'
    if isinstance(error, PermissionError):
        return f'permission denied: {program} may not be executed by this user'
    return f'{program}: {error.strerror or error}'


class Keeper:
    """One recorder, from before its start to its end."""

    def __init__(self, spec: dict[str, object]) -> None:
        if spec['version'] != VERSION:
            raise ValueError('orders of another version')
        self._arguments = [str(word) for word in spec['arguments']]  # type: ignore[attr-defined]
        self._start = float(spec['start'])  # type: ignore[arg-type]
        self._end = int(spec['end'])  # type: ignore[call-overload]
        self._path = str(spec['state'])
        self._log = _open_log(str(spec['log']))
        os.dup2(self._log, 2)  # for what the interpreter may have to say
        self._state: dict[str, object] = {
            'version': VERSION,
            'boot': boot_id(),
            'keeper': {'pid': os.getpid(), 'ticks': start_ticks(os.getpid())},
            'phase': 'waiting',
            'recorder': None,
            'arguments': self._arguments,
            'started': None,
            'ended': None,
            'status': None,
            'told': False,
            'error': '',
        }
        self._unsaved = True
        self._writer = 0

    def run(self) -> None:
        self._save_aside()
        pid = self._launch() if self._wait() else 0
        if pid:
            self._watch(pid)
        last = time.monotonic() + _LAST_WORD
        while not self._save() and time.monotonic() < last:
            time.sleep(_CHUNK)

    def _wait(self) -> bool:
        """Wait for the start by the wall clock, never less; false when it must not start."""
        while (left := self._start - time.time()) > 0:
            if hear({signal.SIGTERM}, min(left, _CHUNK)):
                self._note(phase='cancelled', error=CANCELLED)
                return False
        if time.time() >= self._end:
            self._note(phase='failed', error='the event was over before its recorder could start')
            return False
        return True

    def _launch(self) -> int:
        """Start the recorder; nothing that a disk could hold up stands before it. Its pid, or 0."""
        began = time.time()
        left = str(max(0, self._end - int(began)))
        words = [word.replace('{{time}}', left) for word in self._arguments]
        try:
            pid = os.posix_spawnp(
                words[0],
                words,
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, '/dev/null', os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, self._log, 1),
                    (os.POSIX_SPAWN_DUP2, self._log, 2),
                ],
                setsid=True,
                setsigmask=[],
                setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
            )
        except (OSError, ValueError) as error:
            text = failure(words[0], error) if isinstance(error, OSError) else str(error)
            self._note(phase='failed', arguments=words, error=text, ended=time.time())
            return 0
        recorder = {'pid': pid, 'ticks': start_ticks(pid)}
        self._note(phase='running', recorder=recorder, arguments=words, started=began)
        return pid

    def _watch(self, pid: int) -> None:
        protect(pid)
        while True:
            self._save()
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                break
            self._trim()
            if hear(_HEARD, _ROUND) == signal.SIGTERM:
                os.kill(pid, signal.SIGTERM)
                self._note(told=True)
        ended = time.time()
        end_group(pid)  # as long as the recorder is not waited for, nobody else gets its number
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status and hear({signal.SIGTERM}, _LATE):
            self._note(told=True)
        self._note(phase='ended', status=status, ended=ended)

    def _trim(self) -> None:
        try:
            cap(self._log)
        except OSError:
            return  # a full disk: the recorder matters more than its log

    def _note(self, **changes: object) -> None:
        self._state.update(changes)
        self._unsaved = True

    def _save_aside(self) -> None:
        """Write the first state from a child, so that a slow disk cannot hold up the start."""
        self._writer = os.fork()
        if self._writer == 0:
            os._exit(0 if self._save() else 1)
        self._unsaved = False

    def _save(self) -> bool:
        """Write the state; what could not be written is tried again in the next round."""
        if self._writer:
            os.waitpid(self._writer, 0)
            self._writer = 0
        if self._unsaved:
            try:
                write(self._path, json.dumps(self._state))
            except OSError:
                return False
            self._unsaved = False
        return True


def hear(signals: set[signal.Signals], seconds: float) -> int:
    """The first of these signals that comes within so many seconds, 0 if none does.

    When the machine slept meanwhile, Python answers with a signal that nobody sent, its number at random.
    """
    heard = signal.sigtimedwait(signals, seconds)
    return heard.si_signo if heard and heard.si_signo in signals else 0


def protect(recorder: int) -> None:
    """Where it is allowed, let the kernel take others first when memory is short; the recorder stays as it was."""
    try:
        with open('/proc/self/oom_score_adj', 'r+') as file:
            before = file.read().strip()
            file.seek(0)
            file.write('-500')
        with open(f'/proc/{recorder}/oom_score_adj', 'w') as file:
            file.write(before)
    except OSError:
        pass


def _open_log(path: str) -> int:
    for place in (path, '/dev/null'):
        try:
            return os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        except OSError:
            continue
    return 1


def _detach() -> None:
    """Away from the agent: own session, no inherited files, no signal that is not fetched."""
    if os.getsid(0) != os.getpid():
        os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would swallow the exit status
    signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD | {signal.SIGINT, signal.SIGQUIT})
    os.closerange(3, max(int(name) for name in os.listdir('/proc/self/fd')) + 1)


def main() -> None:
    _detach()
    orders = sys.stdin.buffer.read()
    null = os.open('/dev/null', os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    if orders:  # none: the agent died before it could give any
        Keeper(json.loads(orders)).run()
