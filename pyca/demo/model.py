"""The state of the stand-in core under one lock."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace

from pyca.clock import Clock
from pyca.demo.prolonging import CaptureNow
from pyca.demo.records import WORKFLOW, Agent, Delivery, Event, Received, Request, Workflow
from pyca.demo.strict import Strict

OFFLINE_AFTER = 120 * 60.0
RECORDING_STATES = frozenset(
    {
        *('unknown', 'capturing', 'capture_finished', 'capture_error', 'uploading', 'upload_finished', 'upload_error'),
        *('manifest', 'manifest_error', 'manifest_finished', 'compressing', 'compressing_error'),
    }
)
AGENT_STATES = frozenset({'idle', 'shutting_down', 'capturing', 'uploading', 'unknown', 'offline', 'error'})


class Model:
    """Agents, events, recordings and workflows, with the rules that tie them together.

    Handlers hold `lock` while they read or write; it may be taken again by its owner.
    """

    def __init__(self, clock: Clock, strict: Strict) -> None:
        self.clock = clock
        self.strict = strict
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.agents: dict[str, Agent] = {}
        self.events: dict[str, Event] = {}
        self.recordings: dict[str, list[tuple[float, str]]] = {}
        self.deliveries: list[Delivery] = []
        self.workflows: list[Workflow] = []
        self.requests: list[Request] = []
        self.known_workflows = {WORKFLOW, 'fast', 'upload', 'publish'}
        self.unreadable_series: set[str] = set()
        self.own_catalogs_win = True
        """Of catalogs that both sides have, the core's stay (`add.only.new.catalogs...`)."""
        self.capture_now = CaptureNow()
        self.version2 = False
        self.draft = False
        self.versions = ['18.0.0']
        """The versions of all nodes; more than one during an update."""
        self.archive_after: float | None = None
        self.finish_after: float | None = None
        self._modified: dict[str, int] = {}

    def now(self) -> float:
        return self.clock.now()

    # -- events ---------------------------------------------------------------------------------------------------

    def put(self, event: Event, *, new_version: bool = True) -> None:
        """Store a new or changed event; both its old and its new agent see a change."""
        with self.lock:
            old = self.events.get(event.uid)
            version = self.now() if new_version or old is None else old.version
            self.events[event.uid] = replace(event, version=version)
            self.recordings.setdefault(event.uid, [])
            for agent in {event.agent, old.agent if old else event.agent}:
                self.touch(agent)

    def remove(self, uid: str) -> None:
        """Delete an event and its recording state."""
        with self.lock:
            event = self.events.pop(uid)
            self.recordings.pop(uid, None)
            self.touch(event.agent)

    def archive(self, uid: str) -> None:
        """Take an event from the scheduler, as the snapshot of a workflow does. No ETag changes (contract 6.1)."""
        with self.lock:
            self.events[uid].owned = False

    def of(self, agent: str) -> list[Event]:
        """The events of an agent."""
        return [event for event in self.events.values() if event.agent == agent]

    def owned(self, uid: str) -> Event | None:
        """The event, if the scheduler still owns it."""
        event = self.event(uid)
        return event if event is not None and event.owned else None

    def event(self, uid: str) -> Event | None:
        with self.lock:
            self.settle()
            return self.events.get(uid)

    def touch(self, agent: str) -> None:
        """Move the time of the last change of an agent's schedule; it never stands still on a change."""
        self._modified[agent] = max(round(self.now() * 1000), self._modified.get(agent, 0) + 1)

    def etag(self, agent: str) -> str:
        return f'mod{self._modified.get(agent, 0)}'

    def overrules(self, event: Event, file: Received) -> bool:
        """Whether what an agent sent for an event gives way to the core's own of its flavor (contract 7.8)."""
        own = {('catalog', 'dublincore/episode'), *([('catalog', 'dublincore/series')] if event.series else [])}
        return self.own_catalogs_win and (file.kind, file.flavor) in own

    # -- workflows ------------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let workflows archive and end whose time has come, and captures go on."""
        now = self.now()
        self.capture_now.look(self)
        for workflow in self.workflows:
            age = now - workflow.started
            if not workflow.archived and self.archive_after is not None and age >= self.archive_after:
                workflow.archived = True
                if workflow.mediapackage in self.events:
                    self.events[workflow.mediapackage].owned = False
            if workflow.active and self.finish_after is not None and age >= self.finish_after:
                workflow.active = False

    def active(self, mediapackage: str) -> bool:
        with self.lock:
            self.settle()
            return any(flow.active for flow in self.workflows if flow.mediapackage == mediapackage)

    def start_workflow(self, mediapackage: str) -> Workflow:
        workflow = Workflow(1000 + len(self.workflows), mediapackage, self.now())
        self.workflows.append(workflow)
        return workflow

    def finish(self, uid: str) -> None:
        """End the workflows of a media package."""
        with self.lock:
            for workflow in self.workflows:
                workflow.active = workflow.active and workflow.mediapackage != uid

    # -- agents ---------------------------------------------------------------------------------------------------

    def agent(self, name: str) -> Agent | None:
        """An agent, `offline` by now if it was silent for too long (contract 5.7)."""
        agent = self.agents.get(name)
        if agent and agent.state not in ('unknown', 'offline') and self.now() - agent.heard > OFFLINE_AFTER:
            agent.state = 'offline'
        return agent

    def register(self, name: str) -> Agent:
        """An agent, made known by this if it was not."""
        agent = self.agent(name)
        if agent is None:
            agent = self.agents[name] = Agent(name, heard=self.now())
        return agent

    def notify(self, act: Callable[[], None]) -> None:
        """Change something and wake who waits for a change."""
        with self.changed:
            act()
            self.changed.notify_all()


def new_id() -> str:
    return str(uuid.uuid4())
