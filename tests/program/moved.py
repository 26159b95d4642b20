"""A clock that tests move, for this process and for the programs that it starts."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from pyca.clock import SystemClock


class MovedClock(SystemClock):
    """The wall clock of this machine, set wrong by some seconds; what it says of waits stays true.

    Programs started with its `environment` see the same time, by libfaketime. Their `time.sleep` fails, since
    libfaketime takes its deadline for a time of the wall clock; `select` and locks wait as they should.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._wrong = 0.0
        self.step(0)
        wrapper = ['faketime', '2026-01-01', 'sh', '-c', 'printf %s "$LD_PRELOAD"']
        library = subprocess.run(wrapper, check=True, capture_output=True, text=True).stdout
        self.environment = {
            'LD_PRELOAD': library,
            'FAKETIME_TIMESTAMP_FILE': str(file),
            'FAKETIME_NO_CACHE': '1',
            'FAKETIME_DONT_FAKE_MONOTONIC': '1',
        }

    def now(self) -> float:
        return time.time() + self._wrong

    def step(self, seconds: float) -> None:
        """Move it by this much."""
        self._wrong += seconds
        new = self._file.with_name(f'{self._file.name}.new')
        new.write_text(f'{self._wrong:+.3f}\n')
        os.replace(new, self._file)

    def set(self, now: float) -> None:
        """Move it to this time."""
        self.step(now - self.now())
