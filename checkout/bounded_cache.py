"""Caches that are bounded by bytes: the size of a value may be up to the sender of a request."""

from __future__ import annotations

import sys
from threading import Lock
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

K = TypeVar("K")
V = TypeVar("V")

LARGEST_SHARE: Final = 8  # a value that takes more than an eighth of the room is not kept
_RAW: Final = 64  # bytes of a `msgspec.Raw` beside those that it shows


def size_of(*values: Any) -> int:
    """Bytes of plain values and structs with all that they contain; shared values count once."""
    total, seen, rest = 0, set[int](), list(values)
    while rest:
        value = rest.pop()
        if value is None or id(value) in seen:
            continue
        seen.add(id(value))
        kind = type(value)
        if kind is msgspec.Raw:
            total += _RAW + memoryview(value).nbytes
            continue
        total += sys.getsizeof(value)
        if kind is dict:
            rest += value
            rest += value.values()
        elif kind is list or isinstance(value, tuple):
            rest += value
        elif isinstance(value, Struct):
            rest += astuple(value)
    return total


class BoundedCache(Generic[K, V]):
    """Values that can be made again, in at most `most` bytes, their keys with them; the least
    recently used go first. Several threads may use it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes = 0
        self._lock = Lock()
        self._kept: dict[K, tuple[V, int]] = {}  # the most recently used is the last

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K) -> V | None:
        with self._lock:
            found = self._kept.pop(key, None)
            if found is None:
                return None
            self._kept[key] = found
            return found[0]

    def put(self, key: K, value: V) -> None:
        weight = size_of(key, value)
        with self._lock:
            self._drop(key)
            if weight > self.most // LARGEST_SHARE:
                return
            self._kept[key] = value, weight
            self.bytes += weight
            while self.bytes > self.most:
                self._drop(next(iter(self._kept)))

    def drop(self, key: K) -> None:
        with self._lock:
            self._drop(key)

    def _drop(self, key: K) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self.bytes -= found[1]
