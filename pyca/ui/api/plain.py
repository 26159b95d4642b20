"""Plain objects as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from typing import Any

from pyca.states import EventStatus


def plain(value: Any) -> Any:
    """Dataclasses as objects with the names of their fields, states by their names."""
    if value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, EventStatus):
        return value.label
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {name: plain(part) for name, part in vars(value).items()}
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value
