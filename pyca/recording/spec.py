"""What the agent tells a keeper, with what it hears from it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pyca.event import plain
from pyca.recording import keeper

Phase = Literal['waiting', 'running', 'ended', 'lost']

VARIABLE = 'PYCA_KEEPER'
"""The environment variable of keeper, recorder and the recorder's children; its value is the path of the state file."""

INPUTS = 'PYCA_INPUTS'
"""The environment variable with the inputs that the command is to record, separated by commas."""


def keeper_words() -> list[str]:
    """The command of a keeper, by whose own file keepers are known."""
    home = str(Path(keeper.__file__).parents[2])
    start = f'import sys; sys.path.insert(0, {home!r}); from pyca.recording.keeper import main; main()'
    return [sys.executable, '-I', '-S', '-c', start, keeper.__file__]


@dataclass(frozen=True)
class Spec:
    """What a keeper is told. `{{time}}` in the arguments is left for it: `end` minus the second it starts in.

    `leg` and `number` tell it from the other keepers of the recording; `inputs` are for its recorder.
    """

    arguments: tuple[str, ...]
    start: float
    end: int
    folder: Path
    number: int
    leg: str = ''
    inputs: tuple[str, ...] = ()

    @property
    def log(self) -> Path:
        return log_path(self.folder, self.leg)

    @property
    def state(self) -> Path:
        return state_path(self.folder, self.number, self.leg)

    def environment(self) -> dict[str, str]:
        """What is added to the agent's own."""
        return {VARIABLE: str(self.state), **({INPUTS: ','.join(self.inputs)} if self.inputs else {})}

    def orders(self) -> dict[str, object]:
        """The same for the keeper's standard input."""
        return {
            'version': keeper.VERSION,
            'arguments': self.arguments,
            'start': self.start,
            'end': self.end,
            'state': str(self.state),
            'log': os.path.realpath(self.log),
        }


@dataclass(frozen=True)
class KeeperState:
    """How one run of the recorder is.

    `ended` without `started` never ran: `error` says why. `lost`: keeper gone, recorder gone, nobody saw how.
    `pid` is the recorder's; `status` its exit code, or minus the signal that ended it, None while unknown. `started`
    is the wall clock (approximate where the state file could not be written), as is `ended`. `told`: somebody asked
    the keeper to end (TERM), as systemd does with all processes of a service at once.
    """

    phase: Phase
    pid: int | None = None
    started: float | None = None
    ended: float | None = None
    status: int | None = None
    error: str = ''
    arguments: tuple[str, ...] = ()
    told: bool = False


def state_path(folder: Path, number: int, leg: str = '') -> Path:
    """Where the n-th keeper of a leg writes; the same for every way to the folder."""
    return Path(os.path.realpath(folder)) / f'keeper{_of(leg)}-{number}.json'


def log_path(folder: Path, leg: str = '') -> Path:
    """Where the recorders of a leg print."""
    return folder / f'recorder{_of(leg)}.log'


def _of(leg: str) -> str:
    return f'-{plain(leg)}' if leg else ''
