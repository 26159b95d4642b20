"""What can be turned on the stand-in core, though it is kept further inside."""

from __future__ import annotations

from operator import attrgetter
from typing import Generic, TypeVar

T = TypeVar('T')


class Knob(Generic[T]):
    """An attribute that is one of a part: `Knob[str]('desk.base')` is the `base` of the owner's `desk`."""

    def __init__(self, place: str) -> None:
        self._part, _, self._name = place.rpartition('.')

    def __get__(self, owner: object, kind: type[object]) -> T:
        value: T = getattr(attrgetter(self._part)(owner), self._name)
        return value

    def __set__(self, owner: object, value: T) -> None:
        setattr(attrgetter(self._part)(owner), self._name, value)
