"""Remembers where partial tracks begin, which one node does for one day (contract 7.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from pyca.demo.model import new_id
from pyca.demo.records import Received

if TYPE_CHECKING:
    from pyca.demo.nodes import Node

DAY = 86400.0
FLAVOR = 'smil/source+partial'


class Partials:
    """The start times that one node knows. They are nowhere else: a restart forgets them."""

    def __init__(self) -> None:
        self._starts: dict[str, list[tuple[float, str, int]]] = {}

    def note(self, package: str, element: str, milliseconds: int, now: float) -> None:
        self._starts.setdefault(package, []).append((now, element, milliseconds))

    def forget(self) -> None:
        self._starts.clear()

    def catalog(self, package: str, node: Node) -> list[Received]:
        """The SMIL catalog that says when the tracks begin; nothing without start times."""
        now = node.model.now()
        known = [entry for entry in self._starts.pop(package, []) if now - entry[0] < DAY]
        if not known:
            return []
        inner = ''.join(f'<video src={quoteattr(element)} begin="{start}ms"/>' for _, element, start in known)
        smil = f'<smil xmlns="http://www.w3.org/ns/SMIL"><body><par>{inner}</par></body></smil>'
        place = node.folder / 'smil' / f'{new_id()}.smil'
        return [node.store(Received(FLAVOR, place.name, 0, '', place, 'catalog'), iter([smil.encode()]))]
