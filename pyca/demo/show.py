"""`pyca demo`: a lecture from the schedule to the core in a minute, without Opencast."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

from pyca.demo.agent import end_leftovers
from pyca.demo.display import Display
from pyca.demo.standin import StandIn
from pyca.demo.story import WRONG, Ended, Plan, Show
from pyca.errors import PycaError
from pyca.stop import Stop


def run(
    program: Sequence[str], *, keep: bool = False, out: TextIO, stop: Stop | None = None, plan: Plan | None = None
) -> int:
    """Show it; 0 = every event arrived whole and once, 10 = not, 128 + n = ended by signal n.

    `program` starts the agent's program, such as `[sys.executable, '-m', 'pyca']`. Signals are heard if this runs in
    the main thread; `stop` ends the show, too.
    """
    plan = plan or Plan()
    folder = Path(tempfile.mkdtemp(prefix='pyca-demo-', dir=plan.place)).resolve()
    display = Display(out)
    with _signals() as heard:
        stop = stop or Stop()
        try:
            with StandIn(folder / 'core', strict=True) as core:
                show = Show(program, folder, core, display, plan)
                show.over = lambda: bool(heard) or stop.requested
                code = show.play(keep)
        except Ended:
            code = 128 + heard[0] if heard else 0
        except PycaError as error:
            display.clear()
            display.say(str(error))
            code = WRONG
        finally:
            display.clear()
            end_leftovers(folder)
            _leave(folder, keep, display)
    return code


def _leave(folder: Path, keep: bool, display: Display) -> None:
    if keep:
        display.say(f'Everything stays in {folder}')
    else:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Note TERM, INT and HUP instead of dying of them; a handler only takes the note."""
    heard: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    old = {number: signal.signal(number, note) for number in numbers}
    try:
        yield heard
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
