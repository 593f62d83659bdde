"""What servers over one PostgreSQL tell each other, by LISTEN and NOTIFY: a payment has moved,
something is due. Nothing depends on it: whoever hears nothing looks for itself soon enough.

It is a word, or a word and what it is about (`moved:UID`). Many are gathered into one notification
of its own, as each takes a lock of the whole server until it is committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from secrets import token_hex
from typing import Any, Final

import psycopg
import structlog
from sqlalchemy import Connection, bindparam, func, make_url, select

from checkout.errors import Unavailable
from checkout.ledger.base import Ledger, unavailable
from checkout.ledger.postgres_statements import DIALECT
from checkout.ledger.statements import Query, alone

log = structlog.get_logger(__name__)

CHANNEL: Final = "checkout"
GATHERED: Final = 0.05  # seconds in which words are gathered
MOST: Final = 150  # words of a notification, which PostgreSQL bounds by 8000 bytes
PROBE: Final = "probe"  # what a worker tells itself: does it hear?
CONNECT_SECONDS: Final = 3
LISTENED: Final = 30.0  # seconds that a turn listens
NOTIFY: Final = Query(select(func.pg_notify(CHANNEL, bindparam("words"))))


@alone
def notify(conn: Connection, words: Iterable[str]) -> None:
    NOTIFY.all(conn, words=" ".join(words))


class Wakeups:
    """`wake` is called with each word of another worker."""

    def __init__(
        self, url: str, ledger: Ledger, wake: Callable[[str], None], *, seconds: float = LISTENED
    ) -> None:
        _, self._address = DIALECT.create_connect_args(make_url(url))
        self._ledger = ledger
        self._wake = wake
        self._seconds = seconds
        self._name = token_hex(8)
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._hears = False
        self._deaf = False
        self._gathered: dict[str, None] = {}
        self._telling: asyncio.Task[None] | None = None

    def tell(self, word: str) -> None:
        """Soon, and perhaps never: where the database is away nobody is told."""
        self._gathered[word] = None
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        await asyncio.sleep(GATHERED)
        await self.finish()

    async def finish(self) -> None:
        """Tell what is gathered."""
        words, self._gathered = list(self._gathered), {}
        for start in range(0, len(words), MOST):
            with suppress(Unavailable):
                await self._notify(words[start : start + MOST])

    async def _notify(self, words: Iterable[str]) -> None:
        await self._ledger.write_unsynced(notify, (self._name, *words))

    async def listen(self) -> None:
        """For some seconds. Raises Unavailable. Behind a pooler in transaction mode nothing is ever
        heard, nor said that it is not: so a worker speaks to itself first."""
        if self._deaf:
            return
        try:
            if self._connection is None:
                self._connection = await self._connected()
            await self._notify([PROBE])
            if await self._hear(self._connection):
                self._hears = True
                return
            await self.close()
            if not self._hears:  # else it was lost, and is made anew
                self._deaf = True
                log.warning("wakeups.unheard", instead="servers look each second")
        except BaseException as error:
            await self.close()
            if isinstance(error, psycopg.Error):
                raise unavailable(error) from error
            raise

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(
            autocommit=True,
            prepare_threshold=None,
            **(self._address | {"connect_timeout": CONNECT_SECONDS}),
        )
        await connection.execute(f"LISTEN {CHANNEL}".encode())
        return connection

    async def _hear(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        """Whether we have heard ourselves."""
        ourselves = False
        async for said in connection.notifies(timeout=self._seconds):
            name, *words = said.payload.split()
            if name == self._name:
                ourselves = ourselves or words == [PROBE]
                continue
            for word in words:
                if word != PROBE:
                    self._wake(word)
        return ourselves

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
