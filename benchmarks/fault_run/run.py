"""Runs a plan: harm at its moments, then patience until everything is settled."""

from __future__ import annotations

import heapq
import itertools
import random
import sys
import threading
import time
from collections.abc import Callable

from benchmarks.fault_run import evidence
from benchmarks.fault_run.hall import Hall
from benchmarks.fault_run.harms import Harms
from benchmarks.fault_run.outages import change_event, harm_core
from benchmarks.fault_run.plan import CORE, MACHINE, Harm, Plan

STEP = 0.05
STOOD_STILL = 0.4
"""Seconds that a step may take longer than it should before the machine counts as having stood still."""
FIRST_COPY = 12.0
EVERY = 60.0
"""Seconds to the first copy of the database, between two of them."""
PATIENCE = 90.0, 480.0
"""Seconds after the last event in which everything must be settled: in a quick run, in a long one."""
SETTLED = 3.0
"""Seconds for which nothing may be under way."""

Act = Callable[[], object]


class Runner:
    """`run` returns when all is settled, or the patience is over, with the agent stopped."""

    def __init__(self, hall: Hall, plan: Plan) -> None:
        self._hall = hall
        self._plan = plan
        self._harms = Harms(hall)
        self._chance = random.Random(plan.seed + 1)
        self._acts: list[tuple[float, int, Act]] = []
        self._order = itertools.count()
        self._said = 0.0
        self._doing = ''

    def run(self) -> None:
        over = threading.Event()
        watch = threading.Thread(target=self._watch_the_machine, args=(over,))
        watch.start()
        try:
            self._carry_out()
        finally:
            over.set()
            watch.join()

    def _watch_the_machine(self, over: threading.Event) -> None:
        """Note when it stood still, also while something is being done."""
        last = time.monotonic()
        while not over.wait(STEP):
            now = time.monotonic()
            if now - last > STEP + STOOD_STILL:
                self._hall.chronicle.stalls.append((time.time() - (now - last), time.time()))
            last = now

    def _carry_out(self) -> None:
        self._at(self._hall.begun, self._hall.boot)
        for harm in self._plan.harms:
            self._at(self._hall.begun + harm.at, lambda harm=harm: self._begin(harm))  # type: ignore[misc]
        for number in range(int(self._plan.end / EVERY) + 1):
            self._at(self._hall.begun + FIRST_COPY + number * EVERY, self._hall.save_database)
        last = self._hall.begun + self._plan.end
        while self._acts or time.time() < last:
            self._turn()
        self._settle()
        self._say(end='\n')
        self._stop()

    def _at(self, moment: float, act: Act) -> None:
        heapq.heappush(self._acts, (moment, next(self._order), act))

    def _turn(self) -> None:
        """A moment of waiting, then what is due."""
        time.sleep(STEP)
        now = time.monotonic()
        self._hall.look_whether_it_is_up()
        while self._acts and self._acts[0][0] <= time.time():
            heapq.heappop(self._acts)[2]()
        if now - self._said > (1 if sys.stderr.isatty() else 60):
            self._said = now
            self._say()

    def _begin(self, harm: Harm) -> None:
        self._doing = harm.kind
        if harm.kind in MACHINE:
            end = self._harms.begin(harm)
        elif harm.kind in CORE:
            end = harm_core(self._hall, harm)
        else:
            for later, act in change_event(self._hall, harm, self._chance):
                self._at(time.time() + later, act)
            return
        if end is not None:
            self._at(time.time() + harm.seconds, end)

    def _settle(self) -> None:
        """Wait until nothing is under way any more."""
        self._doing = 'waiting until all is settled'
        limit = time.monotonic() + PATIENCE[not self._plan.quick]
        calm = time.monotonic()
        while time.monotonic() < min(limit, calm + SETTLED):
            self._turn()
            if self._under_way():
                calm = time.monotonic()

    def _under_way(self) -> bool:
        rows, untold = evidence.rows(self._hall.database, self._hall.core.events)
        return bool(untold or not rows or any(row.under_way for found in rows.values() for row in found))

    def _stop(self) -> None:
        """End the agent as it should be ended; what is left then is a finding."""
        if self._hall.there:
            code = self._hall.agent.stop(limit=60)
            if code != 0:
                self._hall.chronicle.note(f'exit code {code} at the end', time.time(), time.time())
        elif self._hall.agent.children:
            code = self._hall.agent.children[-1].returncode
            self._hall.chronicle.note(f'exit code {code}: the agent had ended by itself', time.time(), time.time())

    def _say(self, end: str = '') -> None:
        now = time.time()
        over = sum(self._hall.begun + lecture.end < now for lecture in self._plan.lectures)
        arrived = len(self._hall.core.deliveries)
        text = f'{now - self._hall.begun:5.0f} s  {over}/{len(self._plan.lectures)} events over, {arrived} delivered'
        harm = f'{len(self._hall.chronicle.done)} times harm, the last: {self._doing}'
        shown = f'{text}, {harm}'
        sys.stderr.write(f'\r{shown:110.110}{end}' if sys.stderr.isatty() else f'{shown}\n')
        sys.stderr.flush()
