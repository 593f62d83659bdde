"""DNS lookups by the system's resolver, which can't be cancelled: each runs in a thread of its own
and holds a slot until it ends, even when nobody waits for it any longer. So lookups of one shop
that hang use up that shop's slots, and not the threads of other shops or of the gateways.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from checkout.payments.concurrency import Slots

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Lookup = Callable[[str, int], Sequence[str]]

DEADLINE: Final = 5.0  # seconds for a lookup
WAIT: Final = 5.0  # seconds for a slot


def system(host: str, port: int) -> list[str]:
    """A host's addresses, the nearest first; blocking. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class Resolver:
    """`lookup` runs in threads; `seconds`: its deadline; `name`: of its slots in `/metrics`."""

    def __init__(self, name: str, lookup: Lookup = system, *, seconds: float = DEADLINE) -> None:
        self._slots = Slots(name)  # as many as for the calls: all taken only where some hang
        self._lookup = lookup
        self._seconds = seconds

    def free(self, shop: str, host: str | None = None) -> int:
        return self._slots.free(shop, host)

    def of(self, shop: str) -> Resolve:
        """Resolves with that shop's slots."""
        return partial(self._resolve, shop)

    async def _resolve(self, shop: str, host: str, port: int) -> Sequence[str]:
        """Raises OSError, TimeoutError; NoSlot where the shop's lookups hang."""
        with suppress(ValueError):  # an address is none of the resolver's
            return [str(ipaddress.ip_address(host))]
        await self._slots.wait(shop, host, WAIT)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[str]] = loop.create_future()

        def ended(found: Sequence[str] | None, error: Exception | None) -> None:
            self._slots.release(shop, host)
            if answer.done():  # the caller has given up
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(found or ())

        def look_up() -> None:
            found, error = None, None
            try:
                found = self._lookup(host, port)
            except Exception as caught:  # noqa: BLE001 - raised to the caller
                error = caught
            with suppress(RuntimeError):  # the loop is closed: nobody waits for it
                loop.call_soon_threadsafe(ended, found, error)

        try:
            # A daemon: a lookup that hangs must not keep the process from ending.
            threading.Thread(target=look_up, name="names", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            self._slots.release(shop, host)
            raise OSError("no thread") from None
        async with asyncio.timeout(self._seconds):
            return await answer
