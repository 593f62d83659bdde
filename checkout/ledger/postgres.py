"""The ledger on PostgreSQL, for several machines: the verbs run by `AsyncConnection.run_sync`."""

from __future__ import annotations

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from checkout.ledger.base import P, T, Verb, unavailable


class PostgresLedger:
    def __init__(self, url: str) -> None:
        # Imported here: SQLAlchemy's asyncio needs greenlet, which only the extra installs.
        from sqlalchemy.ext.asyncio import create_async_engine

        address = make_url(url).set(drivername="postgresql+psycopg")
        self._engine = create_async_engine(address, pool_pre_ping=True)

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.write(verb, *args, **kwargs)

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            async with self._engine.begin() as conn:
                return await conn.run_sync(verb, *args, **kwargs)
        except IntegrityError:
            raise
        except (DBAPIError, OSError) as error:
            raise unavailable(error) from error

    async def write_unsynced(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.write(verb, *args, **kwargs)

    async def tidy(self, *, whole: bool = False) -> None:
        if not whole:
            return  # autovacuum does that
        try:
            async with self._engine.connect() as conn:
                alone = await conn.execution_options(isolation_level="AUTOCOMMIT")
                await alone.exec_driver_sql("VACUUM FULL")
        except (DBAPIError, OSError) as error:
            raise unavailable(error) from error

    async def close(self) -> None:
        await self._engine.dispose()
