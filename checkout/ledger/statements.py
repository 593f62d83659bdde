"""Compiled SQL statements: written once, in SQLAlchemy Core, and run on either database's driver,
in the same transaction as what SQLAlchemy executes; its overhead is several times the statement's
own time.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import Compiled, Connection, Delete, Insert, Select, Update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

if TYPE_CHECKING:
    from checkout.ledger.postgres_statements import PostgresChange, PostgresQuery

DIALECT: Final = sqlite.dialect(paramstyle="named")
Values = dict[str, Any]
V = TypeVar("V", bound=Callable[..., Any])
ALONE: Final = set[Callable[..., Any]]()


class Query:
    """A select with named parameters. Rows are named tuples; a boolean may be 0 or 1."""

    def __init__(self, select: Select[*tuple[Any, ...]]) -> None:
        self.select = select
        self._sql, self._given = _read(select.compile(dialect=DIALECT))
        names = [column.name for column in select.selected_columns]
        row: Any = namedtuple("Row", names)  # type: ignore[misc]  # by the table
        self._row = row._make

    def all(self, conn: Connection, **values: Any) -> Sequence[Any]:
        if _impossible(values):
            return []
        if conn.dialect.name != DIALECT.name:
            return self._postgres.all(conn, values)
        found = driver(conn).execute(self._sql, self._given | values)
        return [self._row(row) for row in found]

    def queue(self, conn: Connection, **values: Any) -> None:
        """Run it before the next statement; for what it does, not for its rows."""
        if conn.dialect.name == DIALECT.name:
            self.all(conn, **values)
        else:
            self._postgres.queue(conn, values)

    def first(self, conn: Connection, **values: Any) -> Any | None:
        """The first row, or None."""
        found = self.all(conn, **values)
        return found[0] if found else None

    @cached_property
    def _postgres(self) -> PostgresQuery:
        # Imported here: the driver is there only where the extra is installed.
        from checkout.ledger.postgres_statements import PostgresQuery

        return PostgresQuery(self.select, self._row)


class Change:
    """An insert, update or delete; it sets the columns that values are given for."""

    def __init__(self, statement: Insert | Update | Delete) -> None:
        self.statement = statement
        self._compiled: dict[tuple[str, ...], tuple[str, Values]] = {}

    def __call__(self, conn: Connection, values: Values) -> int:
        """The number of rows. Raises IntegrityError."""
        if conn.dialect.name != DIALECT.name:
            return self._postgres.counts(conn, [values])[0]
        sql, given = self._compiled.get(names := tuple(values)) or self._compile(names)
        try:
            return driver(conn).execute(sql, {**given, **values}).rowcount
        except sqlite3.IntegrityError as error:
            raise IntegrityError(sql, None, error) from None

    def queue(self, conn: Connection, values: Values) -> None:
        """Make it before the transaction ends, at the latest before a later statement of it. Where
        it fails, that raises: IntegrityError may come from the commit."""
        if conn.dialect.name == DIALECT.name:
            self(conn, values)
        else:
            self._postgres.queue(conn, values)

    def each(self, conn: Connection, values: Sequence[Values]) -> list[int]:
        """Make it once for each of the values; the numbers of rows. Raises IntegrityError."""
        if conn.dialect.name == DIALECT.name:
            return [self(conn, each) for each in values]
        return self._postgres.counts(conn, values)

    def _compile(self, names: tuple[str, ...]) -> tuple[str, Values]:
        made = self._compiled[names] = _read(
            self.statement.compile(dialect=DIALECT, column_keys=names)
        )
        return made

    @cached_property
    def _postgres(self) -> PostgresChange:
        from checkout.ledger.postgres_statements import PostgresChange

        return PostgresChange(self.statement)


def together(conn: Connection, *queries: Query, **values: Any) -> Iterator[Sequence[Any]]:
    """The rows of one query after the other, each with the same values: on PostgreSQL in one round
    trip, on SQLite as they are asked for."""
    if conn.dialect.name == DIALECT.name or _impossible(values):
        return (query.all(conn, **values) for query in queries)
    from checkout.ledger.postgres_statements import together

    return together(conn, [query._postgres for query in queries], values)


def alone(verb: V) -> V:
    """Marks a verb that makes one call of one `Change`, which then is the whole transaction: on
    PostgreSQL it needs neither `BEGIN` nor `COMMIT`, and is one round trip."""
    ALONE.add(verb)
    return verb


def _impossible(values: Values) -> bool:
    """Whether no column can hold one of them: PostgreSQL refuses a NUL."""
    return any(isinstance(value, str) and "\0" in value for value in values.values())


def _read(compiled: Compiled) -> tuple[str, Values]:
    """The SQL, and the values that are part of the statement; a parameter has none."""
    given = {n: v for n, v in (compiled.params or {}).items() if isinstance(v, str | int | float)}
    return str(compiled), given


def driver(conn: Connection) -> sqlite3.Connection:
    """SQLite's own connection under SQLAlchemy's."""
    found = conn.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)  # noqa: S101
    return found
