"""The addresses of the core's services, as the registry named them last."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pyca.errors import StorageError
from pyca.storage.memory import Memory

logger = logging.getLogger(__name__)


class KnownNodes:
    """The registry's last answers, kept so that they survive a restart.

    Each service has its own entry, since several threads write here. A database in trouble costs no more than the
    memory: it must not keep anybody from asking the core.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def load(self, service: str) -> list[str]:
        """Empty when nothing is known, or nothing can be read."""
        try:
            stored = self._memory.get(_key(service))
        except StorageError as error:
            logger.debug('The addresses of %s are not remembered: %s', service, error)
            return []
        return [str(node) for node in stored] if isinstance(stored, list) else []

    def save(self, service: str, nodes: Sequence[str]) -> None:
        try:
            self._memory.put(_key(service), list(nodes))
        except StorageError as error:
            logger.debug('The addresses of %s cannot be remembered: %s', service, error)


def _key(service: str) -> str:
    return f'endpoints of {service}'
