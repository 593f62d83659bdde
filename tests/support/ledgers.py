"""Ledgers that fail or count, and one without threads of its own."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Connection, create_engine, delete, event, make_url
from sqlalchemy.pool import StaticPool

from checkout.errors import Unavailable
from checkout.ledger.base import Ledger, P, T, Verb
from checkout.ledger.schema import METADATA, audit


class WrappedLedger:
    """The ledger `inner` as it is; who opened that closes it. A test overrides what it spoils."""

    def __init__(self, inner: Ledger) -> None:
        self.inner = inner

    async def read(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.inner.read(verb, *args, **kwargs)

    async def write(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.inner.write(verb, *args, **kwargs)

    async def write_unsynced(self, verb: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.write(verb, *args, **kwargs)

    async def tidy(self, *, whole: bool = False) -> None:
        await self.inner.tidy(whole=whole)

    async def close(self) -> None:
        pass


class UnavailableLedger:
    """The database cannot be reached."""

    async def read(self, *_: Any, **__: Any) -> Any:
        raise Unavailable

    write = write_unsynced = read

    async def tidy(self, *, whole: bool = False) -> None:
        raise Unavailable

    async def close(self) -> None:
        pass


class InlineLedger:
    """On one connection, SQLite in memory where no database is named; a write lets others go first
    and after. `faults` are used up by writes, one each: "away" (nothing is written), "unheard" (it
    is, but the answer gets lost)."""

    def __init__(self, url: str = "sqlite://") -> None:
        address = make_url(url)
        if address.get_backend_name() == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        self._engine = create_engine(address, poolclass=StaticPool)
        if address.get_backend_name() == "sqlite":
            event.listen(self._engine, "connect", _ours_to_begin)
            event.listen(self._engine, "begin", _begin)
        METADATA.create_all(self._engine)
        self._conn = self._engine.connect()
        self.faults: list[str] = []
        self.writes = 0  # how many there were: who has seen as many has seen all

    def forget(self) -> None:
        """All but the audit log, which lets nobody empty it."""
        self.faults.clear()
        with self._conn.begin():
            for table in reversed(METADATA.sorted_tables):
                if table is not audit:
                    self._conn.execute(delete(table))

    def now(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """For the test itself, which needs no loop."""
        with self._conn.begin():
            return verb(self._conn, *args, **kwargs)

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return self.now(verb, *args, **kwargs)

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        await asyncio.sleep(0)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "away":
            raise Unavailable
        self.writes += 1
        done = self.now(verb, *args, **kwargs)
        await asyncio.sleep(0)
        if fault == "unheard":
            raise Unavailable
        return done

    write_unsynced = write

    async def tidy(self, *, whole: bool = False) -> None:
        pass

    async def close(self) -> None:
        self.end()

    def end(self) -> None:
        self._conn.close()
        self._engine.dispose()


def _ours_to_begin(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _begin(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")
