"""Carries the faults out on a request under way."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from pyca.demo.answers import Answer, page
from pyca.demo.exchange import Body, BodyCut, Exchange
from pyca.demo.faults import Fault, Faults, Kind
from pyca.demo.security import login_redirect

if TYPE_CHECKING:
    from pyca.demo.server import Listener

SLICES = 20
"""A slow body is read in so many slices per second."""
BUFFER = 65536


class Reset(BodyCut):
    """The connection ends with a TCP reset, now."""


class Dropped(ConnectionError):
    """The connection ends without an answer, now."""


def on_body(body: Body, fault: Fault | None, faults: Faults, connection: socket.socket) -> None:
    """Prepare the body for what happens while it is read."""
    if fault is None or fault.kind not in (Kind.RESET, Kind.STOP_READING, Kind.SLOW_READING):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)

    def slow(so_far: int) -> int:
        faults.pause(1 / SLICES, fault)
        return max(1, fault.rate // SLICES)

    def until(so_far: int) -> int:
        if so_far < fault.bytes:
            return fault.bytes - so_far
        if fault.kind is Kind.RESET:
            raise Reset
        faults.pause(fault=fault)
        body.allowed = lambda so_far: BUFFER
        return BUFFER

    body.allowed = slow if fault.kind is Kind.SLOW_READING else until


def instead(exchange: Exchange, fault: Fault | None, listener: Listener) -> Answer | None:
    """What happens in place of the work; None = the work is done (perhaps later)."""
    if fault is None:
        return None
    faults = listener.desk.faults
    if fault.kind is Kind.DELAY:
        faults.pause(fault.seconds, fault)
        return None
    if fault.kind is Kind.BLACK_HOLE:
        faults.on_clear(listener.relight)
        listener.darken()
        faults.pause(fault=fault)
        raise Dropped
    answer = _replacement(exchange, fault)
    if answer is None and fault.kind not in (Kind.HANG, Kind.DROP):
        if fault.kind is Kind.RESET and exchange.body.ended:
            raise Reset
        return None
    if not fault.early:
        exchange.body.drain()
    if fault.kind is Kind.HANG:
        faults.pause(fault=fault)
    if answer is None:
        raise Dropped
    return answer


def _replacement(exchange: Exchange, fault: Fault) -> Answer | None:
    if fault.kind is Kind.STATUS:
        return _status(fault)
    if fault.kind is Kind.HTML:
        return page('Welcome', fault.body or '<form action="/login"></form>')
    if fault.kind is Kind.LOGIN:
        return login_redirect(exchange.node.url)
    if fault.kind is Kind.NOT_MODIFIED:
        return Answer(304, headers={'ETag': '"mod0"'})
    return None


def _status(fault: Fault) -> Answer:
    return Answer(fault.status, fault.body.encode(), 'text/plain' if fault.body else '', dict(fault.headers))


def after(answer: Answer, fault: Fault | None, faults: Faults) -> Answer | None:
    """What happens between the work and its answer; the answer that there will be, if any."""
    if fault is None:
        return answer
    if fault.kind is Kind.LATE_ANSWER:
        faults.pause(fault.seconds, fault)
    if fault.kind is Kind.LOSE_ANSWER:
        return None
    return _status(fault) if fault.kind is Kind.OTHER_ANSWER else answer


def cut(answer: Answer, fault: Fault | None) -> tuple[bytes, bool]:
    """The body that is sent, and whether that is what its length says."""
    if fault is not None and fault.kind is Kind.EMPTY:
        return b'', True
    if fault is not None and fault.kind is Kind.TRUNCATE:
        return answer.body[: len(answer.body) // 2], False
    return answer.body, True
