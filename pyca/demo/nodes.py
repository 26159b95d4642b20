"""The hosts of the installation, each a port with a file store of its own."""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
import threading
import weakref
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyca.demo.ical import Layout
from pyca.demo.model import Model
from pyca.demo.partial import Partials
from pyca.demo.records import Received
from pyca.demo.server import Listener

if TYPE_CHECKING:
    from pyca.demo.server import Desk

STATES = ('NORMAL', 'WARNING', 'ERROR', 'maintenance', 'offline')


class Node:
    """One host. `state` is that of its ingest service; ERROR, maintenance and offline take it off the list."""

    def __init__(self, desk: Desk, folder: Path, tls: ssl.SSLContext | None, *, registered: bool = True) -> None:
        self.folder = folder
        self.state = 'NORMAL'
        self.registered = registered
        """Whether the registry ever names this host; one that is not is a stranger's."""
        self.files: dict[str, Received] = {}
        self.public = ''
        """What the registry names instead of `url` (a tenant's property, contract 4)."""
        self.load = 0.0
        self.max_load = 4.0
        self.partials = Partials()
        self.failed_jobs = 0
        self.zips = 0
        """How many zip files are being taken at this moment."""
        self.port = 0
        self._release: Callable[[], object] | None = None
        self._desk = desk
        self._tls = tls
        self._listener: Listener | None = None
        self._etags: dict[str, tuple[float, str]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f'{"https" if self._tls else "http"}://127.0.0.1:{self.port}{self._desk.base}'

    @property
    def named(self) -> str:
        """The address that the registry gives."""
        return self.public or self.url

    @property
    def listed(self) -> bool:
        if self.state not in STATES:
            raise ValueError(f'a node cannot be {self.state}; it can be {", ".join(STATES)}')
        return self.registered and self.state in ('NORMAL', 'WARNING')

    @property
    def layout(self) -> Layout:
        return self._desk.layout

    @property
    def model(self) -> Model:
        return self._desk.model

    @property
    def full(self) -> bool:
        """Whether no more zip file can be taken now."""
        return self._desk.max_zips is not None and self.zips >= self._desk.max_zips

    @property
    def old_servlets(self) -> bool:
        """Whether this is a core of before OC 17, which obeys the start times of partial tracks (contract 7.6)."""
        return self._desk.old_servlets

    def turn(self, cookie: str) -> Node:
        """The node that does the work of the next request."""
        return self

    def siblings(self) -> list[Node]:
        """All nodes, the core itself first."""
        return list(self._desk.nodes)

    @property
    def running(self) -> bool:
        return self._listener is not None

    def start(self) -> None:
        """Listen; again on the same port if it listened before."""
        if self._listener is None:
            self._listener = Listener(self._desk, self, self._tls)
            self.port = self._listener.port
            self._listener.start()

    def stop(self) -> None:
        """Stop listening; every connection ends at once."""
        if self._listener is not None:
            listener, self._listener = self._listener, None
            listener.stop()

    def hold(self, port: int) -> None:
        """Keep the port while nobody listens on it: the system gives it to no other program then."""
        if self._release is None:
            with socket.socket() as place:
                place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                place.bind(('127.0.0.1', port))
                self._release = weakref.finalize(self, os.close, place.detach())

    def leave(self) -> None:
        """Stop for good."""
        self.stop()
        if self._release is not None:
            self._release()

    def restart(self) -> None:
        """Stop and start; what was only in its memory is gone."""
        self.stop()
        self.partials.forget()
        self.start()

    def etag(self, agent: str) -> str:
        """The ETag of an agent's calendar as this node knows it, late by the desk's `etag_cache` seconds."""
        now = self.model.clock.monotonic()
        at, etag = self._etags.get(agent, (float('-inf'), ''))
        if now - at >= self._desk.etag_cache:
            etag = self.model.etag(agent)
            self._etags[agent] = (now, etag)
        return etag

    def job(self, *, good: bool) -> None:
        """Count ingest jobs; too many failures in a row take the service off the list (contract 7.10)."""
        with self.model.lock:
            self.failed_jobs = 0 if good else self.failed_jobs + 1
            if self.state in ('NORMAL', 'WARNING'):
                self.state = 'NORMAL' if good else 'WARNING'
            limit = self._desk.max_failed_jobs
            if limit is not None and self.failed_jobs >= limit:
                self.state = 'ERROR'

    def store(self, planned: Received, chunks: Iterator[bytes]) -> Received:
        """Write a file as it comes, hashing and counting; nothing stays of a file that does not come whole."""
        planned.path.parent.mkdir(parents=True, exist_ok=True)
        half = planned.path.with_name(planned.path.name + '.part')
        digest, size = hashlib.sha256(), 0
        try:
            with half.open('wb', buffering=0) as file:
                for chunk in chunks:
                    digest.update(chunk)
                    file.write(chunk)
                    size += len(chunk)
            half.rename(planned.path)
        except BaseException:
            half.unlink(missing_ok=True)
            raise
        return replace(planned, size=size, sha256=digest.hexdigest())


class Balancer(Node):
    """An address in front of the nodes that gives each request to the next one (or each session to one)."""

    sticky = False
    _turns = 0

    def turn(self, cookie: str) -> Node:
        with self.model.lock:
            nodes = [node for node in self.siblings() if node.registered and node.running]
            self._turns += 1
            return nodes[(zlib.crc32(cookie.encode()) if self.sticky and cookie else self._turns) % len(nodes)]


class Nodes:
    """The nodes, the first of them the core itself."""

    def __init__(self, desk: Desk, folder: Path, tls: ssl.SSLContext | None) -> None:
        self._desk = desk
        self._folder = folder
        self._tls = tls
        self._lock = threading.Lock()
        self._made = 0

    def add(self, *, registered: bool = True) -> Node:
        """One more ingest node, running at once."""
        with self._lock:
            self._made += 1
            node = Node(self._desk, self._folder / f'node-{self._made}', self._tls, registered=registered)
            node.start()
            self._desk.nodes.append(node)
        return node

    def balancer(self, *, sticky: bool = False) -> Balancer:
        """An address that spreads requests over the nodes; the registry does not name it."""
        with self._lock:
            self._made += 1
            balancer = Balancer(self._desk, self._folder / f'node-{self._made}', self._tls, registered=False)
            balancer.sticky = sticky
            balancer.start()
            self._desk.nodes.append(balancer)
        return balancer

    def remove(self, node: Node) -> None:
        """Take a node away with everything on it."""
        with self._lock:
            self._desk.nodes.remove(node)
        node.leave()

    def __iter__(self) -> Iterator[Node]:
        return iter(list(self._desk.nodes))

    def __len__(self) -> int:
        return len(self._desk.nodes)

    def __getitem__(self, index: int) -> Node:
        return self._desk.nodes[index]
