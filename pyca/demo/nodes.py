"""The hosts of the installation, each a port with a file store of its own."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyca.demo.ical import Layout
from pyca.demo.model import Model
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
        self.failed_jobs = 0
        self.port = 0
        self._desk = desk
        self._tls = tls
        self._listener: Listener | None = None
        self._etags: dict[str, tuple[float, str]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f'{"https" if self._tls else "http"}://127.0.0.1:{self.port}'

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

    def siblings(self) -> list[Node]:
        """All nodes, the core itself first."""
        return list(self._desk.nodes)

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

    def remove(self, node: Node) -> None:
        """Take a node away with everything on it."""
        with self._lock:
            self._desk.nodes.remove(node)
        node.stop()

    def __iter__(self) -> Iterator[Node]:
        return iter(list(self._desk.nodes))

    def __len__(self) -> int:
        return len(self._desk.nodes)

    def __getitem__(self, index: int) -> Node:
        return self._desk.nodes[index]
