"""The story that `pyca demo` tells: two lectures, from the schedule to the core."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyca.demo import ffmpeg
from pyca.demo.agent import GRACE, NAME, PAGE, Child, configuration
from pyca.demo.arrival import Arrival
from pyca.demo.display import Display, bar
from pyca.demo.faults import Fault, Kind
from pyca.demo.standin import StandIn
from pyca.errors import PycaError

WRONG = 10
"""Exit code: something did not arrive as it should."""
TURN = 0.1


@dataclass(frozen=True)
class Plan:
    """The times of the show, in seconds, with its place."""

    lead: int = 5
    """From the agent's first sign of life to the first event."""
    length: int = 15
    """Of each of the two events."""
    limit: float = 80.0
    """For everything up to the last upload."""
    farewell: float = 20.0
    """For the agent to end."""
    hurry: float = GRACE
    """The same after a Ctrl-C."""
    place: Path | None = None
    """Where the temporary folder is made; None = where temporary files go."""


class Ended(PycaError):
    """Somebody asked for the end of the show."""


class Wrong(PycaError):
    """The show cannot go on; the text says why."""


class Show:
    """One demonstration."""

    def __init__(self, program: Sequence[str], folder: Path, core: StandIn, display: Display, plan: Plan) -> None:
        self.over: Callable[[], bool] = lambda: False
        self._program = program
        self._folder = folder
        self._core = core
        self._display = display
        self._plan = plan
        self._told: dict[str, int] = {}
        self._uids: list[str] = []

    def play(self, keep: bool) -> int:
        """The whole of it; gives the exit code. Whatever happens, the agent has ended afterwards."""
        tool = ffmpeg.find(self._display.say, execute=self._execute)
        self._turn()
        (self._folder / 'pyca.conf').write_text(configuration(self._folder, self._core.url, tool))
        self._introduce()
        agent = Child(self._program, 'run', self._folder)
        faults: list[str] = []
        try:
            faults += self._watch(agent)
            faults += self._compare(tool)
            if keep:
                self._summary(faults)
                self._stay()
        finally:
            asked = agent.end(self._plan.hurry if self.over() else self._plan.farewell)
        if not asked:
            faults.append('The agent did not end when it was asked to.')
        return self._close(faults, said=keep)

    def _introduce(self) -> None:
        self._display.say('A capture agent, a stand-in for its core (this is not Opencast), two lectures back to back.')
        self._display.say(f'Core:  {self._core.url}')
        self._display.say(f'Files: {self._folder}')
        self._display.say()

    # -- watching -------------------------------------------------------------------------------------------------

    def _watch(self, agent: Child) -> list[str]:
        """Schedule, then show until everything arrived; gives what went wrong on the way."""
        until = time.monotonic() + self._plan.limit
        # the first calendar waits for the schedule, which is made once the agent is up, however slow the machine is
        self._core.faults.add(Fault('GET /recordings/calendars', Kind.DELAY, seconds=1.0))
        while not self._finished():
            self._turn()
            self._tell()
            if not self._uids and self._core.requests:
                self._schedule()
                self._core.faults.clear()
            if agent.status is not None:
                return [f'The agent ended by itself with status {agent.status}.']
            if time.monotonic() > until:
                return [f'Not everything had arrived after {self._plan.limit:.0f} s.']
        self._tell()
        return []

    def _schedule(self) -> None:
        start = math.ceil(time.time()) + self._plan.lead
        for title in ('First lecture', 'Second lecture'):
            end = start + self._plan.length
            self._uids.append(self._core.add_event(agent=NAME, start=start, end=end, title=title))
            self._display.tell(f'{title} is scheduled for {time.strftime("%H:%M:%S", time.localtime(start))}')
            start = end

    def _finished(self) -> bool:
        done = [uid for uid in self._uids if any(state == 'upload_finished' for _, state in self._core.recordings[uid])]
        agent = self._core.agents.get(NAME)
        return bool(done) and len(done) == len(self._uids) and agent is not None and agent.state == 'idle'

    def _turn(self) -> None:
        if self.over():
            raise Ended
        time.sleep(TURN)

    def _tell(self) -> None:
        """What is new, as the core sees it."""
        agent = self._core.agents.get(NAME)
        self._new('agent', [state for _, state in list(agent.history)] if agent else [], f'Agent {NAME}')
        for uid in self._uids:
            event = self._core.events[uid]
            self._new(uid, [state for _, state in list(self._core.recordings[uid])], event.title)
        self._display.move(self._progress())

    def _new(self, key: str, states: list[str], name: str) -> None:
        seen = self._told.get(key, 0)
        for before, state in zip(['', *states][seen:], states[seen:], strict=False):
            if state != before:
                self._display.tell(f'{name}: {state.replace("_", " ")}')
        self._told[key] = len(states)

    def _progress(self) -> str:
        for request in list(self._core.requests):
            if request.ended is None and request.path.endswith('/addTrack') and request.length:
                return bar('upload   ', request.bytes_in, request.length, 'bytes')
        for uid in self._uids:
            event, states = self._core.events[uid], self._core.recordings[uid]
            if states and states[-1][1] == 'capturing' and time.time() < event.end:
                return bar('recording', time.time() - event.start, event.end - event.start, 's')
        return ''

    # -- the end --------------------------------------------------------------------------------------------------

    def _compare(self, tool: str) -> list[str]:
        self._display.clear()
        self._display.say()
        faults: list[str] = []
        for uid in self._uids:
            recordings = self._folder / 'recordings'
            arrival = Arrival(self._core, self._core.events[uid], recordings, lambda file: self._duration(tool, file))
            for line in arrival.lines:
                self._display.say(line)
            faults += arrival.faults
        if not self._uids:
            faults.append('The agent never spoke to the core.')
        agent = self._core.agents.get(NAME)
        if agent and not any(state == 'capturing' for _, state in agent.history):
            faults.append('The agent never said that it records.')
        extra = len([delivery for delivery in self._core.deliveries if delivery.uid not in self._uids])
        return faults + ([f'{extra} recordings arrived that nobody scheduled.'] if extra else [])

    def _execute(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        return ffmpeg.run(arguments, self.over)

    def _duration(self, tool: str, file: Path) -> float | None:
        return ffmpeg.duration(tool, file, execute=self._execute)

    def _stay(self) -> None:
        page = Child(self._program, 'ui', self._folder)
        try:
            self._display.say(f'The web interface is at {PAGE} (admin, opencast). Ctrl-C ends everything.')
            while not self.over():
                time.sleep(TURN)
                if page.status is not None:
                    raise Wrong(f'The web interface ended with status {page.status}:\n{_tail(page.output)}')
        finally:
            page.end(self._plan.hurry)

    def _close(self, faults: list[str], *, said: bool) -> int:
        """Say goodbye once the agent is gone."""
        agent = self._core.agents.get(NAME)
        if agent and agent.state != 'offline':
            faults.append('The agent did not say goodbye ("offline") when it ended.')
        faults += [finding for finding in self._core.verdict() if finding not in faults]
        if not said or faults:
            self._summary(faults)
        return WRONG if faults else 0

    def _summary(self, faults: list[str]) -> None:
        self._display.say()
        if not faults:
            self._display.say('Every lecture arrived whole, once, and as it was recorded.')
            return
        self._display.say('This went wrong:')
        for fault in faults:
            self._display.say(f'- {fault}')
        for name in ('agent.log', 'run.out'):
            self._display.say(_tail(self._folder / name))


def _tail(file: Path, lines: int = 20) -> str:
    """The last lines of a file under its name; nothing for one that has none."""
    try:
        last = file.read_text(errors='replace').splitlines()[-lines:]
    except OSError:
        return ''
    return '\n'.join([f'--- the end of {file.name}', *last]) if last else ''
