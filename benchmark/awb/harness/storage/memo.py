"""What is computed once per process: results by a hash of what they follow from.

Unlike `functools.lru_cache`, the arguments are not kept: a board of 17,000 clips would keep a
gigabyte of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """The newest results, at most so many; threads may share it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: dict[bytes, T] = {}
        self._lock = Lock()

    def get(self, compute: Callable[[], T], *given: object) -> T:
        """Return what was computed from the same values, which are bytes or have a `repr`."""
        digest = hashlib.sha256()
        for one in given:
            content = one if isinstance(one, bytes) else repr(one).encode()
            digest.update(len(content).to_bytes(8, "big") + content)
        place = digest.digest()
        with self._lock:
            if place in self._found:
                return self._found[place]
        found = compute()
        with self._lock:
            self._found[place] = found
            while len(self._found) > self._most:
                del self._found[next(iter(self._found))]
        return found
