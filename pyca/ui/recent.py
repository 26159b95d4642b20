"""What this process has seen lately, kept as digests that say nothing outside of it."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar('T')


class Recent(Generic[T]):
    """Values by secret words. Beyond `most` of them the one that was not asked for the longest time is forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._key = os.urandom(32)
        self._lock = threading.Lock()
        self._values: OrderedDict[bytes, T] = OrderedDict()

    def get(self, *words: str) -> T | None:
        key = self._digest(words)
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, value: T, *words: str) -> None:
        key = self._digest(words)
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            if len(self._values) > self._most:
                self._values.popitem(last=False)

    def _digest(self, words: tuple[str, ...]) -> bytes:
        content = ''.join(f'{len(word)}:{word}' for word in words)
        return hmac.digest(self._key, content.encode('utf-8', 'surrogatepass'), hashlib.sha256)
