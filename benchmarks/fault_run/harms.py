"""Carries out the harm of a plan."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from benchmarks.fault_run.chronicle import Done
from benchmarks.fault_run.hall import Hall
from benchmarks.fault_run.plan import Harm
from tests.harm import signal_each

End = Callable[[], None]


class Harms:
    """Each is begun by `begin`, which gives back what ends it."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._chronicle = hall.chronicle
        self._beginnings: dict[str, Callable[[Harm], End | None]] = {
            'agent killed': self._kill_agent,
            'keeper killed': lambda harm: self._kill_one('keeper', harm),
            'recorder killed': lambda harm: self._kill_one('counter', harm),
            'power cut': self._cut_power,
            'stopped': self._stop,
            'asleep': self._sleep,
            'clock moved': self._move_clock,
            'disk full': self._fill_disk,
            'database deleted while running': self._delete_database,
            'database lost': lambda harm: self._swap_database(harm, hall.remove_database),
            'database damaged': lambda harm: self._swap_database(harm, hall.damage_database),
            'database restored': lambda harm: self._swap_database(harm, hall.restore_database),
        }

    def begin(self, harm: Harm) -> End | None:
        """Do the harm; what is given back ends it after its seconds."""
        if harm.kind in self._chronicle.not_done:
            return None
        return self._beginnings[harm.kind](harm)

    # -- processes ------------------------------------------------------------------------------------------------

    def _kill_agent(self, harm: Harm) -> End | None:
        if not self._hall.there:
            return None
        done = self._chronicle.note(harm.kind, time.time())
        self._hall.gone()
        self._hall.agent.kill()
        return lambda: self._boot(done)

    def _kill_one(self, what: str, harm: Harm) -> End | None:
        for pid, uid in self._hall.processes(what)[:1]:
            signal_each([pid], signal.SIGKILL)
            self._chronicle.note(harm.kind, time.time(), time.time(), uid)
        return None

    def _cut_power(self, harm: Harm) -> End | None:
        done = self._chronicle.note(harm.kind, time.time())
        self._cut()
        return lambda: self._boot(done)

    def _cut(self) -> None:
        self._hall.gone()
        self._hall.agent.power_cut()

    def _stop(self, harm: Harm) -> End | None:
        if not self._hall.there:
            return None
        done = self._chronicle.note(harm.kind, time.time())
        booting = self._hall.booting
        self._hall.gone()
        self._hall.agent.children[-1].terminate()

        def end() -> None:
            code = self._hall.agent.children[-1].wait(60)
            if code not in (0, -signal.SIGTERM if booting else 0):  # what has not begun yet may die of it
                self._chronicle.note(f'exit code {code} after TERM', time.time(), time.time())
            self._boot(done)

        return end

    def _boot(self, done: Done) -> None:
        done.until = time.time()
        self._hall.boot()

    def _sleep(self, harm: Harm) -> End:
        done = self._chronicle.note(harm.kind, time.time())
        sleeping = self._hall.agent.processes()
        signal_each(sleeping, signal.SIGSTOP)

        def wake() -> None:
            signal_each(sleeping, signal.SIGCONT)
            done.until = time.time()

        return wake

    # -- machine --------------------------------------------------------------------------------------------------

    def _move_clock(self, harm: Harm) -> End:
        done = self._chronicle.note(harm.kind, time.time(), on=harm.on)
        self._hall.clock.wrong_by(int(harm.on))

        def right() -> None:
            self._hall.clock.wrong_by(0)
            done.until = time.time()

        return right

    def _fill_disk(self, harm: Harm) -> End:
        done = self._chronicle.note(harm.kind, time.time())
        filler = self._hall.disk / 'filler'
        with suppress(OSError), filler.open('wb', buffering=0) as file:
            while room := shutil.disk_usage(self._hall.disk).free:
                file.write(bytes(min(room, 1 << 20)))

        def empty() -> None:
            filler.unlink(missing_ok=True)
            done.until = time.time()

        return empty

    def _delete_database(self, harm: Harm) -> None:
        self._hall.remove_database()
        self._chronicle.note(harm.kind, time.time(), time.time())

    def _swap_database(self, harm: Harm, swap: Callable[[], None]) -> End:
        """Done while there is no agent."""
        done = self._chronicle.note(harm.kind, time.time())
        self._cut()
        swap()
        return lambda: self._boot(done)
