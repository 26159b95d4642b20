"""What a person wants done with a recording, on its way to the capture service."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class OrderKind(str, Enum):
    """What can be wanted."""

    END = 'end'
    """End the recording that runs, now."""
    EXTEND = 'extend'
    """Let it run so many minutes longer."""
    RECORD = 'record'
    """Record now, for so many minutes, what nobody has scheduled."""


@dataclass(frozen=True)
class Order:
    """`key` names it for ever, also in the journal of the recording that it was for.

    `minutes` is for EXTEND and RECORD, `title` for RECORD, whose `uid` is a new one. `start`, for RECORD, says that the
    core has scheduled an event of this uid, which begins then and lasts so many minutes; 0: it knows of none. With
    `doubtful` nobody knows whether it has.
    """

    key: str
    uid: str
    kind: OrderKind
    minutes: int = 0
    title: str = ''
    start: int = 0
    doubtful: bool = False


def unscheduled_title(agent: str, now: float) -> str:
    """The title of what nobody gave one: when it was begun, in milliseconds."""
    return f'Unscheduled-{agent}-{round(now * 1000)}'


@dataclass(frozen=True)
class Answer:
    """Whether it was done, with a sentence for who asked."""

    done: bool
    text: str


class Desk:
    """Where the thread that hears of orders and the one that obeys them meet; neither waits for the other."""

    def __init__(
        self, ring_capture: Callable[[], None] = lambda: None, ring_clerk: Callable[[], None] = lambda: None
    ) -> None:
        """Each is called when there is something for that side."""
        self._ring_capture = ring_capture
        self._ring_clerk = ring_clerk
        self._lock = threading.Lock()
        self._orders: list[Order] = []
        self._answers: list[tuple[Order, Answer]] = []

    def hand_in(self, order: Order) -> None:
        with self._lock:
            self._orders.append(order)
        self._ring_capture()

    def take(self) -> list[Order]:
        """The orders that nobody has taken yet, oldest first."""
        with self._lock:
            taken, self._orders = self._orders, []
        return taken

    def answer(self, order: Order, answer: Answer) -> None:
        with self._lock:
            self._answers.append((order, answer))
        self._ring_clerk()

    def answers(self) -> list[tuple[Order, Answer]]:
        """The answers that nobody has passed on yet."""
        with self._lock:
            taken, self._answers = self._answers, []
        return taken
