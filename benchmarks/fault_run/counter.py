"""A recorder whose every line proves when it was written, by whom, for which event; run as a script.

    counter.py SECONDS FILE LEDGER

It writes each line into FILE and, as a witness, into a ledger of its event outside the recordings. The clock that it
reads is the one that nobody moves. `LEDGER/habits/<uid>` says what it shall do wrong.
"""

import os
import signal
import sys
import time
import zlib
from collections.abc import Callable

PAUSE = 0.05


def line(uid: str, number: int) -> bytes:
    said = b'%s %d %06d %.3f' % (uid.encode(), os.getpid(), number, time.monotonic())
    return b'%s %08x\n' % (said, zlib.crc32(said))


def told(*_: object) -> None:
    raise SystemExit(0)


def habit(ledger: str, uid: str) -> list[str]:
    """The words of its habit, if it has one for this run."""
    words = text(f'{ledger}/habits/{uid}').split()
    if len(words) > 2 and text(f'{ledger}/{uid}').count('begin ') >= int(words[2]):
        return []
    return words


def text(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ''


def record(seconds: float, path: str, ledger: str) -> str:
    """How it ended: `time` is up, or a `habit`."""
    uid = os.path.basename(path).partition('.')[0].split('-', 2)[2]
    wrong = habit(ledger, uid)
    witness = os.open(f'{ledger}/{uid}', os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(witness, b'begin %d %.3f\n' % (os.getpid(), time.monotonic()))
    try:
        how = count(seconds, path, wrong, lambda said: os.write(witness, said), uid)
    except OSError:
        how = 'disk'
    except SystemExit:
        how = 'told'
    os.write(witness, b'end %d %.3f %s\n' % (os.getpid(), time.monotonic(), how.encode()))
    return how


def count(seconds: float, path: str, wrong: list[str], note: Callable[[bytes], object], uid: str) -> str:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    begun, number = time.monotonic(), 0
    while (now := time.monotonic()) < begun + seconds:
        if wrong and wrong[0] != 'nothing' and now >= begun + float(wrong[1]):
            return wrong[0]
        if not wrong or wrong[0] != 'nothing':
            said = line(uid, number)
            if os.write(file, said) < len(said):
                return 'disk'
            note(said)
            number += 1
        time.sleep(PAUSE)
    return 'time'


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, told)
    reason = record(float(sys.argv[1]), sys.argv[2], sys.argv[3])
    if reason == 'crash':
        os.kill(os.getpid(), signal.SIGSEGV)
    sys.exit(1 if reason == 'disk' else 0)
