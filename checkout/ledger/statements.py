"""Compiled SQL statements for the frequent reads and writes.

On SQLite they run on the driver's connection, in the same transaction: SQLAlchemy's overhead is
several times the statement's own time. On PostgreSQL the network takes longer than both, and
SQLAlchemy runs them.
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
    """A select with named parameters. Rows are named tuples; a boolean may be 0 or 1."""

    def __init__(self, select: Select[Any]) -> None:
        self.select = select
        self._sql, self._given = _read(select.compile(dialect=DIALECT))
        names = [column.name for column in select.selected_columns]
        row: Any = namedtuple("Row", names)  # type: ignore[misc]  # by the table
        self._row = row._make

    def all(self, conn: Connection, **values: Any) -> Sequence[Any]:
        for value in values.values():
            if isinstance(value, str) and "\0" in value:
                return []  # no column can hold it, and PostgreSQL refuses it
        if conn.dialect.name != DIALECT.name:
            return conn.execute(self.select, values).all()
        found = driver(conn).execute(self._sql, self._given | values)
        return [self._row(row) for row in found]

    def first(self, conn: Connection, **values: Any) -> Any | None:
        """The first row, or None."""
        found = self.all(conn, **values)
        return found[0] if found else None


class Change:
    """An insert or update; it sets the columns that values are given for."""

    def __init__(self, statement: Insert | Update) -> None:
        self.statement = statement
        self._compiled: dict[tuple[str, ...], tuple[str, dict[str, Any]]] = {}

    def __call__(self, conn: Connection, values: dict[str, Any]) -> int:
        """The number of rows. Raises IntegrityError."""
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
    """The SQL, and the values that are part of the statement; a parameter has none."""
    given = {n: v for n, v in (compiled.params or {}).items() if isinstance(v, str | int | float)}
    return str(compiled), given


def driver(conn: Connection) -> sqlite3.Connection:
    """SQLite's own connection under SQLAlchemy's."""
    found = conn.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)  # noqa: S101
    return found
