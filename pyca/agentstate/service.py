"""The turn of the agentstate service: tell the core how things are."""

from __future__ import annotations

import logging

from pyca import settings
from pyca.agentstate.announcing import Announcing
from pyca.agentstate.doubts import Doubts
from pyca.agentstate.ports import Ports
from pyca.agentstate.scene import BUSY, Scene, look, unfinished
from pyca.agentstate.telling import Telling
from pyca.backoff import Backoff
from pyca.clock import Clock
from pyca.errors import CoreError, Interrupted, LoginFailed, NotUnderstood, Overloaded, Refused, StorageError
from pyca.states import AgentState, EventStatus, Fault, ServiceType
from pyca.version2 import Words

logger = logging.getLogger(__name__)

SELDOM = 600.0
"""Seconds, at most, between two signs of life; the core counts an agent as offline after 120 min (contract 5.7)."""

OFTEN = 60.0
"""The same, while the core expects to hear of a recording; the longest pause after a failure, too."""

PATIENCE = 300.0
"""Seconds, at most, that the core may ask for before the next try."""


class AgentStateService:
    """One place that decides what the core is told, one place that sends it. In backup mode nothing is sent."""

    name = 'agentstate'
    busy = False

    def __init__(self, agent: settings.Agent, address: str, ports: Ports, clock: Clock) -> None:
        self._agent = agent
        self._address = address
        self._ports = ports
        self._clock = clock
        self._doubts = Doubts(ports.core, ports.tells, clock)
        self._telling = Telling(ports.core, ports.reports, self._doubts, clock)
        self._words = Words(drafted=agent.version2)
        self._announcing = Announcing(ports, clock)
        self._backoff = Backoff(5.0, OFTEN)
        self._refusals = Backoff(5.0, OFTEN)
        self._said: AgentState | None = None
        self._said_at = self._held = self._refused = float('-inf')
        self._broken = False
        self._login_blamed = True  # an earlier run may have left it behind

    def step(self) -> float:
        """Send what is due; the seconds until something may be due without a change."""
        if self._agent.backup_mode:
            self._be_silent()
            return SELDOM
        now = self._clock.monotonic()
        if now < self._held:
            return self._held - now
        ports = self._ports
        scene = look(ports.recordings.all(*BUSY), ports.faults.all(), self._clock.now(), self._words.told)
        try:
            more, answered = self._tell(scene)
        except CoreError as error:
            return self._hold(error)
        if answered:
            self._recovered()
        if more:
            return 0.0
        if self._said is not None:  # a state registers the agent
            self._announcing.step()
        return min(self._until_due(scene), self._telling.wait(), self._announcing.wait())

    def goodbye(self, limit: float = 3.0) -> None:
        """Say that the agent is going away, if nothing is left recording: one post, `limit` seconds, no error."""
        if self._agent.backup_mode:
            return
        try:
            if unfinished(self._ports.recordings.all(EventStatus.RECORDING), self._clock.now()):
                logger.info('a recording is under way: the core is not told that the agent is offline')
                return
            self._ports.farewell(limit).post_agent_state(AgentState.OFFLINE, self._address)
        except (CoreError, StorageError, Interrupted) as error:
            logger.warning('the core was not told that the agent is offline: %s', error)
        else:
            logger.info('agent state: offline')

    def close(self) -> None:
        """Nothing is held between two turns."""

    def _be_silent(self) -> None:
        """A backup agent says nothing, not even later."""
        for report in self._ports.reports.next():
            self._ports.reports.drop(report.uid)

    def _tell(self, scene: Scene) -> tuple[bool, bool]:
        """Recordings first, then the agent, as contract 1 has it; whether more waits, and whether the core answered.

        After a failure the agent's state goes first, and a failure of the recordings' states does not keep it back.
        """
        if self._broken:
            said = self._tell_state(scene)
            sent = self._telling.send()
            return sent.more, self._telling.repeat(scene.running) or sent.taken or said
        try:
            sent = self._telling.send()
            repeated = self._telling.repeat(scene.running)
        except CoreError:
            self._tell_state(scene)
            raise
        return sent.more, self._tell_state(scene) or repeated or sent.taken

    def _tell_state(self, scene: Scene) -> bool:
        """Post the agent's state if it is due; whether the core took it."""
        if self._until_due(scene) > 0:
            return False
        now = self._clock.monotonic()
        try:
            self._ports.core.post_agent_state(scene.state, self._address)
        except (Refused, NotUnderstood) as error:
            unknown = isinstance(error, Refused) and error.status == 400
            if unknown and self._words.refused(scene.state):
                logger.info('the core does not know the state %s, it is told another one', scene.state.value)
                return True
            self._doubts.agent_told(taken=False)
            wait = self._refusals.failed()
            self._refused = now + wait
            logger.warning('the core does not take the state of the agent, next try in %.0f s: %s', wait, error)
            return False
        self._doubts.agent_told(taken=True)
        self._refusals.succeeded()
        self._ports.posted(self._clock.now())
        if scene.state is not self._said:
            causes = f' ({scene.causes})' if scene.state is AgentState.ERROR else ''
            logger.info('agent state: %s%s', scene.state.value, causes)
        self._said, self._said_at = scene.state, now
        return True

    def _until_due(self, scene: Scene) -> float:
        """Seconds until this state is sent: a new one at once, but none sooner after it was refused."""
        due = self._refused
        if scene.state is self._said:
            due = max(due, self._said_at + min(float(self._agent.update_frequency), OFTEN if scene.busy else SELDOM))
        return max(0.0, due - self._clock.monotonic())

    def _hold(self, error: CoreError) -> float:
        """Nothing gets through: everything waits."""
        self._doubts.agent_told(taken=False)
        wait = self._backoff.failed()
        if isinstance(error, Overloaded):
            wait = max(wait, min(error.retry_after or 0.0, PATIENCE))
        self._held = self._clock.monotonic() + wait
        log = logger.debug if self._broken else logger.warning
        log('the core cannot be told how the agent is, states wait: %s', error)
        self._broken = True
        if isinstance(error, LoginFailed):
            self._held = self._clock.monotonic() + OFTEN  # a wrong password is not tried every few seconds
            self._login_blamed = True
            self._ports.faults.raise_(ServiceType.AGENTSTATE, Fault.LOGIN_REFUSED, str(error), self._clock.now())
        return self._held - self._clock.monotonic()

    def _recovered(self) -> None:
        if self._broken:
            logger.info('the core takes states again')
        self._broken = False
        self._backoff.succeeded()
        if self._login_blamed:
            self._ports.faults.clear(ServiceType.AGENTSTATE, Fault.LOGIN_REFUSED)
            self._login_blamed = False
