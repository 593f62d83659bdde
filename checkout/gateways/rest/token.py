"""The REST gateway's token: lives about an hour, kept for 55 minutes, fetched by one at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from checkout.model.outcome import DeclineReason

KEPT_SECONDS: Final = 55 * 60.0

Fetch = Callable[
    [float], Awaitable[str | DeclineReason]
]  # seconds -> a token, or why there is none


class Token:
    """One account's token, shared by all that call at the same time."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = asyncio.Lock()
        self._value: str | None = None
        self._since = 0.0
        self._tries = 0
        self._failure = DeclineReason.UNREACHABLE

    async def get(self, seconds: float) -> str | DeclineReason:
        """The token, fetched within `seconds` where there is none; else why there is none."""
        tries = self._tries
        if (value := self._kept()) is not None:
            return value
        async with self._lock:
            if (value := self._kept()) is not None:
                return value
            if self._tries != tries:
                return self._failure  # the failure of the one that we waited for
            began = self._clock()
            answer = await self._fetch(seconds)
            self._tries += 1
            if isinstance(answer, DeclineReason):
                self._failure = answer
            else:
                self._value, self._since = answer, began
            return answer

    def drop(self, value: str) -> None:
        """Drop a token that the gateway refuses; a newer one stays."""
        if self._value == value:
            self._value = None

    def _kept(self) -> str | None:
        fresh = self._clock() - self._since < KEPT_SECONDS
        return self._value if fresh else None
