"""A stand-in for an Opencast core: the contract over real HTTP, with faults on demand. It is not Opencast."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from pyca.clock import Clock, SystemClock
from pyca.demo.faults import Faults
from pyca.demo.ical import Layout
from pyca.demo.knob import Knob
from pyca.demo.model import Model, new_id
from pyca.demo.nodes import Nodes
from pyca.demo.records import USERS, Agent, Delivery, Event, Request, User
from pyca.demo.security import Security
from pyca.demo.selection import selecting
from pyca.demo.server import Desk
from pyca.demo.strict import Strict
from pyca.demo.verdict import missing_states


class StandIn:
    """The stand-in core. As a context it listens on a free loopback port, and leaves nothing behind but its folder.

    `strict` refuses media packages that are none of this core's; findings are noted in `violations` in any case.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock | None = None,
        *,
        users: Iterable[User] = USERS,
        strict: bool = False,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self.model = Model(clock, Strict(refuses=strict))
        self.faults = Faults()
        self.desk = Desk(self.model, Security(clock, users, self.model.strict), self.faults)
        self.nodes = Nodes(self.desk, Path(folder), tls)
        self.up_since = clock.now()
        self.nodes.add()

    def __enter__(self) -> StandIn:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for node in self.nodes:
            node.leave()
        if kind is None and self.desk.failures:
            raise RuntimeError('the stand-in itself failed:\n' + '\n'.join(self.desk.failures))

    # -- being there ----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return self.nodes[0].url

    def start(self) -> None:
        """Listen again on the same ports, with everything as it was."""
        self.faults.close(False)
        self.up_since = self.model.now()
        for node in self.nodes:
            node.start()

    def stop(self) -> None:
        """Be gone: connections end, new ones are refused. The state stays."""
        self.faults.close()
        for node in self.nodes:
            node.stop()

    def wait_for(self, condition: Callable[[], object], timeout: float = 60.0) -> bool:
        """Wait until the condition is true; tells whether it became so within `timeout` seconds."""
        until = time.monotonic() + timeout
        while not condition():
            if time.monotonic() >= until:
                return False
            with self.model.changed:
                self.model.changed.wait(0.02)
        return True

    # -- the schedule ---------------------------------------------------------------------------------------------

    def add_event(
        self,
        uid: str | None = None,
        *,
        agent: str,
        start: float,
        end: float,
        **more: Any,
    ) -> str:
        """Schedule an event. `more`: title, properties, series, description, presenters, workflow. Gives its id."""
        uid = uid or new_id()
        self.model.put(Event(uid, agent, start, end, **{'title': 'Lecture', **more}))
        return uid

    def select_inputs(self, uid: str, *inputs: str) -> None:
        """Have an event record these inputs of its agent; none: the list that it selects is empty."""
        with self.model.lock:
            self.model.put(selecting(self.model, uid, inputs))

    def change_event(self, uid: str, **changes: Any) -> None:
        """Change start, end, agent, title, properties ... of an event.

        `LAST-MODIFIED` stays where it is if only the end or the properties change (contract 6.3).
        """
        with self.model.lock:
            event = replace(self.model.events[uid], **changes)
            self.model.put(event, new_version=not set(changes) <= {'end', 'properties'})

    def remove_event(self, uid: str) -> None:
        self.model.remove(uid)

    def archive(self, uid: str) -> None:
        """The event leaves the scheduler, as after the archive step of its workflow."""
        self.model.archive(uid)

    def finish(self, uid: str) -> None:
        """The workflows of this media package end."""
        self.model.finish(uid)

    # -- what is known --------------------------------------------------------------------------------------------

    @property
    def agents(self) -> dict[str, Agent]:
        return self.model.agents

    @property
    def events(self) -> dict[str, Event]:
        return self.model.events

    @property
    def recordings(self) -> dict[str, list[tuple[float, str]]]:
        """Every state posted for a recording, with its time, by event id."""
        return self.model.recordings

    @property
    def deliveries(self) -> list[Delivery]:
        return self.model.deliveries

    @property
    def requests(self) -> list[Request]:
        return self.model.requests

    @property
    def violations(self) -> list[str]:
        """What a careful agent would not have done, as sentences, each once."""
        return self.model.strict.findings

    @property
    def failures(self) -> list[str]:
        """What went wrong in the stand-in itself."""
        return self.desk.failures

    def verdict(self) -> list[str]:
        """The violations, and for each event that was delivered the states that should have come and did not."""
        with self.model.lock:
            return [*self.violations, *missing_states(self.model, self.up_since)]

    # -- knobs ----------------------------------------------------------------------------------------------------

    archive_after = Knob[float | None]('model.archive_after')
    """Seconds from an accepted ingest until its workflow archives; None = never."""
    finish_after = Knob[float | None]('model.finish_after')
    """Seconds from an accepted ingest until its workflow is over; None = never."""
    base = Knob[str]('desk.base')
    """A path in front of every other one, such as `/opencast`; it is part of each address."""
    version2 = Knob[bool]('model.version2')
    """Whether it takes the drafted CA API 2.0 (contract 9); off like every core there is."""
    draft = Knob[bool]('model.draft')
    """Whether it has the calendar's addresses of the older draft of a version 2, `.ical` and `.json`."""
    guides_only = Knob[int]('desk.guides_only')
    """The status for whatever the protocol guides do not know; 0 = everything works."""

    @property
    def layout(self) -> Layout:
        """How the calendar is written."""
        return self.desk.layout

    @property
    def workflows(self) -> set[str]:
        """The workflows that are known; others become the default."""
        return self.model.known_workflows

    @property
    def lock(self) -> threading.RLock:
        """Hold this to see several things at one moment."""
        return self.model.lock

    @property
    def canaries(self) -> set[str]:
        """Secrets that must never show up in a configuration."""
        return self.model.strict.canaries

    def set_users(self, users: Iterable[User]) -> None:
        """Replace the accounts; all sessions end."""
        with self.model.lock:
            self.desk.security.set_users(users)

    def agent_names(self) -> list[str]:
        return sorted(self.model.agents)
