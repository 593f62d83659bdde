"""Hosts' addresses by the system's resolver, which can't be called off: each look-up has a thread
of its own, and room that it keeps until it ends, whoever still waits for it. So names of one shop
that hang use up that shop's room, and not the threads of others, nor those that gateways need.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from checkout.payments.concurrency import Rooms

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Lookup = Callable[[str, int], Sequence[str]]

DEADLINE: Final = 5.0  # seconds for a look-up
WAIT: Final = 5.0  # seconds for room


def system(host: str, port: int) -> list[str]:
    """A host's addresses, the nearest first; blocking. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Resolver:
    """`lookup` runs in threads; `seconds`: its deadline."""

    def __init__(self, room: str, lookup: Lookup = system, *, seconds: float = DEADLINE) -> None:
        self._rooms = Rooms(room)  # as large as that of the calls: full only where some hang
        self._lookup = lookup
        self._seconds = seconds

    def free(self, shop: str, host: str | None = None) -> int:
        return self._rooms.free(shop, host)

    def of(self, shop: str) -> Resolve:
        """Looks up at that shop's expense."""
        return partial(self._resolve, shop)

    async def _resolve(self, shop: str, host: str, port: int) -> Sequence[str]:
        """Raises OSError, TimeoutError; NoRoom where the shop's look-ups all hang."""
        await self._rooms.wait(shop, host, WAIT)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[str]] = loop.create_future()

        def ended(found: Sequence[str] | None, error: Exception | None) -> None:
            self._rooms.leave(shop, host)
            if answer.done():  # nobody waits for it any longer
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(found or ())

        def look_up() -> None:
            found, error = None, None
            try:
                found = self._lookup(host, port)
            except Exception as caught:  # noqa: BLE001 - it is the caller's
                error = caught
            with suppress(RuntimeError):  # the loop is closed: nobody is there to be told
                loop.call_soon_threadsafe(ended, found, error)

        try:
            # A daemon: a look-up that hangs must not hold up the end of the process.
            threading.Thread(target=look_up, name="names", daemon=True).start()
        except RuntimeError:  # the system has no thread for us
            self._rooms.leave(shop, host)
            raise OSError("no thread") from None
        async with asyncio.timeout(self._seconds):
            return await answer
