"""What became of what somebody did, said on the page until it is dismissed.

The address of the page names it (an order, or one of our sentences), so that it outlasts refreshes, needs no memory,
and nobody can put words of their own into it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from pyca.storage.orders import OrderState
from pyca.ui.commands import LONGEST, Commands
from pyca.ui.foreign import foreign
from pyca.ui.reader import Reader

FIELDS = ('said', 'order')
UNANNOUNCED = 'unannounced'
"""Said beside an order that was obeyed: the core should have scheduled it, and did not say so."""
GOOD = ('retried', 'deleted')
ANSWERS = (
    (re.compile(r'It is not being recorded\.'), 'answer.not_recording'),
    (re.compile(r'Its recording has not begun yet\.'), 'answer.not_begun'),
    (re.compile(r'This has been done already\.'), 'answer.done'),
    (re.compile(r'The next event begins then\.'), 'answer.next_then'),
    (re.compile(r'The next event begins in (?P<seconds>-?\d+) s\.'), 'answer.next_soon'),
    (re.compile(r'(?P<title>.*) has the device\.', re.DOTALL), 'answer.device'),
)
"""Refusals of the capture service that can be said in other languages."""
MOST = {'bad_minutes': LONGEST, 'bad_title': 500}


@dataclass(frozen=True)
class Notice:
    """One sentence; `good` if it was done."""

    text: str
    good: bool


def notice(given: Mapping[str, str], commands: Commands, reader: Reader) -> Notice | None:
    """None if the address names nothing that happened. Raises StorageError."""
    words = reader.words
    code, order = given.get('said', ''), given.get('order', '')
    if order.isascii() and order.isdigit() and len(order) < 10:
        made = _of_order(int(order), commands, reader)
        if made is None or code != UNANNOUNCED:
            return made
        return Notice(Markup('{} {}').format(made.text, words(f'said.{code}')), good=False)
    if words.known(f'said.{code}'):
        return Notice(words(f'said.{code}', most=MOST.get(code, 0)), code in GOOD)
    return None


def _of_order(number: int, commands: Commands, reader: Reader) -> Notice | None:
    placed = commands.order(number)
    if placed is None:
        return None
    text = reader.words(f'order.{placed.order.kind.value}.{placed.state.value}', count=placed.order.minutes)
    if placed.state is not OrderState.REFUSED:
        return Notice(text, good=True)
    return Notice(Markup('{} {}').format(text, _reason(placed.answer, reader)), good=False)


def _reason(answer: str, reader: Reader) -> str:
    """What the capture service answered; which may name a cause."""
    for pattern, key in ANSWERS:
        if match := pattern.fullmatch(answer):
            return reader.words(key, **{name: foreign(value) for name, value in match.groupdict().items()})
    return reader.cause(answer)
