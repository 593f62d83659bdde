"""Delivers notifications: at once, with retries until the answer is 200, to loopback only."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from checkout.sandbox.bounded import CAP
from checkout.sandbox.settings import SandboxSettings
from checkout.sandbox.urls import on_loopback

RETRIES = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, *(60.0,) * 8)
"""Seconds before each of the 15 tries of a notification: the real schedule (37 h), shortened."""

TIMEOUT = 10.0
"""Seconds a shop has to answer."""

AT_ONCE = 100
"""How many deliveries may be on the wire together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One notification, ready to send: `body` is signed already, so it is never built again."""

    uid: str
    url: str
    headers: dict[str, str]
    body: bytes
    waits: tuple[float, ...] = RETRIES


class Notifier:
    """Sends notifications in the background; `attempts` tells of each try: at, uid, url, answer."""

    def __init__(self, settings: Callable[[], SandboxSettings], now: Callable[[], float]) -> None:
        self.attempts: deque[dict[str, object]] = deque(maxlen=CAP)
        self._settings = settings
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

    def post(self, notification: Notification) -> None:
        """Send a notification as the settings say; returns at once."""
        settings = self._settings()
        if not on_loopback(notification.url):
            self._record(notification, "refused: not a loopback address")
        elif settings.notifications == "lost":
            self._record(notification, "lost: never sent")
        elif len(self._tasks) >= CAP:
            self._record(notification, "dropped: too many undelivered")
        else:
            delay = settings.notification_delay if settings.notifications == "late" else 0.0
            for _ in range(2 if settings.notifications == "doubled" else 1):
                task = asyncio.get_running_loop().create_task(self._deliver(notification, delay))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _deliver(self, notification: Notification, delay: float) -> None:
        await asyncio.sleep(delay)
        for wait in notification.waits:
            await asyncio.sleep(wait)
            async with self._slots:
                if await self._try(notification):
                    return

    async def _try(self, notification: Notification) -> bool:
        if self._client is None:
            return True
        try:
            async with self._client.stream(
                "POST", notification.url, headers=notification.headers, content=notification.body
            ) as answer:
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._record(notification, type(error).__name__)
            return False
        self._record(notification, status)
        return status == httpx.codes.OK

    def _record(self, notification: Notification, answer: int | str) -> None:
        self.attempts.append(
            {"at": self._now(), "uid": notification.uid, "url": notification.url, "answer": answer}
        )

    async def _drop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
