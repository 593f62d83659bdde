"""Delivers notifications: at once, with retries until the answer is 200, to loopback only."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import httpx

from checkout.sandbox.behaviour import Behaviour
from checkout.sandbox.bounded import CAP
from checkout.sandbox.protocol import Letter
from checkout.sandbox.urls import on_loopback

TIMEOUT = 10.0
"""Seconds a shop has to answer."""

AT_ONCE = 100
"""How many deliveries may be on the wire together."""


class Notifier:
    """Sends letters in the background; `attempts` tells of each try: at, uid, url, answer."""

    def __init__(self, behaviour: Callable[[], Behaviour], now: Callable[[], float]) -> None:
        self.attempts: deque[dict[str, object]] = deque(maxlen=CAP)
        self._behaviour = behaviour
        self._now = now
        self._client: httpx.AsyncClient | None = None
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Open the client; call it inside the event loop that will send."""
        # No proxies of the environment, no redirects: only the address itself, on this machine.
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False, follow_redirects=False)

    async def stop(self) -> None:
        """Drop what is undelivered and close the client."""
        await self._drop()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def forget(self) -> None:
        """Cancel every delivery and empty the record."""
        for task in self._tasks:
            task.cancel()
        self.attempts.clear()

    def post(self, letter: Letter) -> None:
        """Send a letter as the behaviour says; returns at once."""
        behaviour = self._behaviour()
        if not on_loopback(letter.url):
            self._record(letter, "refused: not a loopback address")
        elif behaviour.notifications == "lost":
            self._record(letter, "lost: never sent")
        elif len(self._tasks) >= CAP:
            self._record(letter, "dropped: too many undelivered")
        else:
            delay = behaviour.notification_delay if behaviour.notifications == "late" else 0.0
            for _ in range(2 if behaviour.notifications == "doubled" else 1):
                task = asyncio.get_running_loop().create_task(self._deliver(letter, delay))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _deliver(self, letter: Letter, delay: float) -> None:
        await asyncio.sleep(delay)
        for wait in letter.waits:
            await asyncio.sleep(wait)
            async with self._slots:
                if await self._try(letter):
                    return

    async def _try(self, letter: Letter) -> bool:
        if self._client is None:
            return True
        try:
            async with self._client.stream(
                "POST", letter.url, headers=letter.headers, content=letter.body
            ) as answer:
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._record(letter, type(error).__name__)
            return False
        self._record(letter, status)
        return status == httpx.codes.OK

    def _record(self, letter: Letter, answer: int | str) -> None:
        self.attempts.append(
            {"at": self._now(), "uid": letter.uid, "url": letter.url, "answer": answer}
        )

    async def _drop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
