"""The addresses of the core's services, as the registry named them last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyca.storage.memory import Memory


class KnownNodes:
    """The registry's last answers, kept so that they survive a restart."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def load(self) -> dict[str, list[str]]:
        stored = self._memory.get('endpoints')
        return stored if isinstance(stored, dict) else {}

    def save(self, endpoints: Mapping[str, Sequence[str]]) -> None:
        self._memory.put('endpoints', {service: list(nodes) for service, nodes in endpoints.items()})
