"""Statements as every page and every step of a payment runs them.

On SQLite they go straight to the driver's connection, inside the same transaction: SQLAlchemy's
way there and back takes several times as long as the statement. Elsewhere the network takes
longer than either, and SQLAlchemy does it all.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Compiled, Connection, Insert, Select, Update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError

DIALECT: Final = sqlite.dialect(paramstyle="named")


class Query:
    """A select whose parameters are named; rows name their columns, a boolean may be 0 or 1."""

    def __init__(self, select: Select[Any]) -> None:
        self.select = select
        self._sql, self._given = _read(select.compile(dialect=DIALECT))
        names = [column.name for column in select.selected_columns]
        row: Any = namedtuple("Row", names)  # type: ignore[misc]  # by the table
        self._row = row._make

    def all(self, conn: Connection, **values: Any) -> Sequence[Any]:
        for value in values.values():
            if isinstance(value, str) and "\0" in value:
                return []  # PostgreSQL can't even be asked
        if conn.dialect.name != DIALECT.name:
            return conn.execute(self.select, values).all()
        found = driver(conn).execute(self._sql, self._given | values)
        return [self._row(row) for row in found]

    def first(self, conn: Connection, **values: Any) -> Any | None:
        """For values that at most one row has."""
        found = self.all(conn, **values)
        return found[0] if found else None


class Change:
    """An insert or update; the columns that it sets are those that values are given for."""

    def __init__(self, statement: Insert | Update) -> None:
        self.statement = statement
        self._compiled: dict[tuple[str, ...], tuple[str, dict[str, Any]]] = {}

    def __call__(self, conn: Connection, values: dict[str, Any]) -> int:
        """How many rows it was. Raises IntegrityError."""
        if conn.dialect.name != DIALECT.name:
            return conn.execute(self.statement, values).rowcount
        sql, given = self._compiled.get(names := tuple(values)) or self._compile(names)
        try:
            return driver(conn).execute(sql, {**given, **values}).rowcount
        except sqlite3.IntegrityError as error:
            raise IntegrityError(sql, None, error) from None

    def _compile(self, names: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
        made = self._compiled[names] = _read(
            self.statement.compile(dialect=DIALECT, column_keys=names)
        )
        return made


def _read(compiled: Compiled) -> tuple[str, dict[str, Any]]:
    """The text, and the values that it brings along; a missing one is to be an error."""
    given = {n: v for n, v in (compiled.params or {}).items() if isinstance(v, str | int | float)}
    return str(compiled), given


def driver(conn: Connection) -> sqlite3.Connection:
    """SQLite's own connection under SQLAlchemy's."""
    found = conn.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)  # noqa: S101
    return found
